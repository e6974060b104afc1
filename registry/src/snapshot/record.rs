//! One record of a snapshot. Variants and fields are only ever appended.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalog::{Check, Departure, Node, Service};
use crate::kv::Entry;
use crate::{Name, Namespace, Status};

/// One piece of the state. The order in a stream is: `Begin`, the time, nodes, services, checks, keys, indexes,
/// departures, `End`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// The first record.
    Begin {
        /// The index of the state.
        index: u64,
        /// The highest index whose tombstones are forgotten.
        floor: u64,
        /// The last change of the list of nodes.
        nodes_index: u64,
    },
    /// A node and the last change of anything on it.
    Node(Arc<Node>, u64),
    /// An instance.
    Service(Arc<Service>),
    /// The last change of all that answers about a service show.
    ServiceIndex(Name, u64),
    /// A check of which it is not known since when it is as it is.
    Check(Arc<Check>),
    /// A key.
    Key(Arc<Entry>),
    /// The last change of the names and tags of a namespace.
    ServicesIndex(Namespace, u64),
    /// The last change of the checks in a state.
    StateIndex(Namespace, Status, u64),
    /// When a node went.
    LostNode(Arc<str>, u64),
    /// When a service went.
    LostService(Name, u64),
    /// When a key went.
    LostKey(Name, u64),
    /// The last record: how many came before it. A stream without it is torn.
    End {
        /// Records before this one.
        records: u64,
    },
    /// The time of the state, in milliseconds since 1970.
    Time(u64),
    /// A check, and since when it is as it is.
    CheckSince(Arc<Check>, u64),
    /// What went lately.
    Departed(Arc<Departure>),
}
