//! Nodes, services and checks: records, how commands change them, and the questions about them.

pub(crate) mod apply;
mod departed;
pub mod query;
pub mod record;
mod remove;
pub(crate) mod state;
mod write;

pub use departed::{DEPARTURES, Departure};
pub use query::Located;
pub use record::{Check, Node, Service};
