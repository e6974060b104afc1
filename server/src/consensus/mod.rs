//! Agreement among the servers. Only this folder knows openraft's protocol.

pub mod change;
mod gate;
pub mod membership;
pub mod network;
pub mod node;
pub mod state_machine;
pub mod types;
pub mod wire;

pub use gate::ReadStamp;
pub use node::{Consensus, Unavailable};
