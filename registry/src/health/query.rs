//! Questions about health.

use std::sync::Arc;

use crate::catalog::state::StateKey;
use crate::catalog::{Check, Node, Service};
use crate::{Name, Namespace, Query, Status, Topic, Topics, View, Watched};

/// About what a check takes in an answer, and an instance with its node and checks.
const A_CHECK: usize = 256;
const AN_INSTANCE: usize = 1024;

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

impl Watched for ServiceHealth {
    fn topics(&self) -> Topics {
        vec![Topic::Service(self.service.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.service_index(&self.service)
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.services.get(&self.service).map_or(0, |entry| entry.instances.len() * AN_INSTANCE)
    }
}

impl Query for ServiceHealth {
    type Answer<'v> = Vec<Instance<'v>>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        let entry = view.catalog.services.get(&self.service);
        let services = entry.into_iter().flat_map(|entry| entry.instances.values());
        let nobody: Arc<str> = "".into();
        services.filter_map(|service| joined(view, service, &nobody)).collect()
    }
}

/// An instance with its node and its health.
#[must_use]
pub fn instance<'v>(view: &'v View, service: &'v Arc<Service>) -> Option<Instance<'v>> {
    joined(view, service, &"".into())
}

/// `nobody` is the owner of a node's own checks: the empty name, made once for many.
fn joined<'v>(view: &'v View, service: &'v Arc<Service>, nobody: &Arc<str>) -> Option<Instance<'v>> {
    let home = view.catalog.nodes.get(&service.node)?;
    let namespace = &service.spec.namespace;
    let mut checks = Vec::new();
    checks.extend(home.checks_of(namespace, nobody));
    checks.extend(home.checks_of(namespace, &service.spec.id));
    Some(Instance { node: &home.node, service, checks })
}

/// The checks of a node and of everything on it, by ID.
#[derive(Clone, Debug)]
pub struct NodeChecks {
    /// Which node.
    pub node: Arc<str>,
    /// The tenant of the checks.
    pub namespace: Namespace,
}

impl Watched for NodeChecks {
    fn topics(&self) -> Topics {
        vec![Topic::Node(self.node.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.node_index(&self.node)
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.nodes.get(&self.node).map_or(0, |entry| entry.checks.len() * A_CHECK)
    }
}

impl Query for NodeChecks {
    type Answer<'v> = Vec<(&'v Arc<Node>, &'v Arc<Check>)>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        let checks = view.catalog.nodes.get(&self.node).into_iter().flat_map(|entry| {
            entry
                .checks
                .values()
                .filter(|check| check.spec.namespace == self.namespace)
                .map(move |check| (&entry.node, check))
        });
        checks.collect()
    }
}

/// The checks of a service's instances; the checks of their nodes are not among them.
#[derive(Clone, Debug)]
pub struct ServiceChecks {
    /// Which service.
    pub service: Name,
}

impl Watched for ServiceChecks {
    fn topics(&self) -> Topics {
        vec![Topic::Service(self.service.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.service_index(&self.service)
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.services.get(&self.service).map_or(0, |entry| entry.instances.len() * AN_INSTANCE)
    }
}

impl Query for ServiceChecks {
    type Answer<'v> = Vec<(&'v Arc<Node>, &'v Arc<Check>)>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        let mut answer = Vec::new();
        if let Some(entry) = view.catalog.services.get(&self.service) {
            for service in entry.instances.values() {
                let Some(home) = view.catalog.nodes.get(&service.node) else { continue };
                let checks = home.checks_of(&service.spec.namespace, &service.spec.id);
                answer.extend(checks.into_iter().map(|check| (&home.node, check)));
            }
        }
        answer
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

impl Watched for ChecksInState {
    fn topics(&self) -> Topics {
        vec![Topic::Checks(self.namespace.clone(), self.state)]
    }

    fn index(&self, view: &View) -> u64 {
        let moved =
            |status| view.catalog.state_index.get(&(self.namespace.clone(), status)).copied().unwrap_or(0);
        self.states().map(moved).max().unwrap_or(0)
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.by_state.len() * A_CHECK
    }
}

impl Query for ChecksInState {
    type Answer<'v> = Vec<(&'v Arc<Node>, &'v Arc<Check>)>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        let mut answer = Vec::new();
        for status in self.states() {
            let from = StateKey { namespace: self.namespace.clone(), status, node: "".into(), id: "".into() };
            let checks = view
                .catalog
                .by_state
                .range(from..)
                .take_while(|(key, _)| key.namespace == self.namespace && key.status == status);
            answer.extend(checks.filter_map(|(key, check)| Some((view.node(&key.node)?, check))));
        }
        answer.sort_by(|(_, a), (_, b)| (&a.node, &a.spec.id).cmp(&(&b.node, &b.spec.id)));
        answer
    }
}

impl ChecksInState {
    fn states(&self) -> impl Iterator<Item = Status> + '_ {
        let all = [Status::Passing, Status::Warning, Status::Critical];
        all.into_iter().filter(|status| self.state.is_none_or(|state| state == *status))
    }
}
