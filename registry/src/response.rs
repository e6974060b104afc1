//! Answers of commands. A refusal is an answer too: all replicas share it.

use serde::{Deserialize, Serialize};

/// What one command answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// Done, or nothing was to be done.
    Done,
    /// Whether a conditional change was made.
    Applied(bool),
    /// The state refuses the command.
    Rejected(Rejected),
}

/// Why the state refused a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejected {
    /// A service's check names an instance that its node does not have.
    #[error("Missing service registration")]
    MissingService,
    /// A check's or service's node is not there.
    #[error("Missing node registration")]
    MissingNode,
    /// The name belongs to a live node with another ID.
    #[error("Node name {node} is reserved by node {holder} with name {node}")]
    NodeNameTaken {
        /// The name asked for.
        node: String,
        /// The ID that holds it.
        holder: String,
    },
}
