//! The immutable state at one index. Persistent maps: a clone is O(1) and shares everything.

use std::sync::Arc;

use imbl::OrdMap;

use crate::catalog::Departure;
use crate::catalog::record::{Check, Node, Service};
use crate::catalog::state::{Catalog, StateKey};
use crate::kv::tree::Tree;
use crate::{Name, Namespace, Status};

/// The whole state at one index. Readers hold it as long as they like and never stop the writer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    pub(crate) index: u64,
    /// The latest time that a command brought, in milliseconds since 1970; it never runs back.
    pub(crate) time: u64,
    /// The highest index whose tombstones are forgotten: nothing that is missing has a lower index.
    pub(crate) floor: u64,
    pub(crate) catalog: Catalog,
    pub(crate) kv: Tree,
}

/// How much there is of each thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Nodes.
    pub nodes: usize,
    /// Service names.
    pub services: usize,
    /// Keys.
    pub keys: usize,
    /// Tombstones of every sort.
    pub tombstones: usize,
}

impl View {
    /// The index of the last command applied.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How much there is of each thing.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            nodes: self.catalog.nodes.len(),
            services: self.catalog.services.len(),
            keys: self.kv.entries.len(),
            tombstones: self.catalog.lost_nodes.len()
                + self.catalog.lost_services.len()
                + self.kv.tombstones.len(),
        }
    }

    /// When the last command that has a time was proposed, in milliseconds since 1970 by the clocks of the leaders; 0
    /// where none was.
    #[must_use]
    pub fn time(&self) -> u64 {
        self.time
    }

    /// What went lately, the oldest first; at most [`crate::catalog::DEPARTURES`].
    pub fn departures(&self) -> impl DoubleEndedIterator<Item = &Arc<Departure>> {
        self.catalog.departed.iter()
    }

    /// The names of all services of a namespace, in order.
    pub fn service_names(&self, namespace: &Namespace) -> impl Iterator<Item = &Name> {
        let from = Name { namespace: namespace.clone(), text: "".into() };
        self.catalog
            .services
            .range(from..)
            .map(|(name, _)| name)
            .take_while(move |name| name.namespace == *namespace)
    }

    /// Every instance with this ID, of whichever service, by node.
    pub fn services_with_id(&self, namespace: &Namespace, id: &str) -> impl Iterator<Item = &Arc<Service>> {
        let local = (namespace.clone(), Arc::from(id));
        self.catalog.nodes.values().filter_map(move |entry| entry.services.get(&local))
    }

    /// The node of this name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.catalog.nodes.get(name).map(|entry| &entry.node)
    }

    /// Every node, by name.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.catalog.nodes.values().map(|entry| &entry.node)
    }

    /// The node with this ID.
    #[must_use]
    pub fn node_by_id(&self, id: &str) -> Option<&Arc<Node>> {
        self.catalog.node_ids.get(id).and_then(|name| self.node(name))
    }

    /// One check of a node, in the default namespace.
    #[must_use]
    pub fn node_check(&self, node: &str, check: &str) -> Option<&Arc<Check>> {
        self.catalog.nodes.get(node)?.checks.get(&(Namespace::DEFAULT, check.into()))
    }

    /// The checks in one state, in the default namespace, by node and ID.
    pub fn checks_in(&self, status: Status) -> impl Iterator<Item = &Arc<Check>> {
        let from = StateKey { namespace: Namespace::DEFAULT, status, node: "".into(), id: "".into() };
        self.catalog
            .by_state
            .range(from..)
            .take_while(move |(key, _)| key.namespace == Namespace::DEFAULT && key.status == status)
            .map(|(_, check)| check)
    }

    /// The index of all that an answer about this service shows. Cheap: a cache asks it for every packet.
    #[must_use]
    pub fn service_index(&self, service: &Name) -> u64 {
        match self.catalog.services.get(service) {
            Some(entry) => entry.index,
            None => self.catalog.lost_services.get(service).copied().unwrap_or(0).max(self.floor),
        }
    }

    /// The index of a node and all it has.
    #[must_use]
    pub fn node_index(&self, node: &str) -> u64 {
        match self.catalog.nodes.get(node) {
            Some(entry) => entry.index,
            None => self.catalog.lost_nodes.get(node).copied().unwrap_or(0).max(self.floor),
        }
    }

    /// The index of the list of nodes.
    #[must_use]
    pub fn nodes_index(&self) -> u64 {
        self.catalog.nodes_index
    }

    /// The lowest index that a forgotten tombstone may have had.
    #[must_use]
    pub fn floor(&self) -> u64 {
        self.floor
    }

    pub(crate) fn forget_tombstones(&mut self, up_to: u64) {
        let up_to = up_to.min(self.index);
        self.floor = self.floor.max(up_to);
        forget(&mut self.catalog.lost_nodes, up_to);
        forget(&mut self.catalog.lost_services, up_to);
        let gone: Vec<Name> = self
            .kv
            .tombstones
            .iter()
            .filter(|lost| lost.index <= up_to)
            .map(|lost| lost.key.clone())
            .collect();
        gone.iter().for_each(|key| self.kv.tombstones.remove(key));
        forget(&mut self.catalog.instances_index, up_to);
    }
}

/// Takes out what is not above the floor: whatever is missing has the floor's index.
fn forget<K: Ord + Clone>(tombstones: &mut OrdMap<K, u64>, up_to: u64) {
    let old: Vec<K> =
        tombstones.iter().filter(|(_, index)| **index <= up_to).map(|(key, _)| key.clone()).collect();
    for key in &old {
        tombstones.remove(key);
    }
}
