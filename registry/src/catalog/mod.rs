//! Nodes, services and checks: records, how commands change them, and the questions about them.

pub mod record;

pub use record::{Check, Node, Service};
