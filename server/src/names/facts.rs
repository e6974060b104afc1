//! What is said about a name: the same to the DNS port of this process and, as JSON, to client agents.

use std::sync::Arc;

use muster_registry::Status;
use muster_registry::catalog::Node;
use muster_registry::health::Instance;
use serde::{Deserialize, Serialize};

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Its name, as it was registered.
    pub name: Arc<str>,
    /// An IP address, or a name.
    pub address: Arc<str>,
    /// Its metadata.
    pub meta: Vec<(Arc<str>, Arc<str>)>,
}

/// The worst of the checks that count for an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// All pass.
    Passing,
    /// One warns.
    Warning,
    /// One fails.
    Critical,
}

/// An instance of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceFacts {
    /// Where it runs.
    pub node: NodeFacts,
    /// Its own address, or empty.
    pub address: Arc<str>,
    /// Its port.
    pub port: u16,
    /// Its tags.
    pub tags: Vec<Arc<str>>,
    /// Its weights while passing and while warning.
    pub weights: (u32, u32),
    /// Its health.
    pub health: Health,
}

/// Who has an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// A node.
    Node(Arc<str>),
    /// A service with an instance whose own address it is.
    Service(Arc<str>),
}

impl From<&Arc<Node>> for NodeFacts {
    fn from(node: &Arc<Node>) -> Self {
        Self {
            name: node.name.clone(),
            address: node.address.clone(),
            meta: node.meta.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }
}

impl From<Instance<'_>> for InstanceFacts {
    fn from(instance: Instance<'_>) -> Self {
        let spec = &instance.service.spec;
        Self {
            node: instance.node.into(),
            address: spec.address.clone(),
            port: spec.port,
            tags: spec.tags.clone(),
            weights: (spec.weight_passing, spec.weight_warning),
            health: match instance.checks.iter().map(|check| check.spec.status).max() {
                None | Some(Status::Passing) => Health::Passing,
                Some(Status::Warning) => Health::Warning,
                Some(Status::Critical) => Health::Critical,
            },
        }
    }
}
