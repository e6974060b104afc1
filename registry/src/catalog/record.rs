//! The records in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::{CheckSpec, ServiceSpec};

/// A node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: Arc<str>,
    /// Its UUID, or empty.
    pub id: Arc<str>,
    /// Its address.
    pub address: Arc<str>,
    /// `lan`, `wan` and their relatives.
    pub tagged_addresses: BTreeMap<Arc<str>, Arc<str>>,
    /// Metadata.
    pub meta: BTreeMap<Arc<str>, Arc<str>>,
    /// The index at which it came.
    pub create_index: u64,
    /// The index at which its own record last changed.
    pub modify_index: u64,
}

/// A service instance on a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The node it runs on.
    pub node: Arc<str>,
    /// What was asked for.
    pub spec: ServiceSpec,
    /// The index at which it came.
    pub create_index: u64,
    /// The index at which it last changed.
    pub modify_index: u64,
}

/// A check of a node or of one of its services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The node it is about or whose service it is about.
    pub node: Arc<str>,
    /// What was asked for.
    pub spec: CheckSpec,
    /// The service's name, or empty.
    pub service_name: Arc<str>,
    /// The service's tags at the time of registration.
    pub service_tags: Vec<Arc<str>>,
    /// The index at which it came.
    pub create_index: u64,
    /// The index at which it last changed.
    pub modify_index: u64,
    /// When it last turned to the state in which it is, in milliseconds since 1970 by the leader's clock; 0 where it
    /// is not known. Beside the record in a snapshot, for the first ones had none.
    #[serde(skip)]
    pub since: u64,
}
