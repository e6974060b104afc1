//! Agreement among the servers. Only this folder knows openraft's protocol.

pub mod change;
pub mod membership;
pub mod network;
pub mod node;
pub mod state_machine;
pub mod types;

pub use node::{Consensus, ReadStamp, Unavailable};
