//! The directory of a server: its own view. It holds nothing but what the view has no order for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use muster_dns::{Directory, Health, Instance, NodeFacts, Owner, Subject};
use muster_registry::catalog::Node;
use muster_registry::catalog::query::{NodeServices, Services};
use muster_registry::health::query::ServiceHealth;
use muster_registry::{Name, Namespace, Query as _, Status, View};
use muster_server::consensus::node::Consensus;
use muster_server::hub::Hub;

/// How late a new service whose name has capitals may be found: looking for them costs a walk of all names.
const NAMES_EVERY: Duration = Duration::from_millis(50);
/// How late a new address of a service may be found in reverse: looking costs a walk of all instances.
const ADDRESSES_EVERY: Duration = Duration::from_secs(1);

/// Answers from the view of the moment.
pub(super) struct DnsOnView {
    hub: Arc<Hub>,
    consensus: Consensus,
    /// Services by lower-cased name, those alone whose names have capitals.
    services: Folded<HashMap<Arc<str>, Vec<Arc<str>>>>,
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

impl DnsOnView {
    pub(super) fn new(hub: Arc<Hub>, consensus: Consensus) -> Self {
        Self {
            hub,
            consensus,
            services: Folded::default(),
            nodes: Folded::default(),
            addresses: Folded::default(),
        }
    }

    fn capitals(&self, view: &View) -> Arc<HashMap<Arc<str>, Vec<Arc<str>>>> {
        self.services.get(view.index(), NAMES_EVERY, || {
            let mut found: HashMap<Arc<str>, Vec<Arc<str>>> = HashMap::new();
            for (name, _) in (Services { namespace: Namespace::DEFAULT }).run(view).answer {
                if let Some(lower) = lowered(&name.text) {
                    found.entry(lower).or_default().push(name.text.clone());
                }
            }
            found
        })
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

impl Directory for DnsOnView {
    fn version(&self, subject: &Subject) -> Option<u64> {
        let view = self.hub.view();
        match subject {
            // Of more than one name: the index of all there is.
            Subject::Service(name) if self.capitals(&view).contains_key(name) => Some(view.index()),
            Subject::Service(name) => {
                Some(view.service_index(&Name { namespace: Namespace::DEFAULT, text: name.clone() }))
            }
            Subject::Node(_) => Some(view.nodes_index()),
            Subject::Address(_) => Some(view.index()),
            // Asked anew each time: few ask.
            Subject::Servers => None,
        }
    }

    async fn service(&self, name: &Arc<str>) -> Option<Vec<Instance>> {
        let view = self.hub.view();
        let mut found = instances(&view, name);
        for other in self.capitals(&view).get(name).into_iter().flatten() {
            found.append(&mut instances(&view, other));
        }
        Some(found)
    }

    async fn node(&self, name: &Arc<str>) -> Option<Option<NodeFacts>> {
        let view = self.hub.view();
        // The exact name first, then one that differs by case alone.
        let node = match view.node(name) {
            Some(node) => Some(node),
            None => self.nodes(&view).capitals.get(name).and_then(|name| view.node(name)),
        };
        Some(node.map(|node| facts(node)))
    }

    async fn owners_of(&self, address: IpAddr) -> Option<Vec<Owner>> {
        let view = self.hub.view();
        if let Some(node) = self.nodes(&view).by_address.get(&address) {
            return Some(vec![Owner::Node(node.clone())]);
        }
        let service = self.addresses(&view).get(&address).cloned();
        Some(service.map(Owner::Service).into_iter().collect())
    }

    async fn servers(&self) -> Option<Vec<NodeFacts>> {
        let peers = self.consensus.peers().into_iter().map(|(_, peer, _)| {
            let host = peer.address.rsplit_once(':').map_or(&*peer.address, |(host, _)| host);
            let host = host.trim_matches(['[', ']']);
            NodeFacts { name: peer.name.as_str().into(), address: host.into(), meta: Vec::new() }
        });
        Some(peers.collect())
    }
}

/// Something made from a view, kept until the view has changed and some time has passed.
#[derive(Default)]
struct Folded<T> {
    kept: Mutex<Option<(u64, Instant, Arc<T>)>>,
}

impl<T> Folded<T> {
    fn get(&self, index: u64, every: Duration, make: impl FnOnce() -> T) -> Arc<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, made, value)) = &*kept
            && (*of == index || made.elapsed() < every)
        {
            return value.clone();
        }
        let value = Arc::new(make());
        *kept = Some((index, Instant::now(), value.clone()));
        value
    }
}

/// The lower-cased name, where that is another.
fn lowered(name: &str) -> Option<Arc<str>> {
    name.bytes().any(|byte| byte.is_ascii_uppercase()).then(|| name.to_ascii_lowercase().into())
}

fn instances(view: &View, name: &str) -> Vec<Instance> {
    let found = ServiceHealth { service: Name::new(name) }.run(view).answer;
    let shown = found.into_iter().map(|instance| {
        let spec = &instance.service.spec;
        let worst = instance.checks.iter().map(|check| check.spec.status).max();
        Instance {
            node: facts(instance.node),
            address: spec.address.clone(),
            port: spec.port,
            tags: spec.tags.clone(),
            weights: (spec.weight_passing, spec.weight_warning),
            health: match worst {
                None | Some(Status::Passing) => Health::Passing,
                Some(Status::Warning) => Health::Warning,
                Some(Status::Critical) => Health::Critical,
            },
        }
    });
    shown.collect()
}

fn facts(node: &Node) -> NodeFacts {
    NodeFacts {
        name: node.name.clone(),
        address: node.address.clone(),
        meta: node.meta.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
    }
}
