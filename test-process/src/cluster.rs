//! Several servers that found a cluster together.

use crate::{Agent, free_port};

/// The servers of one cluster.
pub struct Cluster {
    /// In the order in which they were started.
    pub servers: Vec<Agent>,
}

impl Cluster {
    /// Starts `size` servers, each of which knows the others, and waits until each takes a write.
    #[must_use]
    pub fn start(size: usize) -> Self {
        let cluster = Self::start_only(size);
        cluster.wait_until_writable();
        cluster
    }

    /// Starts `size` servers, each of which knows the others.
    #[must_use]
    pub fn start_only(size: usize) -> Self {
        let ports: Vec<u16> = (0..size).map(|_| free_port()).collect();
        let servers = ports.iter().map(|rpc| {
            let mut more = vec!["-server".to_owned(), format!("-bootstrap-expect={size}")];
            let others = ports.iter().filter(|other| *other != rpc);
            more.extend(others.map(|other| format!("-retry-join=127.0.0.1:{other}")));
            let more: Vec<&str> = more.iter().map(String::as_str).collect();
            let data = tempfile::tempdir().unwrap();
            let mut server = Agent::prepared(&format!("server-{rpc}"), *rpc, data, &more);
            server.start();
            server
        });
        Self { servers: servers.collect() }
    }

    /// Waits until each server takes a write.
    pub fn wait_until_writable(&self) {
        self.servers.iter().for_each(Agent::wait_until_writable);
    }

    /// Which server leads.
    #[must_use]
    pub fn leader(&self) -> usize {
        let (_, address) = self.servers[0].get("/v1/status/leader");
        let leads = |server: &Agent| server.address() == address.trim_matches('"');
        self.servers.iter().position(leads).expect("the leader is one of ours")
    }
}
