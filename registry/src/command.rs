//! Every way to change the state. Variants and fields are only ever appended: they are in the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Cause, Name, Namespace, Status};

/// One entry of the log. A batch holds single orders and no batches: whoever sends bytes must not decide how deep
/// their decoding goes.
pub type Command = Order<Vec<Single>>;

/// A command that is no batch.
pub type Single = Order<Never>;

/// What can never be, and so is never decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Never {}

/// A change of the state; `B` is what a batch of it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order<B> {
    /// Changes nothing.
    Noop,
    /// Node, service and checks as Consul's catalog registers them: whole or not at all.
    Register(Box<Registration>),
    /// Removes a node with all it has, one service with its checks, or one check.
    Deregister(Deregistration),
    /// A change of the KV store.
    Kv(KvCommand),
    /// Forgets tombstones up to and including this index.
    CompactTombstones {
        /// The index that is the new floor of everything that is missing.
        up_to: u64,
    },
    /// Several commands under one index, each on its own (not a transaction).
    Batch(B),
    /// Sets what a check of a node says. Does nothing where the check is gone meanwhile.
    SetCheck(SetCheck),
    /// Several commands as a batch, with when and why. Its answer is the last one's.
    Dated(Dated<B>),
}

/// When commands were proposed, and what they are owed to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dated<B> {
    /// By the leader's clock, in milliseconds since 1970. An earlier one than was seen before counts as that.
    pub at: u64,
    /// Who or what asked for them.
    pub by: Cause,
    /// The commands.
    pub orders: B,
}

impl Command {
    /// The same, proposed at `at`: what changes the catalog has a time, what changes keys needs none.
    #[must_use]
    pub fn dated(self, at: u64) -> Self {
        let (by, orders) = match self {
            Self::Dated(dated) => (dated.by, dated.orders),
            Self::Kv(_) | Self::Noop | Self::CompactTombstones { .. } => return self,
            other => (Cause::Unsaid, other.into_orders()),
        };
        Self::Dated(Dated { at, by, orders })
    }

    /// The same, owed to `by`. The time comes when it is proposed.
    #[must_use]
    pub fn owed_to(self, by: Cause) -> Self {
        Self::Dated(Dated { at: 0, by, orders: self.into_orders() })
    }

    fn into_orders(self) -> Vec<Single> {
        vec![match self {
            Self::Batch(orders) | Self::Dated(Dated { orders, .. }) => return orders,
            Self::Noop => Single::Noop,
            Self::Register(registration) => Single::Register(registration),
            Self::Deregister(which) => Single::Deregister(which),
            Self::Kv(change) => Single::Kv(change),
            Self::CompactTombstones { up_to } => Single::CompactTombstones { up_to },
            Self::SetCheck(set) => Single::SetCheck(set),
        }]
    }
}

/// A new state for a check that is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetCheck {
    /// The check's node.
    pub node: Arc<str>,
    /// The check's tenant.
    pub namespace: Namespace,
    /// The check's ID.
    pub check_id: Arc<str>,
    /// Its new state.
    pub status: Status,
    /// What it says now.
    pub output: Arc<str>,
}

/// A catalog registration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// The node's name.
    pub node: Arc<str>,
    /// The node's UUID, or empty.
    pub node_id: Arc<str>,
    /// The node's address.
    pub address: Arc<str>,
    /// `lan`, `wan` and their relatives.
    pub tagged_addresses: BTreeMap<Arc<str>, Arc<str>>,
    /// The node's metadata.
    pub node_meta: BTreeMap<Arc<str>, Arc<str>>,
    /// Leaves an existing node's own record as it is.
    pub skip_node_update: bool,
    /// The service instance to register, if any.
    pub service: Option<ServiceSpec>,
    /// The checks to register.
    pub checks: Vec<CheckSpec>,
}

/// A service instance as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// The instance's ID, unique on its node within its namespace.
    pub id: Arc<str>,
    /// The service's name and namespace.
    pub name: Arc<str>,
    /// The tenant.
    pub namespace: Namespace,
    /// Tags in the order given.
    pub tags: Vec<Arc<str>>,
    /// The instance's own address, or empty: then the node's counts.
    pub address: Arc<str>,
    /// Named addresses with ports.
    pub tagged_addresses: BTreeMap<Arc<str>, (Arc<str>, u16)>,
    /// The port; 0 where there is none.
    pub port: u16,
    /// Metadata.
    pub meta: BTreeMap<Arc<str>, Arc<str>>,
    /// Weight in SRV answers while passing.
    pub weight_passing: u32,
    /// Weight in SRV answers while warning.
    pub weight_warning: u32,
    /// Whether remote edits of the tags outlive anti-entropy.
    pub enable_tag_override: bool,
    /// Consul's kind, kept as it came.
    pub kind: Arc<str>,
    /// Consul's proxy block as JSON text, kept as it came; empty where absent.
    pub proxy: Arc<str>,
    /// Consul's connect block as JSON text, kept as it came; empty where absent.
    pub connect: Arc<str>,
}

/// A check as it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckSpec {
    /// The check's ID, unique on its node within its namespace.
    pub id: Arc<str>,
    /// The tenant.
    pub namespace: Namespace,
    /// The name people read.
    pub name: Arc<str>,
    /// Its state.
    pub status: Status,
    /// Words about it.
    pub notes: Arc<str>,
    /// What it last said.
    pub output: Arc<str>,
    /// The instance it is about, or empty for the node.
    pub service_id: Arc<str>,
    /// `http`, `ttl`, … where the agent says so.
    pub kind: Arc<str>,
    /// Consul's definition block as JSON text, kept as it came; empty where absent.
    pub definition: Arc<str>,
}

/// A catalog deregistration. With neither service nor check the whole node goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Deregistration {
    /// The node's name.
    pub node: Arc<str>,
    /// The tenant of service and check.
    pub namespace: Namespace,
    /// The instance to remove, or empty.
    pub service_id: Arc<str>,
    /// The check to remove, or empty.
    pub check_id: Arc<str>,
}

/// A change of one key or of a tree of keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum KvCommand {
    /// Writes a key.
    Set {
        /// Which.
        key: Name,
        /// What.
        value: Arc<[u8]>,
        /// The client's own number beside it.
        flags: u64,
        /// Only if the key's modify index is this; 0: only if it is not there.
        cas: Option<u64>,
    },
    /// Removes a key.
    Delete {
        /// Which.
        key: Name,
        /// Only if the key's modify index is this; 0 never deletes.
        cas: Option<u64>,
    },
    /// Removes every key that starts with this.
    DeleteTree {
        /// The prefix, which may be empty.
        prefix: Name,
    },
}
