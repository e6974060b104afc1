//! The directory of a server: its own view.

use std::net::IpAddr;
use std::sync::Arc;

use muster_dns::{Directory, Health, Instance, NodeFacts};
use muster_registry::catalog::Node;
use muster_registry::health::query::ServiceHealth;
use muster_registry::{Name, Query as _, Status};
use muster_server::hub::Hub;

/// Answers from the view of the moment.
pub(super) struct DnsOnView {
    pub(super) hub: Arc<Hub>,
}

impl Directory for DnsOnView {
    fn service(&self, name: &str) -> Vec<Instance> {
        let view = self.hub.view();
        let query = ServiceHealth { service: Name::new(name) };
        let found = query.run(&view).answer;
        found
            .into_iter()
            .map(|instance| {
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
            })
            .collect()
    }

    fn node(&self, name: &str) -> Option<NodeFacts> {
        let view = self.hub.view();
        // Names in DNS have no case: the exact one first, then any that differs by case alone.
        let exact = view.node(name).map(|node| facts(node));
        exact.or_else(|| {
            view.nodes().find(|node| node.name.eq_ignore_ascii_case(name)).map(|node| facts(node))
        })
    }

    fn nodes_at(&self, address: IpAddr) -> Vec<NodeFacts> {
        let text = address.to_string();
        let view = self.hub.view();
        view.nodes().filter(|node| *node.address == *text).map(|node| facts(node)).collect()
    }
}

fn facts(node: &Node) -> NodeFacts {
    NodeFacts {
        name: node.name.clone(),
        address: node.address.clone(),
        meta: node.meta.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
    }
}
