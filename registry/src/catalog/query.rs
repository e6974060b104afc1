//! Questions about the catalog.

use std::sync::Arc;

use super::record::{Node, Service};
use crate::{Name, Namespace, Query, Topic, Topics, View, Watched};

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
