//! Three servers and one client agent as processes on loopback, and their memory.

use muster_test_process::{Agent, Cluster};

/// How many servers there are; the client agent comes after them.
pub(crate) const SERVERS: usize = 3;

/// Three servers, and a client agent as the last.
pub(crate) fn start() -> Vec<Agent> {
    let mut agents = Cluster::start_only(SERVERS).servers;
    let known: Vec<&Agent> = agents.iter().collect();
    let client = Agent::client(&known, &[]);
    agents.push(client);
    agents
}

/// Resident memory in KiB, and how much of it is its own (not a file's).
pub(crate) fn resident_kib(agent: &Agent) -> (u64, u64) {
    let text = std::fs::read_to_string(format!("/proc/{}/status", agent.id())).unwrap_or_default();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()).and_then(|kib| kib.parse().ok()).unwrap_or(0)
    };
    (field("VmRSS:"), field("RssAnon:"))
}

/// How one agent is reached; outlives its process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    http: u16,
    pub(crate) dns: u16,
}

impl Ports {
    pub(crate) fn of(agent: &Agent) -> Self {
        Self { http: agent.http, dns: agent.dns }
    }

    pub(crate) fn url(self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http)
    }
}
