//! Questions about the catalog.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::record::{Node, Service};
use crate::{Indexed, Name, Namespace, Query, Topic, Topics, View};

/// An instance and the node it runs on.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<'v> {
    /// The node.
    pub node: &'v Arc<Node>,
    /// The instance.
    pub service: &'v Arc<Service>,
}

/// Every node, by name.
#[derive(Clone, Debug)]
pub struct Nodes;

impl Query for Nodes {
    type Answer<'v> = Vec<&'v Arc<Node>>;

    fn topics(&self) -> Topics {
        vec![Topic::Nodes]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        Indexed { index: view.catalog.nodes_index, answer: view.nodes().collect() }
    }
}

/// Every service name of a namespace, with the union of its instances' tags.
#[derive(Clone, Debug)]
pub struct Services {
    /// The tenant.
    pub namespace: Namespace,
}

impl Query for Services {
    type Answer<'v> = Vec<(&'v Name, Vec<&'v Arc<str>>)>;

    fn topics(&self) -> Topics {
        vec![Topic::Services(self.namespace.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let from = Name { namespace: self.namespace.clone(), text: "".into() };
        let answer = view
            .catalog
            .services
            .range(from..)
            .take_while(|(name, _)| name.namespace == self.namespace)
            .map(|(name, entry)| (name, entry.tags.keys().collect()))
            .collect();
        Indexed { index: view.catalog.services_index.get(&self.namespace).copied().unwrap_or(0), answer }
    }
}

/// The services of a namespace that run on nodes with certain metadata, with the tags of their instances there.
#[derive(Clone, Debug)]
pub struct ServicesOnNodes {
    /// The tenant.
    pub namespace: Namespace,
    /// What the nodes must have; all of it.
    pub meta: Vec<(Arc<str>, Arc<str>)>,
}

impl Query for ServicesOnNodes {
    type Answer<'v> = Vec<(&'v Name, Vec<&'v Arc<str>>)>;

    fn topics(&self) -> Topics {
        // One instance may take a tag away that others elsewhere still carry: the list of all does not move then.
        vec![Topic::Instances(self.namespace.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let fits = |service: &&Arc<Service>| {
            view.node(&service.node)
                .is_some_and(|node| self.meta.iter().all(|(key, value)| node.meta.get(key) == Some(value)))
        };
        let from = Name { namespace: self.namespace.clone(), text: "".into() };
        let mut index = view.floor;
        let mut answer = Vec::new();
        let ours = |name: &Name| name.namespace == self.namespace;
        for (name, entry) in view.catalog.services.range(from.clone()..).take_while(|(name, _)| ours(name)) {
            index = index.max(entry.index);
            let mut there = entry.instances.values().filter(fits).peekable();
            if there.peek().is_some() {
                let tags: BTreeSet<_> = there.flat_map(|service| &service.spec.tags).collect();
                answer.push((name, tags.into_iter().collect()));
            }
        }
        let lost = view.catalog.lost_services.range(from..).take_while(|(name, _)| ours(name));
        index = lost.fold(index, |index, (_, gone)| index.max(*gone));
        Indexed { index, answer }
    }
}

/// Every instance of a service, by node and ID.
#[derive(Clone, Debug)]
pub struct ServiceInstances {
    /// Which service.
    pub service: Name,
}

impl Query for ServiceInstances {
    type Answer<'v> = Vec<Located<'v>>;

    fn topics(&self) -> Topics {
        vec![Topic::Service(self.service.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let answer = view
            .catalog
            .services
            .get(&self.service)
            .into_iter()
            .flat_map(|entry| entry.instances.values())
            .filter_map(|service| Some(Located { node: view.node(&service.node)?, service }))
            .collect();
        Indexed { index: view.service_index(&self.service), answer }
    }
}

/// One node with its services, by ID; nothing where the node is not there.
#[derive(Clone, Debug)]
pub struct NodeServices {
    /// Which node.
    pub node: Arc<str>,
    /// The tenant of the services.
    pub namespace: Namespace,
}

impl Query for NodeServices {
    type Answer<'v> = Option<(&'v Arc<Node>, Vec<&'v Arc<Service>>)>;

    fn topics(&self) -> Topics {
        vec![Topic::Node(self.node.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let answer = view.catalog.nodes.get(&self.node).map(|entry| {
            let mine = |service: &&Arc<Service>| service.spec.namespace == self.namespace;
            (&entry.node, entry.services.values().filter(mine).collect())
        });
        Indexed { index: view.node_index(&self.node), answer }
    }
}
