//! The port through which this room asks what there is. The consumer owns it; others fill it.

use std::net::IpAddr;
use std::sync::Arc;

/// What is known, held in memory: asked once for every question, so it must answer at once.
pub trait Directory: Send + Sync + 'static {
    /// Every instance of a service, in any health.
    fn service(&self, name: &str) -> Vec<Instance>;
    /// The node of this name.
    fn node(&self, name: &str) -> Option<NodeFacts>;
    /// The nodes with this address.
    fn nodes_at(&self, address: IpAddr) -> Vec<NodeFacts>;
}

/// A node as DNS shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// Its name.
    pub name: Arc<str>,
    /// An IP address, or a name.
    pub address: Arc<str>,
    /// Metadata, shown as TXT.
    pub meta: Vec<(Arc<str>, Arc<str>)>,
}

/// The worst of the checks that count for an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Found.
    Passing,
    /// Found, unless only passing ones are asked for.
    Warning,
    /// Never found.
    Critical,
}

/// An instance as DNS shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Where it runs.
    pub node: NodeFacts,
    /// Its own address, or empty: then the node's counts.
    pub address: Arc<str>,
    /// Its port.
    pub port: u16,
    /// Its tags.
    pub tags: Vec<Arc<str>>,
    /// SRV weights while passing and while warning.
    pub weights: (u32, u32),
    /// Its health.
    pub health: Health,
}
