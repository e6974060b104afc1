//! The catalog's maps. Each thing is held once (`Arc`) and found by every way that a query takes.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};

use super::departed::Departure;
use super::record::{Check, Node, Service};
use crate::{Name, Namespace, Status};

/// A service or a check within its node: namespace and ID.
pub(crate) type LocalId = (Namespace, Arc<str>);

/// All that the catalog holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Catalog {
    pub(crate) nodes: OrdMap<Arc<str>, Arc<NodeEntry>>,
    /// Node names by ID: a node keeps its identity when it is renamed.
    pub(crate) node_ids: OrdMap<Arc<str>, Arc<str>>,
    pub(crate) services: OrdMap<Name, Arc<ServiceEntry>>,
    /// Checks by state, so that `/health/state/critical` costs what it answers.
    pub(crate) by_state: OrdMap<StateKey, Arc<Check>>,
    /// The last change of the list of nodes.
    pub(crate) nodes_index: u64,
    /// The last change of names and tags, per namespace.
    pub(crate) services_index: OrdMap<Namespace, u64>,
    /// The last change of anything that an answer about any service of a namespace shows; what is not above the
    /// floor is not held.
    pub(crate) instances_index: OrdMap<Namespace, u64>,
    /// The last change of the checks in a state.
    pub(crate) state_index: OrdMap<(Namespace, Status), u64>,
    /// When nodes went that are not there.
    pub(crate) lost_nodes: OrdMap<Arc<str>, u64>,
    /// When services went that are not there.
    pub(crate) lost_services: OrdMap<Name, u64>,
    /// What went lately, the oldest first.
    pub(crate) departed: Vector<Arc<Departure>>,
}

impl Catalog {
    /// Something changed that an answer about a service of this namespace shows. Indexes come in any order where
    /// they come from a snapshot.
    pub(crate) fn instances_changed(&mut self, namespace: &Namespace, index: u64, floor: u64) {
        let held = self.instances_index.get(namespace).copied().unwrap_or(floor);
        if index > held {
            self.instances_index.insert(namespace.clone(), index);
        }
    }
}

/// Where a check stands in the map by state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StateKey {
    pub(crate) namespace: Namespace,
    pub(crate) status: Status,
    pub(crate) node: Arc<str>,
    pub(crate) id: Arc<str>,
}

impl StateKey {
    pub(crate) fn of(check: &Check) -> Self {
        Self {
            namespace: check.spec.namespace.clone(),
            status: check.spec.status,
            node: check.node.clone(),
            id: check.spec.id.clone(),
        }
    }
}

/// A node and all that is on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NodeEntry {
    pub(crate) node: Arc<Node>,
    pub(crate) services: OrdMap<LocalId, Arc<Service>>,
    pub(crate) checks: OrdMap<LocalId, Arc<Check>>,
    /// (namespace, service ID or empty, check ID): the checks of one service, or of the node itself.
    pub(crate) check_owners: OrdSet<(Namespace, Arc<str>, Arc<str>)>,
    /// The last change of anything here.
    pub(crate) index: u64,
}

impl NodeEntry {
    /// The checks that belong to `service_id`, or to the node itself where that is empty, by ID.
    pub(crate) fn checks_of(&self, namespace: &Namespace, service_id: &Arc<str>) -> Vec<&Arc<Check>> {
        let from = (namespace.clone(), service_id.clone(), Arc::from(""));
        self.check_owners
            .range(from..)
            .take_while(|(space, owner, _)| space == namespace && owner == service_id)
            .filter_map(|(space, _, id)| self.checks.get(&(space.clone(), id.clone())))
            .collect()
    }
}

/// A service and where it runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ServiceEntry {
    /// By (node, instance ID): the one order in which every endpoint lists instances.
    pub(crate) instances: OrdMap<(Arc<str>, Arc<str>), Arc<Service>>,
    /// How many instances carry each tag.
    pub(crate) tags: OrdMap<Arc<str>, u32>,
    /// The last change of anything that an answer about the service shows.
    pub(crate) index: u64,
}
