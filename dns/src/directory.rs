//! The port through which this room asks what there is. The consumer owns it; others fill it: a server from
//! its view, a client agent from answers that watches keep fresh.

use std::net::IpAddr;
use std::sync::Arc;

/// What an answer is about. Names are lower-cased: in DNS they have no case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Every instance of a service, its nodes and their health.
    Service(Arc<str>),
    /// A node.
    Node(Arc<str>),
    /// Who has an address.
    Address(IpAddr),
    /// The servers.
    Servers,
}

/// What is known. Where [`Directory::version`] knows a subject, the question about it must be answered at
/// once: its future is polled once by a thread that waits for nobody, and asked anew elsewhere if that was
/// not enough. So every future here may be dropped half-way.
pub trait Directory: Send + Sync + 'static {
    /// The version of what an answer about `subject` shows, if it is known in memory now. Never waits; asked
    /// for every packet. The same version promises the same answer.
    fn version(&self, subject: &Subject) -> Option<u64>;
    /// Every instance of a service, in any health. `None`: it cannot be known now.
    fn service(&self, name: &Arc<str>) -> impl Future<Output = Option<Vec<Instance>>> + Send;
    /// The node of this name, if there is one. Outer `None`: it cannot be known now.
    fn node(&self, name: &Arc<str>) -> impl Future<Output = Option<Option<NodeFacts>>> + Send;
    /// Who has this address: nodes first, then services. `None`: it cannot be known now.
    fn owners_of(&self, address: IpAddr) -> impl Future<Output = Option<Vec<Owner>>> + Send;
    /// The nodes that serve the domain. `None`: they cannot be known now.
    fn servers(&self) -> impl Future<Output = Option<Vec<NodeFacts>>> + Send;
}

/// Who has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A node.
    Node(Arc<str>),
    /// A service with an instance whose own address it is.
    Service(Arc<str>),
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
