//! What an agent is told when it starts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// An agent's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node's name.
    pub node: String,
    /// The node's UUID.
    pub node_id: String,
    /// The address under which others reach this host.
    pub address: String,
    /// The node's metadata.
    pub meta: BTreeMap<String, String>,
    /// The datacenter.
    pub datacenter: String,
    /// The version that is told.
    pub version: String,
    /// The RPC port of the server in this process; 0 on a client.
    pub server_port: u16,
    /// Where definitions are kept; nowhere in development.
    pub data_dir: Option<PathBuf>,
    /// Scripts from the HTTP API may run.
    pub scripts_from_api: bool,
    /// Scripts from configuration files may run.
    pub scripts_from_files: bool,
    /// Between two comparisons of everything with the catalog, in a small cluster.
    pub sync_interval: Duration,
    /// How long a change of a check's output alone may wait before it is told.
    pub output_interval: Duration,
    /// Between two renewals of the lease.
    pub renew_interval: Duration,
    /// The shortest time after which a critical instance is removed (Consul: one minute).
    pub shortest_deregistration: Duration,
    /// Most probes that run at once.
    pub concurrent_probes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node: String::new(),
            node_id: String::new(),
            address: "127.0.0.1".into(),
            meta: BTreeMap::new(),
            datacenter: "dc1".into(),
            version: String::new(),
            server_port: 0,
            data_dir: None,
            scripts_from_api: false,
            scripts_from_files: false,
            sync_interval: Duration::from_secs(60),
            output_interval: Duration::from_secs(300),
            renew_interval: Duration::from_secs(1),
            shortest_deregistration: Duration::from_secs(60),
            concurrent_probes: 256,
        }
    }
}
