//! The directory of a server: its own view.

use std::net::IpAddr;
use std::sync::Arc;

use muster_dns::{Directory, Instance, NodeFacts, Owner, Subject};
use muster_server::Server;
use muster_server::consensus::node::Consensus;
use muster_server::hub::Hub;
use muster_server::names::Names;

use super::dns_facts;

/// Answers from the view of the moment.
pub(super) struct DnsOnView {
    hub: Arc<Hub>,
    names: Arc<Names>,
    consensus: Consensus,
}

impl DnsOnView {
    pub(super) fn new(server: &Server) -> Self {
        let (hub, names) = (server.hub.clone(), server.names.clone());
        Self { hub, names, consensus: server.consensus.clone() }
    }
}

impl Directory for DnsOnView {
    fn version(&self, subject: &Subject) -> Option<u64> {
        let view = self.hub.view();
        match subject {
            Subject::Service(name) => Some(self.names.service_version(&view, name)),
            Subject::Node(_) => Some(self.names.nodes_version(&view)),
            Subject::Address(_) => Some(view.index()),
            // Asked anew each time: few ask.
            Subject::Servers => None,
        }
    }

    async fn service(&self, name: &Arc<str>) -> Option<Vec<Instance>> {
        let found = self.names.service(&self.hub.view(), name);
        Some(found.into_iter().map(dns_facts::instance).collect())
    }

    async fn node(&self, name: &Arc<str>) -> Option<Option<NodeFacts>> {
        Some(self.names.node(&self.hub.view(), name).map(dns_facts::node))
    }

    async fn owners_of(&self, address: IpAddr) -> Option<Vec<Owner>> {
        let found = self.names.owners(&self.hub.view(), address);
        Some(found.into_iter().map(dns_facts::owner).collect())
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
