//! A server under measurement: started, waited for, weighed and ended.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::BenchError;

/// Whose binary it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Ours.
    Muster,
    /// The real one.
    Consul,
}

/// A running cluster of one or more servers; ends its processes when dropped.
pub(crate) struct Cluster {
    servers: Vec<Server>,
    /// From the start of the first process to an accepted write.
    pub(crate) ready_after: Duration,
    _data: tempfile::TempDir,
}

struct Server {
    process: Child,
    http: u16,
    dns: u16,
}

impl Cluster {
    /// Starts `size` servers from `binary` on ports from `base` on, and waits for the first accepted write.
    pub(crate) async fn start(kind: Kind, binary: &Path, size: usize, base: u16) -> Result<Self, BenchError> {
        let data = tempfile::tempdir().map_err(|e| BenchError::Io("temporary folder".into(), e))?;
        let began = Instant::now();
        let mut servers = Vec::new();
        for index in 0..size {
            servers.push(spawn(kind, binary, size, index, base, data.path())?);
        }
        let mut cluster = Self { servers, ready_after: Duration::ZERO, _data: data };
        cluster.wait_writable(Duration::from_secs(60)).await?;
        cluster.ready_after = began.elapsed();
        Ok(cluster)
    }

    /// The base URL of server `index`.
    pub(crate) fn url(&self, index: usize) -> String {
        format!("http://127.0.0.1:{}", self.servers.get(index).map_or(0, |server| server.http))
    }

    /// The DNS port of the first server.
    pub(crate) fn dns_port(&self) -> u16 {
        self.servers.first().map_or(0, |server| server.dns)
    }

    /// Resident memory of the first server in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64, BenchError> {
        let path = format!("/proc/{}/status", self.pid());
        let text = std::fs::read_to_string(&path).map_err(|e| BenchError::Io(path, e))?;
        text.lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| BenchError::Unexpected("no VmRSS".into()))
    }

    /// CPU seconds that the first server has spent.
    pub(crate) fn cpu_seconds(&self) -> Result<f64, BenchError> {
        let path = format!("/proc/{}/stat", self.pid());
        let text = std::fs::read_to_string(&path).map_err(|e| BenchError::Io(path, e))?;
        let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or("").split(' ').collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        Ok((ticks(11) + ticks(12)) / 100.0)
    }

    /// Kills the leader with SIGKILL and says how long no other server accepted a write.
    pub(crate) async fn kill_leader(&mut self) -> Result<Duration, BenchError> {
        let leader: String =
            reqwest::get(format!("{}/v1/status/leader", self.url(0))).await?.json().await.unwrap_or_default();
        let port: u16 = leader.rsplit(':').next().and_then(|p| p.parse().ok()).unwrap_or(0);
        let index = self
            .servers
            .iter()
            .position(|server| server.http + 2 == port)
            .ok_or_else(|| BenchError::Unexpected(format!("no server of ours is the leader {leader}")))?;
        let mut dead = self.servers.remove(index);
        let began = Instant::now();
        let _ = dead.process.kill();
        let _ = dead.process.wait();
        self.wait_writable(Duration::from_secs(60)).await?;
        Ok(began.elapsed())
    }

    fn pid(&self) -> u32 {
        self.servers.first().map_or(0, |server| server.process.id())
    }

    async fn wait_writable(&self, limit: Duration) -> Result<(), BenchError> {
        let client = reqwest::Client::builder().timeout(Duration::from_millis(500)).build()?;
        let deadline = Instant::now() + limit;
        let url = format!("{}/v1/kv/bench-ready", self.url(0));
        loop {
            if let Ok(answer) = client.put(&url).body("1").send().await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(BenchError::Unexpected(format!("no write accepted at {url} within {limit:?}")));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.process.kill();
            let _ = server.process.wait();
        }
    }
}

fn spawn(
    kind: Kind,
    binary: &Path,
    size: usize,
    index: usize,
    base: u16,
    data: &Path,
) -> Result<Server, BenchError> {
    let port = |index: usize, offset: u16| base + 10 * u16::try_from(index).unwrap_or(0) + offset;
    let folder = data.join(format!("s{index}"));
    std::fs::create_dir_all(&folder).map_err(|e| BenchError::Io(folder.display().to_string(), e))?;
    let settings = folder.join("bench.json");
    let text = r#"{"limits":{"http_max_conns_per_client":5000},"performance":{"raft_multiplier":1}}"#;
    std::fs::write(&settings, text).map_err(|e| BenchError::Io(settings.display().to_string(), e))?;
    let mut command = Command::new(binary);
    command.args(["agent", "-server", "-bind", "127.0.0.1", "-log-level", "err"]);
    command.arg("-node").arg(format!("bench-server-{index}"));
    command.arg("-data-dir").arg(folder.join("data"));
    command.arg("-http-port").arg(port(index, 0).to_string());
    command.arg("-dns-port").arg(port(index, 1).to_string());
    command.arg("-server-port").arg(port(index, 2).to_string());
    if size == 1 {
        command.arg("-bootstrap");
    } else {
        command.arg(format!("-bootstrap-expect={size}"));
    }
    // Consul's servers meet by gossip, ours on the RPC port.
    let meeting = if kind == Kind::Consul { 3 } else { 2 };
    if kind == Kind::Consul {
        // Out of the box it takes 200 connections per client; Muster has no such limit yet.
        command.arg("-config-file").arg(&settings);
        command.arg("-serf-lan-port").arg(port(index, 3).to_string());
        command.arg("-serf-wan-port").arg(port(index, 4).to_string());
    }
    for other in (0..size).filter(|other| size > 1 && *other != index) {
        command.arg(format!("-retry-join=127.0.0.1:{}", port(other, meeting)));
    }
    let process = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| BenchError::Io(binary.display().to_string(), e))?;
    Ok(Server { process, http: port(index, 0), dns: port(index, 1) })
}
