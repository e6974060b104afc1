//! Questions about health.

use std::sync::Arc;

use crate::catalog::state::StateKey;
use crate::catalog::{Check, Node, Service};
use crate::{Indexed, Name, Namespace, Query, Status, Topic, Topics, View};

/// An instance with its node and every check that counts for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance<'v> {
    /// The node.
    pub node: &'v Arc<Node>,
    /// The instance.
    pub service: &'v Arc<Service>,
    /// The node's checks by ID, then the instance's by ID.
    pub checks: Vec<&'v Arc<Check>>,
}

/// Every instance of a service with its health, in the order of the catalog.
#[derive(Clone, Debug)]
pub struct ServiceHealth {
    /// Which service.
    pub service: Name,
}

impl Query for ServiceHealth {
    type Answer<'v> = Vec<Instance<'v>>;

    fn topics(&self) -> Topics {
        vec![Topic::Service(self.service.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let nobody: Arc<str> = "".into();
        let mut answer = Vec::new();
        if let Some(entry) = view.catalog.services.get(&self.service) {
            for service in entry.instances.values() {
                let Some(home) = view.catalog.nodes.get(&service.node) else { continue };
                let namespace = &service.spec.namespace;
                let mut checks = Vec::new();
                checks.extend(home.checks_of(namespace, &nobody));
                checks.extend(home.checks_of(namespace, &service.spec.id));
                answer.push(Instance { node: &home.node, service, checks });
            }
        }
        Indexed { index: view.service_index(&self.service), answer }
    }
}

/// The checks of a node and of everything on it, by ID.
#[derive(Clone, Debug)]
pub struct NodeChecks {
    /// Which node.
    pub node: Arc<str>,
    /// The tenant of the checks.
    pub namespace: Namespace,
}

impl Query for NodeChecks {
    type Answer<'v> = Vec<(&'v Arc<Node>, &'v Arc<Check>)>;

    fn topics(&self) -> Topics {
        vec![Topic::Node(self.node.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let answer = view.catalog.nodes.get(&self.node).into_iter().flat_map(|entry| {
            entry
                .checks
                .values()
                .filter(|check| check.spec.namespace == self.namespace)
                .map(move |check| (&entry.node, check))
        });
        Indexed { index: view.node_index(&self.node), answer: answer.collect() }
    }
}

/// The checks of a service's instances; the checks of their nodes are not among them.
#[derive(Clone, Debug)]
pub struct ServiceChecks {
    /// Which service.
    pub service: Name,
}

impl Query for ServiceChecks {
    type Answer<'v> = Vec<(&'v Arc<Node>, &'v Arc<Check>)>;

    fn topics(&self) -> Topics {
        vec![Topic::Service(self.service.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let mut answer = Vec::new();
        if let Some(entry) = view.catalog.services.get(&self.service) {
            for service in entry.instances.values() {
                let Some(home) = view.catalog.nodes.get(&service.node) else { continue };
                let checks = home.checks_of(&service.spec.namespace, &service.spec.id);
                answer.extend(checks.into_iter().map(|check| (&home.node, check)));
            }
        }
        Indexed { index: view.service_index(&self.service), answer }
    }
}

/// The checks in one state, or all, by node and ID.
#[derive(Clone, Debug)]
pub struct ChecksInState {
    /// The state; `None` is any.
    pub state: Option<Status>,
    /// The tenant.
    pub namespace: Namespace,
}

impl Query for ChecksInState {
    type Answer<'v> = Vec<(&'v Arc<Node>, &'v Arc<Check>)>;

    fn topics(&self) -> Topics {
        vec![Topic::Checks(self.namespace.clone(), self.state)]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let all = [Status::Passing, Status::Warning, Status::Critical];
        let mut index = 0;
        let mut answer = Vec::new();
        for status in all.into_iter().filter(|status| self.state.is_none_or(|state| state == *status)) {
            let moved = view.catalog.state_index.get(&(self.namespace.clone(), status));
            index = index.max(moved.copied().unwrap_or(0));
            let from = StateKey { namespace: self.namespace.clone(), status, node: "".into(), id: "".into() };
            let checks = view
                .catalog
                .by_state
                .range(from..)
                .take_while(|(key, _)| key.namespace == self.namespace && key.status == status);
            answer.extend(checks.filter_map(|(key, check)| Some((view.node(&key.node)?, check))));
        }
        answer.sort_by(|(_, a), (_, b)| (&a.node, &a.spec.id).cmp(&(&b.node, &b.spec.id)));
        Indexed { index, answer }
    }
}
