//! Who a name or an address belongs to, whatever the case of its letters: what DNS asks of the catalog, for the
//! port of this process and for client agents alike. It holds nothing but what the view has no order for, and it
//! knows no DNS.

mod capitals;
mod facts;
mod folded;
pub(crate) mod http;
mod question;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use muster_registry::catalog::Node;
use muster_registry::catalog::query::NodeServices;
use muster_registry::health::query::ServiceHealth;
use muster_registry::{Name, Namespace, Query as _, View};

use crate::hub::Hub;
use capitals::Capitals;
pub use facts::{Health, InstanceFacts, NodeFacts, Owner};
use folded::Folded;

/// How late a new address of a service may be found in reverse: looking costs a walk of all instances.
const ADDRESSES_EVERY: Duration = Duration::from_secs(1);

/// Looks names up in the view of the moment. Names that are asked for are lower-cased.
pub struct Names {
    hub: Arc<Hub>,
    capitals: Capitals,
    nodes: Folded<Nodes>,
    /// Services by their instances' own addresses.
    addresses: Folded<HashMap<IpAddr, Arc<str>>>,
}

#[derive(Default)]
struct Nodes {
    /// Those alone whose names have capitals, lower-cased.
    capitals: HashMap<Arc<str>, Arc<str>>,
    by_address: HashMap<IpAddr, Arc<str>>,
}

impl Names {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        let (nodes, addresses) = (Folded::default(), Folded::default());
        Self { hub, capitals: Capitals::default(), nodes, addresses }
    }

    /// The version of what [`Names::service`] says: the same version, the same answer. Cheap, for it is asked for
    /// every packet.
    #[must_use]
    pub fn service_version(&self, view: &View, name: &Arc<str>) -> u64 {
        let index =
            |text: &Arc<str>| view.service_index(&Name { namespace: Namespace::DEFAULT, text: text.clone() });
        self.capitals.with(name, |others| match others {
            None => index(name) + 1,
            // Of more than one name: which they are, and the index of each. No index is so large.
            Some(others) => {
                let all = std::iter::once(name).chain(others).map(|name| (name, index(name)));
                hash(&all.collect::<Vec<_>>()) | 1 << 63
            }
        })
    }

    /// Every instance of a service, in any health.
    #[must_use]
    pub fn service(&self, view: &View, name: &Arc<str>) -> Vec<InstanceFacts> {
        let instances = |name: &Arc<str>| {
            let found = ServiceHealth { service: Name::new(name) }.run(view).answer;
            found.into_iter().map(InstanceFacts::from).collect::<Vec<_>>()
        };
        let mut found = instances(name);
        for other in self.spellings(name) {
            found.append(&mut instances(&other));
        }
        found
    }

    /// The services that have this name but for capitals.
    fn spellings(&self, name: &Arc<str>) -> Vec<Arc<str>> {
        self.capitals.with(name, |others| others.map(<[_]>::to_vec).unwrap_or_default())
    }

    /// The version of what [`Names::node`] and the nodes in [`Names::owners`] say.
    #[must_use]
    pub fn nodes_version(&self, view: &View) -> u64 {
        view.nodes_index()
    }

    /// The node of this name: the exact one first, then one that differs by case alone.
    #[must_use]
    pub fn node(&self, view: &View, name: &str) -> Option<NodeFacts> {
        let exact = view.node(name);
        let folded = || self.nodes(view).capitals.get(name).and_then(|name| view.node(name));
        exact.or_else(folded).map(|node: &Arc<Node>| node.into())
    }

    /// Who has this address: a node, or else a service with an instance whose own address it is.
    #[must_use]
    pub fn owners(&self, view: &View, address: IpAddr) -> Vec<Owner> {
        if let Some(node) = self.nodes(view).by_address.get(&address) {
            return vec![Owner::Node(node.clone())];
        }
        let service = self.addresses(view).get(&address).cloned();
        service.map(Owner::Service).into_iter().collect()
    }

    /// Exact: the list of nodes has an index of its own.
    fn nodes(&self, view: &View) -> Arc<Nodes> {
        self.nodes.get(view.nodes_index(), Duration::ZERO, || {
            let mut found = Nodes::default();
            for node in view.nodes() {
                if let Some(lower) = lowered(&node.name) {
                    found.capitals.insert(lower, node.name.clone());
                }
                if let Ok(address) = node.address.parse() {
                    found.by_address.entry(address).or_insert_with(|| node.name.clone());
                }
            }
            found
        })
    }

    fn addresses(&self, view: &View) -> Arc<HashMap<IpAddr, Arc<str>>> {
        self.addresses.get(view.index(), ADDRESSES_EVERY, || {
            let mut found = HashMap::new();
            for node in view.nodes() {
                let query = NodeServices { node: node.name.clone(), namespace: Namespace::DEFAULT };
                let services = query.run(view).answer.map_or_else(Vec::new, |(_, services)| services);
                for service in services {
                    if let Ok(address) = service.spec.address.parse() {
                        found.entry(address).or_insert_with(|| service.spec.name.clone());
                    }
                }
            }
            found
        })
    }
}

/// The lower-cased name, where that is another.
fn lowered(name: &str) -> Option<Arc<str>> {
    name.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| name.to_ascii_lowercase().into())
}

/// The same for the same content, on every server of this version.
fn hash(content: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
