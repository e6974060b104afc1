//! The load: each worker has an agent that it talks to and keys that only it writes.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::UdpSocket;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::cluster::Ports;
use crate::ledger::Ledger;

/// Keys of each worker: few, so that what is stored does not grow while the memory is watched.
const KEYS: u64 = 200;
/// The longest that any request may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// One source of load.
#[derive(Clone)]
pub(crate) struct Worker {
    pub(crate) name: String,
    /// The agent that it talks to.
    pub(crate) at: Ports,
    /// The agent at which it looks for what it wrote.
    pub(crate) reads_at: Ports,
    pub(crate) client: reqwest::Client,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) stop: CancellationToken,
}

impl Worker {
    /// Writes, overwrites and deletes keys, so many a second, and reads each tenth elsewhere at once.
    pub(crate) async fn keys(self, rate: f64) {
        let mut clock = interval(Duration::from_secs_f64(1.0 / rate));
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for number in 1u64.. {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = clock.tick() => {}
            }
            let key = format!("soak/{}/{:03}", self.name, number * 7 % KEYS);
            let value = (number % 11 != 0).then_some(number);
            self.ledger.keys.lock().entry(key.clone()).or_default().unknown.push(value);
            let began = Instant::now();
            let path = format!("/v1/kv/{key}");
            let call = match value {
                Some(value) => self.client.put(self.at.url(&path)).body(value.to_string()),
                None => self.client.delete(self.at.url(&path)),
            };
            match ask(call).await {
                Ok((_, body)) if body == "true" => {
                    let mut keys = self.ledger.keys.lock();
                    let held = keys.entry(key.clone()).or_default();
                    held.acknowledged = value;
                    held.unknown.retain(|unknown| *unknown != value);
                    self.ledger.count("writes");
                }
                Ok((_, body)) => self.ledger.violated(format!("a write of {key} answered {body}")),
                Err(why) => self.ledger.failed(began, why),
            }
            if number % 10 == 0 {
                self.look_for(&key).await;
            }
        }
    }

    /// In the default mode every agent shows at once what any agent acknowledged.
    async fn look_for(&self, key: &str) {
        let began = Instant::now();
        let call = self.client.get(self.reads_at.url(&format!("/v1/kv/{key}?raw")));
        let found = match ask(call).await {
            Ok((_, body)) => body.parse::<u64>().ok(),
            Err(why) if why.starts_with("404") => None,
            Err(why) => return self.ledger.failed(began, why),
        };
        self.ledger.count("reads of what was written");
        let known = self.ledger.keys.lock().get(key).cloned().unwrap_or_default();
        if !known.allows(found) {
            self.ledger.violated(format!("{key} shows {found:?}, but {known:?}"));
        }
    }

    /// Turns the health of an instance of its own up and down through the catalog, and looks at the result.
    pub(crate) async fn catalog(self) {
        let mut clock = interval(Duration::from_millis(400));
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for round in 0u64.. {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = clock.tick() => {}
            }
            let status = if round % 2 == 0 { "passing" } else { "critical" };
            let body = json!({
                "Node": format!("node-{}", self.name), "Address": "10.9.9.9",
                "Service": { "ID": self.name, "Service": "turning", "Port": 80 },
                "Check": { "CheckID": self.name, "Name": "c", "Status": status, "ServiceID": self.name },
            });
            let began = Instant::now();
            let call = self.client.put(self.at.url("/v1/catalog/register")).body(body.to_string());
            match ask(call).await {
                Ok(_) => self.ledger.count("registrations"),
                Err(why) => {
                    self.ledger.failed(began, why);
                    continue;
                }
            }
            let began = Instant::now();
            match ask(self.client.get(self.reads_at.url("/v1/health/service/turning?passing"))).await {
                Ok((_, body)) => {
                    self.ledger.count("reads of health");
                    let there = body.contains(&format!("\"ID\":\"{}\"", self.name));
                    if there != (status == "passing") {
                        self.ledger.violated(format!("{} is {status}, but the answer is {body}", self.name));
                    }
                }
                Err(why) => self.ledger.failed(began, why),
            }
        }
    }

    /// Waits for changes of the turning service; an index never runs back.
    pub(crate) async fn watch(self) {
        let mut index = 0;
        while !self.stop.is_cancelled() {
            let began = Instant::now();
            let path = format!("/v1/health/service/turning?index={index}&wait=5s");
            let asked = ask(self.client.get(self.at.url(&path)));
            let answer = tokio::select! {
                () = self.stop.cancelled() => return,
                answer = asked => answer,
            };
            match answer {
                Ok((at, _)) => {
                    self.ledger.count("answers to watches");
                    if at < index {
                        self.ledger.violated(format!("the index of a watch ran back from {index} to {at}"));
                    }
                    index = at;
                }
                Err(why) => {
                    self.ledger.failed(began, why);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    /// Asks DNS for a service that is always there.
    pub(crate) async fn names(self) {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut clock = interval(Duration::from_millis(50));
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for id in 0u16..=u16::MAX {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = clock.tick() => {}
            }
            let began = Instant::now();
            let asked = timeout(Duration::from_secs(4), resolve(&socket, self.at.dns, id)).await;
            match asked {
                Ok(Ok((0, answers))) if answers > 0 => self.ledger.count("names"),
                Ok(Ok(other)) => self.ledger.failed(began, format!("DNS: code and answers {other:?}")),
                Ok(Err(error)) => self.ledger.failed(began, format!("no answer by DNS: {error}")),
                Err(_) => self.ledger.failed(began, "no answer by DNS in time".into()),
            }
        }
    }

    /// Renews a TTL check at its agent.
    pub(crate) async fn ttl(self) {
        let body = json!({ "Name": format!("ttl-{}", self.name), "Check": { "TTL": "10s" } });
        let mut registered = false;
        while !self.stop.is_cancelled() {
            let began = Instant::now();
            let path = match registered {
                false => "/v1/agent/service/register".to_owned(),
                true => format!("/v1/agent/check/pass/service:ttl-{}", self.name),
            };
            let body = if registered { String::new() } else { body.to_string() };
            match ask(self.client.put(self.at.url(&path)).body(body)).await {
                Ok(_) => {
                    registered = true;
                    self.ledger.count("renewals of a TTL");
                }
                Err(why) => self.ledger.failed(began, why),
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }
}

/// The index and body of an answer; its words where it is a refusal.
pub(crate) async fn ask(call: reqwest::RequestBuilder) -> Result<(u64, String), String> {
    let sent = timeout(PATIENCE, call.send()).await.map_err(|_| format!("nothing within {PATIENCE:?}"))?;
    let answer = sent.map_err(|error| format!("no answer: {}", root(&error)))?;
    let (status, index) = (answer.status(), answer.headers().get("X-Consul-Index").cloned());
    let body = answer.text().await.map_err(|error| format!("no answer: {}", root(&error)))?;
    if !status.is_success() {
        return Err(format!("{}: {body}", status.as_u16()));
    }
    let index = index.and_then(|index| index.to_str().ok()?.parse().ok()).unwrap_or(0);
    Ok((index, body))
}

/// The body as JSON, where there is one.
pub(crate) async fn ask_json(call: reqwest::RequestBuilder) -> Value {
    let answer = ask(call).await;
    answer.ok().and_then(|(_, body)| serde_json::from_str(&body).ok()).unwrap_or(Value::Null)
}

fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Asks for `consul.service.consul A`; the response code and the number of answers.
async fn resolve(socket: &UdpSocket, port: u16, id: u16) -> std::io::Result<(u8, u16)> {
    let mut packet = Vec::from(id.to_be_bytes());
    packet.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in ["consul", "service", "consul"] {
        packet.push(u8::try_from(label.len()).unwrap());
        packet.extend(label.as_bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    socket.connect((Ipv4Addr::LOCALHOST, port)).await?;
    socket.send(&packet).await?;
    let mut answer = [0; 512];
    loop {
        let length = socket.recv(&mut answer).await?;
        if length >= 12 && answer[..2] == id.to_be_bytes() {
            return Ok((answer[3] & 15, u16::from_be_bytes([answer[6], answer[7]])));
        }
    }
}
