//! The key/value store: one ordered tree per namespace, with tombstones so that an index never runs back.

pub(crate) mod apply;
pub(crate) mod augmented;
pub mod query;
pub(crate) mod tree;

pub use tree::Entry;
pub(crate) use tree::Lost;
