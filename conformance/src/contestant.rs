//! A server under comparison: started on free ports, waited for, swept between cases, ended by its process.
//! Never touches a process that it did not start.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::Failure;
use crate::wire::{self, Answer};

/// The node's name at both.
pub(crate) const NODE: &str = "same-name";
const READY: Duration = Duration::from_secs(30);
const SWEPT: Duration = Duration::from_secs(4);

/// Whose binary it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The real one.
    Consul,
    /// Ours.
    Muster,
}

/// A running server; its process ends when this is dropped.
pub(crate) struct Contestant {
    pub(crate) http: u16,
    pub(crate) dns: u16,
    pub(crate) server: u16,
    pub(crate) node_id: String,
    /// As the binary names it.
    pub(crate) version: String,
    process: Child,
}

impl Contestant {
    /// Starts the binary and waits until it leads, accepts a write and shows its node.
    pub(crate) async fn start(kind: Kind, binary: &Path) -> Result<Self, Failure> {
        let version = version(binary).await?;
        let [http, dns, server, lan, wan] = free_ports()?;
        let mut command = Command::new(binary);
        command.args(["agent", "-dev", "-node", NODE]);
        command.args(["-http-port", &http.to_string(), "-dns-port", &dns.to_string()]);
        command.args(["-server-port", &server.to_string()]);
        if kind == Kind::Consul {
            command.args(["-serf-lan-port", &lan.to_string(), "-serf-wan-port", &wan.to_string()]);
            command.args(["-grpc-port", "-1"]);
        }
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::Start(format!("{}: {error}", binary.display())))?;
        let mut started = Self { http, dns, server, node_id: String::new(), version, process };
        started.wait_ready(kind).await?;
        Ok(started)
    }

    async fn wait_ready(&mut self, kind: Kind) -> Result<(), Failure> {
        let deadline = Instant::now() + READY;
        let mut last = String::from("nothing answered");
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait().map_err(|e| Failure::Start(e.to_string()))? {
                return Err(Failure::Start(format!("{kind:?} ended with {status}")));
            }
            match self.node_when_ready().await {
                Ok(id) => {
                    self.node_id = id;
                    return Ok(());
                }
                Err(why) => last = why,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Failure::Start(format!("{kind:?} was not ready within {READY:?}: {last}")))
    }

    /// The node's ID once a write went through and the node's own health check passes.
    async fn node_when_ready(&self) -> Result<String, String> {
        let text = |failure: Failure| failure.to_string();
        let written = self.ask("PUT", "/v1/kv/ready", Some(b"1")).await.map_err(text)?;
        if written.status != 200 {
            return Err(format!("a write answered {}", written.status));
        }
        self.ask("DELETE", "/v1/kv/ready", None).await.map_err(text)?;
        let health = self.ask("GET", &format!("/v1/health/node/{NODE}"), None).await.map_err(text)?;
        if !health.text().contains("passing") {
            return Err("the node is not healthy".into());
        }
        let nodes = self.json("/v1/catalog/nodes").await.map_err(text)?;
        // The agent fills in its node's addresses a moment after the leader made the node.
        let mut complete =
            nodes.as_array().into_iter().flatten().filter(|node| !node["TaggedAddresses"].is_null());
        let own = complete.find(|node| node["Node"] == NODE);
        let id = own.and_then(|node| node["ID"].as_str()).filter(|id| !id.is_empty());
        id.map(str::to_owned).ok_or_else(|| "the node is not in the catalog".into())
    }

    /// One plain request.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<Answer, Failure> {
        wire::exchange(self.http, method, path, &[], body).await
    }

    async fn json(&self, path: &str) -> Result<Value, Failure> {
        let answer = self.ask("GET", path, None).await?;
        Ok(serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// Takes away what a case left: other nodes, the agent's services and checks, maintenance, keys.
    /// Whether the server's own node was whole after it.
    pub(crate) async fn sweep(&self) -> Result<bool, Failure> {
        for kind in ["service", "check"] {
            let held = self.json(&format!("/v1/agent/{kind}s")).await?;
            for id in held.as_object().into_iter().flat_map(|map| map.keys()) {
                let path = format!("/v1/agent/{kind}/deregister/{}", escaped(id));
                self.ask("PUT", &path, None).await?;
            }
        }
        self.ask("PUT", "/v1/agent/maintenance?enable=false", None).await?;
        self.ask("DELETE", "/v1/kv/?recurse", None).await?;
        for node in self.json("/v1/catalog/nodes").await?.as_array().into_iter().flatten() {
            if node["Node"] != NODE {
                self.deregister(&[("Node", &node["Node"])]).await?;
            }
        }
        self.sweep_own_node().await
    }

    /// What was put on the agent's own node in the catalog; the agent takes its own things away itself, later.
    async fn sweep_own_node(&self) -> Result<bool, Failure> {
        let deadline = Instant::now() + SWEPT;
        loop {
            let own = self.json(&format!("/v1/catalog/node/{NODE}")).await?;
            let checks = self.json(&format!("/v1/health/node/{NODE}")).await?;
            let node = Value::from(NODE);
            let mut left = 0;
            for id in own["Services"].as_object().into_iter().flat_map(|map| map.keys()) {
                if id != "consul" {
                    left += 1;
                    self.deregister(&[("Node", &node), ("ServiceID", &Value::from(id.as_str()))]).await?;
                }
            }
            for check in checks.as_array().into_iter().flatten() {
                if check["CheckID"] != "serfHealth" {
                    left += 1;
                    self.deregister(&[("Node", &node), ("CheckID", &check["CheckID"])]).await?;
                }
            }
            let healthy =
                checks.as_array().into_iter().flatten().any(|check| check["CheckID"] == "serfHealth");
            let whole = left == 0 && healthy && own["Services"]["consul"].is_object();
            if whole || Instant::now() > deadline {
                return Ok(whole);
            }
        }
    }

    async fn deregister(&self, fields: &[(&str, &Value)]) -> Result<(), Failure> {
        let body: serde_json::Map<String, Value> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect();
        let text = Value::Object(body).to_string();
        self.ask("PUT", "/v1/catalog/deregister", Some(text.as_bytes())).await.map(|_| ())
    }

    /// Ends the process and waits for its end.
    pub(crate) async fn stop(mut self) {
        let _ = self.process.kill().await;
    }
}

/// Percent-encodes all but letters and digits.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// Five ports that were free a moment ago, all different.
fn free_ports() -> Result<[u16; 5], Failure> {
    let failed = |error: std::io::Error| Failure::Start(format!("no free port: {error}"));
    let mut held = Vec::new();
    let mut ports = [0; 5];
    for port in &mut ports {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
        *port = listener.local_addr().map_err(failed)?.port();
        held.push(listener);
    }
    Ok(ports)
}

async fn version(binary: &Path) -> Result<String, Failure> {
    let output = Command::new(binary)
        .arg("--version")
        .output()
        .await
        .map_err(|error| Failure::Start(format!("{}: {error}", binary.display())))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let word = text.split_whitespace().nth(1).unwrap_or("").trim_start_matches('v');
    if word.is_empty() {
        return Err(Failure::Start(format!("{} names no version", binary.display())));
    }
    Ok(word.to_owned())
}
