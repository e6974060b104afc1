//! What a server says about names, in the words of the DNS room.

use muster_dns::{Health, Instance, NodeFacts, Owner};
use muster_server::names;

pub(super) fn instance(said: names::InstanceFacts) -> Instance {
    Instance {
        node: node(said.node),
        address: said.address,
        port: said.port,
        tags: said.tags,
        weights: said.weights,
        health: match said.health {
            names::Health::Passing => Health::Passing,
            names::Health::Warning => Health::Warning,
            names::Health::Critical => Health::Critical,
        },
    }
}

pub(super) fn node(said: names::NodeFacts) -> NodeFacts {
    NodeFacts { name: said.name, address: said.address, meta: said.meta }
}

pub(super) fn owner(said: names::Owner) -> Owner {
    match said {
        names::Owner::Node(name) => Owner::Node(name),
        names::Owner::Service(name) => Owner::Service(name),
    }
}
