//! Questions that join services with their checks.

pub mod query;

pub use query::Instance;
