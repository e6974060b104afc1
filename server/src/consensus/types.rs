//! What openraft calls things, with our types in them.

use std::fmt;

use muster_registry::{Command, Response};
use serde::{Deserialize, Serialize};

openraft::declare_raft_types!(
    /// The types of our log.
    pub TypeConfig:
        D = Proposal,
        R = Response,
        NodeId = u64,
        Node = Peer,
);

/// A command on its way through the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal(pub Command);

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Command::Noop => "noop",
            Command::Register(_) => "register",
            Command::Deregister(_) => "deregister",
            Command::Kv(_) => "kv",
            Command::CompactTombstones { .. } => "compact tombstones",
            Command::Batch(_) => "batch",
            Command::SetCheck(_) => "set check",
            Command::Dated(_) => "dated",
        };
        f.write_str(kind)
    }
}

/// A server as the others know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its node name.
    pub name: String,
    /// Its node's UUID.
    pub node_id: String,
    /// `ip:port` of its RPC port.
    pub address: String,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, self.address)
    }
}

/// One entry of the log.
pub type Entry = openraft::alias::EntryOf<TypeConfig>;
/// Where an entry stands.
pub type LogId = openraft::alias::LogIdOf<TypeConfig>;
/// Whom a server voted for.
pub type Vote = openraft::alias::VoteOf<TypeConfig>;
/// What a snapshot covers.
pub type SnapshotMeta = openraft::alias::SnapshotMetaOf<TypeConfig>;
/// A snapshot: the view itself, or the file of the last one.
pub type Snapshot = openraft::alias::SnapshotOf<TypeConfig, crate::storage::snapshots::Held>;
/// The members, and since which entry.
pub type StoredMembership = openraft::alias::StoredMembershipOf<TypeConfig>;
/// The consensus engine over our state machine.
pub type Raft = openraft::Raft<TypeConfig, super::state_machine::StateMachine>;
