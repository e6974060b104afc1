//! Questions about the catalog.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::record::{Node, Service};
use crate::{Name, Namespace, Query, Topic, Topics, View, Watched};

/// About what a record takes in an answer, and a name with its tags.
const A_RECORD: usize = 512;
const A_NAME: usize = 64;

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

impl Watched for Nodes {
    fn topics(&self) -> Topics {
        vec![Topic::Nodes]
    }

    fn index(&self, view: &View) -> u64 {
        view.catalog.nodes_index
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.nodes.len() * A_RECORD
    }
}

impl Query for Nodes {
    type Answer<'v> = Vec<&'v Arc<Node>>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        view.nodes().collect()
    }
}

/// Every service name of a namespace, with the union of its instances' tags.
#[derive(Clone, Debug)]
pub struct Services {
    /// The tenant.
    pub namespace: Namespace,
}

impl Watched for Services {
    fn topics(&self) -> Topics {
        vec![Topic::Services(self.namespace.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.catalog.services_index.get(&self.namespace).copied().unwrap_or(0)
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.services.len() * A_NAME
    }
}

impl Query for Services {
    type Answer<'v> = Vec<(&'v Name, Vec<&'v Arc<str>>)>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        let from = Name { namespace: self.namespace.clone(), text: "".into() };
        view.catalog
            .services
            .range(from..)
            .take_while(|(name, _)| name.namespace == self.namespace)
            .map(|(name, entry)| (name, entry.tags.keys().collect()))
            .collect()
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

impl ServicesOnNodes {
    fn ours(&self) -> impl Fn(&Name) -> bool + '_ {
        |name| name.namespace == self.namespace
    }

    fn from(&self) -> Name {
        Name { namespace: self.namespace.clone(), text: "".into() }
    }
}

impl Watched for ServicesOnNodes {
    fn topics(&self) -> Topics {
        // One instance may take a tag away that others elsewhere still carry: the list of all does not move then.
        vec![Topic::Instances(self.namespace.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.catalog.instances_index.get(&self.namespace).copied().unwrap_or(0).max(view.floor)
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.services.len().max(view.catalog.nodes.len()) * A_RECORD
    }
}

impl Query for ServicesOnNodes {
    type Answer<'v> = Vec<(&'v Name, Vec<&'v Arc<str>>)>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        let fits = |service: &&Arc<Service>| {
            view.node(&service.node)
                .is_some_and(|node| self.meta.iter().all(|(key, value)| node.meta.get(key) == Some(value)))
        };
        let ours = self.ours();
        let mut answer = Vec::new();
        for (name, entry) in view.catalog.services.range(self.from()..).take_while(|(name, _)| ours(name)) {
            let mut there = entry.instances.values().filter(fits).peekable();
            if there.peek().is_some() {
                let tags: BTreeSet<_> = there.flat_map(|service| &service.spec.tags).collect();
                answer.push((name, tags.into_iter().collect()));
            }
        }
        answer
    }
}

/// Every instance of a service, by node and ID.
#[derive(Clone, Debug)]
pub struct ServiceInstances {
    /// Which service.
    pub service: Name,
}

impl Watched for ServiceInstances {
    fn topics(&self) -> Topics {
        vec![Topic::Service(self.service.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.service_index(&self.service)
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.services.get(&self.service).map_or(0, |entry| entry.instances.len() * A_RECORD)
    }
}

impl Query for ServiceInstances {
    type Answer<'v> = Vec<Located<'v>>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        view.catalog
            .services
            .get(&self.service)
            .into_iter()
            .flat_map(|entry| entry.instances.values())
            .filter_map(|service| Some(Located { node: view.node(&service.node)?, service }))
            .collect()
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

impl Watched for NodeServices {
    fn topics(&self) -> Topics {
        vec![Topic::Node(self.node.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.node_index(&self.node)
    }

    fn size(&self, view: &View) -> usize {
        view.catalog.nodes.get(&self.node).map_or(0, |entry| entry.services.len() * A_RECORD)
    }
}

impl Query for NodeServices {
    type Answer<'v> = Option<(&'v Arc<Node>, Vec<&'v Arc<Service>>)>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        view.catalog.nodes.get(&self.node).map(|entry| {
            let mine = |service: &&Arc<Service>| service.spec.namespace == self.namespace;
            (&entry.node, entry.services.values().filter(mine).collect())
        })
    }
}
