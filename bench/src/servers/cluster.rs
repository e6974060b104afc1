//! One or three registries that know each other, of the same kind.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Process, Who, ports};
use crate::cpus::command_on;
use crate::{BenchError, stage::Stage};

const READY_WITHIN: Duration = Duration::from_secs(60);
/// A thousand waiters come from one address.
const MUSTER_SETTINGS: &str = r#"{"limits":{"http_max_conns_per_client":10000}}"#;
/// Out of the box Consul takes 200 connections of one client, asks the Internet for updates, and waits five
/// times longer for a lost leader than its own documentation advises for production.
const CONSUL_SETTINGS: &str = r#"{"limits":{"http_max_conns_per_client":10000},
 "performance":{"raft_multiplier":1},"disable_update_check":true}"#;

/// Which processors the servers may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Those apart from the load's.
    Half,
    /// All.
    All,
}

/// A running cluster; ends its processes when dropped.
pub(crate) struct Cluster {
    servers: Vec<Server>,
    /// From the start of the first process to an accepted write.
    pub(crate) ready_after: Duration,
}

struct Server {
    process: Process,
    http: u16,
    dns: u16,
    rpc: u16,
}

impl Cluster {
    /// Starts `size` servers and waits for the first accepted write.
    pub(crate) async fn start(stage: &Stage, who: Who, size: usize, room: Room) -> Result<Self, BenchError> {
        let data = stage.data()?;
        let ports = ports::free(size * PORTS)?;
        let seats: Vec<&[u16]> = ports.chunks(PORTS).collect();
        let cpus = if room == Room::All { &stage.cpus.all } else { &stage.cpus.server };
        let began = Instant::now();
        let mut servers = Vec::new();
        for index in 0..size {
            let folder = data.join(format!("s{index}"));
            std::fs::create_dir_all(&folder).map_err(BenchError::io(folder.display().to_string()))?;
            let mut command = command_on(cpus, stage.binary(who)?);
            arguments(&mut command, who, index, &seats, &folder)?;
            let process = Process::start(command, &folder)?;
            let [http, dns, rpc, ..] = seats[index] else { continue };
            servers.push(Server { process, http: *http, dns: *dns, rpc: *rpc });
        }
        let mut cluster = Self { servers, ready_after: Duration::ZERO };
        cluster.accepts_a_write().await?;
        cluster.ready_after = began.elapsed();
        Ok(cluster)
    }

    /// The base URL of the first server.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.servers.first().map_or(0, |server| server.http))
    }

    /// The DNS port of the first server.
    pub(crate) fn dns_port(&self) -> u16 {
        self.servers.first().map_or(0, |server| server.dns)
    }

    /// The process of the first server.
    pub(crate) fn process(&self) -> &Process {
        &self.servers[0].process
    }

    /// Ends the leader with SIGKILL and says how long no other server accepted a write.
    pub(crate) async fn kill_leader(&mut self) -> Result<Duration, BenchError> {
        let answer = reqwest::get(format!("{}/v1/status/leader", self.url())).await?;
        let leader: String = answer.json().await?;
        let port = leader.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
        let at = self.servers.iter().position(|server| Some(server.rpc) == port);
        let at = at.ok_or_else(|| BenchError::Unexpected(format!("{leader} is no server of ours")))?;
        let mut leader = self.servers.remove(at);
        let began = Instant::now();
        leader.process.kill();
        self.accepts_a_write().await?;
        Ok(began.elapsed())
    }

    /// Waits until any server accepts a write, asking all in turn.
    async fn accepts_a_write(&mut self) -> Result<(), BenchError> {
        let client = reqwest::Client::builder().timeout(Duration::from_millis(250)).build()?;
        let deadline = Instant::now() + READY_WITHIN;
        let mut last = String::from("nothing was asked");
        while Instant::now() < deadline {
            for server in &mut self.servers {
                if let Some(why) = server.process.ended() {
                    return Err(BenchError::Unexpected(format!("a server: {why}")));
                }
                let url = format!("http://127.0.0.1:{}/v1/kv/bench-ready", server.http);
                match client.put(&url).body("1").send().await {
                    Ok(answer) if answer.status().is_success() => return Ok(()),
                    Ok(answer) => last = answer.status().to_string(),
                    Err(error) => last = error.to_string(),
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(BenchError::Unexpected(format!("no write accepted within {READY_WITHIN:?}: {last}")))
    }
}

/// HTTP, DNS, RPC, and Consul's gossip in the datacenter and beyond.
const PORTS: usize = 5;

fn arguments(
    command: &mut Command,
    who: Who,
    index: usize,
    seats: &[&[u16]],
    folder: &Path,
) -> Result<(), BenchError> {
    let own = seats[index];
    command.args(["agent", "-server", "-bind", "127.0.0.1", "-log-level", "err"]);
    command.arg("-node").arg(format!("bench-server-{index}"));
    command.arg("-data-dir").arg(folder.join("data"));
    let mut flags = vec!["-http-port", "-dns-port", "-server-port"];
    let settings = folder.join("bench.json");
    let content = if who == Who::Consul { CONSUL_SETTINGS } else { MUSTER_SETTINGS };
    std::fs::write(&settings, content).map_err(BenchError::io(settings.display().to_string()))?;
    command.arg("-config-file").arg(&settings);
    // Consul's servers meet by gossip, ours on the RPC port.
    let mut meeting = 2;
    if who == Who::Consul {
        flags.extend(["-serf-lan-port", "-serf-wan-port"]);
        meeting = 3;
    }
    for (flag, port) in flags.iter().zip(own) {
        command.arg(flag).arg(port.to_string());
    }
    if seats.len() == 1 {
        command.arg("-bootstrap");
        return Ok(());
    }
    command.arg(format!("-bootstrap-expect={}", seats.len()));
    for (_, other) in seats.iter().enumerate().filter(|(other, _)| *other != index) {
        command.arg(format!("-retry-join=127.0.0.1:{}", other[meeting]));
    }
    Ok(())
}
