//! The whole: three servers, two client agents, three nginx behind them. One such town at a time, so that the
//! limits in the tests are those of Muster and not of a crowded machine.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;

use crate::ask::until;
use crate::network::{Host, Network};
use crate::process::{Process, nginx};

const SERVERS: [&str; 3] = ["s1", "s2", "s3"];
const CLIENTS: [&str; 2] = ["c1", "c2"];
/// Which nginx is where.
const WEBS: [(&str, &str, u16); 3] = [("web-1", "c1", 8081), ("web-2", "c2", 8081), ("web-3", "c2", 8082)];
/// From an empty folder to a leader, on a slow machine.
const BEGINNING: Duration = Duration::from_secs(60);

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A running town. Its processes end before its network goes.
pub(crate) struct Town {
    pub(crate) servers: Vec<Process>,
    pub(crate) clients: Vec<Process>,
    pub(crate) webs: Vec<Process>,
    pub(crate) network: Network,
    _alone: MutexGuard<'static, ()>,
}

impl Town {
    /// Everything is up, and every agent finds all three nginx.
    pub(crate) fn start() -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let network = Network::new(&[&SERVERS[..], &CLIENTS[..]].concat());
        let servers = SERVERS.map(|name| agent(&network, name)).into();
        let clients = CLIENTS.map(|name| agent(&network, name)).into();
        let webs = WEBS.map(|(_, on, port)| nginx(&network.host(on), port)).into();
        let mut town = Self { servers, clients, webs, network, _alone: alone };
        town.wait_until_writable(BEGINNING);
        for (id, on, port) in WEBS {
            let host = town.network.host(on);
            let body = json!({
                "ID": id, "Name": "web", "Tags": ["nginx"], "Port": port,
                "Check": {
                    "HTTP": format!("http://{}:{port}/", host.address), "Interval": "1s", "Timeout": "500ms",
                },
            });
            let answer = host.put("/v1/agent/service/register", &body.to_string());
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        town.wait_until_found(&["web-1", "web-2", "web-3"], Duration::from_secs(10));
        town
    }

    /// Every host that runs an agent.
    pub(crate) fn hosts(&self) -> Vec<Host> {
        self.servers.iter().chain(&self.clients).filter(|p| p.is_running()).map(|p| p.host.clone()).collect()
    }

    /// Waits until every agent accepts a write.
    pub(crate) fn wait_until_writable(&mut self, limit: Duration) {
        for host in self.hosts() {
            let write = || {
                self.servers.iter_mut().chain(&mut self.clients).for_each(Process::must_live);
                host.put("/v1/kv/ready", host.name).status
            };
            until(&format!("a write at {}", host.name), limit, write, |status| *status == 200);
        }
    }

    /// Waits until every agent finds exactly these, by HTTP and by DNS; says when the last one did.
    pub(crate) fn wait_until_found(&self, expected: &[&str], limit: Duration) -> Duration {
        everywhere(&self.hosts(), |host| {
            let (a, srv) = (self.addresses(expected), self.targets(expected));
            let by_http = || host.instances("/v1/health/service/web?passing");
            let http = until(&format!("HTTP at {}", host.name), limit, by_http, |found| found == expected);
            let by_dns = || host.dig("web.service.consul", "A");
            let rest = limit.saturating_sub(http);
            let first = until(&format!("A at {}", host.name), rest, by_dns, |found| *found == a);
            let by_dns = || host.dig("nginx.web.service.consul", "SRV");
            let rest = limit.saturating_sub(http + first);
            let second = until(&format!("SRV at {}", host.name), rest, by_dns, |found| *found == srv);
            http + first + second
        })
    }

    /// Which server leads, as any agent says.
    pub(crate) fn leader(&self) -> usize {
        let said = self.clients[0].host.get("/v1/status/leader").body;
        let leads = |server: &Process| said == format!("\"{}:8300\"", server.host.address);
        self.servers.iter().position(leads).unwrap_or_else(|| panic!("no server of ours leads: {said}"))
    }

    fn addresses(&self, ids: &[&str]) -> Vec<String> {
        let there = WEBS.iter().filter(|(id, ..)| ids.contains(id));
        let mut addresses: Vec<String> = there.map(|(_, on, _)| self.network.host(on).address).collect();
        addresses.sort();
        addresses.dedup();
        addresses
    }

    fn targets(&self, ids: &[&str]) -> Vec<String> {
        let there = WEBS.iter().filter(|(id, ..)| ids.contains(id));
        let mut targets: Vec<String> =
            there.map(|(_, on, port)| format!("1 1 {port} {on}.node.dc1.consul.")).collect();
        targets.sort();
        targets
    }
}

/// Does the same for all hosts at once; the longest time that one took.
pub(crate) fn everywhere(hosts: &[Host], each: impl Fn(&Host) -> Duration + Sync) -> Duration {
    std::thread::scope(|scope| {
        let running: Vec<_> = hosts.iter().map(|host| scope.spawn(|| each(host))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).max().unwrap_or_default()
    })
}

fn agent(network: &Network, name: &str) -> Process {
    let host = network.host(name);
    Process::start(&host, env!("CARGO_BIN_EXE_muster"), |folder| {
        let mut arguments: Vec<String> =
            ["agent", "-log-level", "error", "-node", name].map(String::from).into();
        if SERVERS.contains(&name) {
            arguments.extend(["-server".into(), "-bootstrap-expect=3".into()]);
        }
        arguments.extend(["-data-dir".into(), folder.display().to_string()]);
        arguments.extend(["-bind".into(), host.address.clone(), "-client".into(), host.own.clone()]);
        // The client agents begin with different servers.
        let first = usize::from(name == CLIENTS[1]);
        let others = SERVERS.iter().cycle().skip(first).take(3).filter(|other| **other != name);
        arguments.extend(others.map(|other| format!("-retry-join={}", network.host(other).address)));
        arguments
    })
}
