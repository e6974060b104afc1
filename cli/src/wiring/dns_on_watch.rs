//! The directory of a client agent: answers in memory, each kept fresh by a watch. The first question about a
//! name waits for the first answer of its watch; a server that cannot be reached leaves the last good answer.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use muster_agent::Upstream;
use muster_dns::{Directory, Health, Instance, NodeFacts, Owner, Subject};
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Most names that are watched at once; more are asked for one by one.
const MOST: usize = 10_000;
/// A watch that nobody asked about for so long ends.
const IDLE: Duration = Duration::from_secs(600);
/// How long the first question about a name waits.
const FIRST: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_secs(1);

/// What is known of a subject.
#[derive(Clone, Debug)]
enum Known {
    Service(Vec<Instance>),
    Node(Option<NodeFacts>),
}

struct Slot {
    /// 0 until the first answer.
    version: AtomicU64,
    /// Seconds since `began` of the last question.
    asked: AtomicU64,
    known: watch::Sender<Option<Arc<Known>>>,
}

type Slots = Arc<RwLock<BTreeMap<String, Arc<Slot>>>>;

/// Answers from memory.
pub(super) struct DnsOnWatch<U> {
    upstream: U,
    slots: Slots,
    starts: mpsc::Sender<(String, Arc<Slot>)>,
    began: Instant,
}

impl<U: Upstream> DnsOnWatch<U> {
    /// The directory, and its watches to be driven.
    pub(super) fn new(upstream: U, token: CancellationToken) -> (Self, impl Future<Output = ()>) {
        let (starts, started) = mpsc::channel(64);
        let slots = Slots::default();
        let began = Instant::now();
        let driving = drive(upstream.clone(), slots.clone(), started, began, token);
        (Self { upstream, slots, starts, began }, driving)
    }

    fn slot(&self, path: &str) -> Option<Arc<Slot>> {
        let slot = self.slots.read().get(path).cloned()?;
        slot.asked.store(self.began.elapsed().as_secs(), Ordering::Relaxed);
        Some(slot)
    }

    /// A place for a new watch; none where there are too many.
    fn place(&self, path: &str) -> Option<Arc<Slot>> {
        let mut slots = self.slots.write();
        if slots.len() >= MOST && !slots.contains_key(path) {
            return None;
        }
        let fresh = || Slot {
            version: AtomicU64::new(0),
            asked: AtomicU64::new(self.began.elapsed().as_secs()),
            known: watch::Sender::new(None),
        };
        Some(slots.entry(path.to_owned()).or_insert_with(|| Arc::new(fresh())).clone())
    }

    /// What the watch of `path` knows; starts one and waits for it where there is none.
    async fn known(&self, path: String) -> Option<Arc<Known>> {
        let slot = match self.slot(&path) {
            Some(slot) => slot,
            None => match self.place(&path) {
                Some(slot) => {
                    self.starts.send((path, slot.clone())).await.ok()?;
                    slot
                }
                None => return fetch(&self.upstream, &path, 0).await.ok().map(|(_, known)| Arc::new(known)),
            },
        };
        let mut known = slot.known.subscribe();
        timeout(FIRST, known.wait_for(Option::is_some)).await.ok()?.ok()?.clone()
    }
}

async fn drive<U: Upstream>(
    upstream: U,
    slots: Slots,
    mut started: mpsc::Receiver<(String, Arc<Slot>)>,
    began: Instant,
    token: CancellationToken,
) {
    let mut watches = JoinSet::new();
    let mut running: std::collections::BTreeSet<String> = std::collections::BTreeSet::new();
    loop {
        tokio::select! {
            () = token.cancelled() => break,
            Some(ended) = watches.join_next() => {
                if let Ok(path) = ended {
                    running.remove(&path);
                    slots.write().remove(&path);
                }
            }
            start = started.recv() => {
                let Some((path, slot)) = start else { break };
                if running.insert(path.clone()) {
                    watches.spawn(keep_fresh(upstream.clone(), path, slot, began));
                }
            }
        }
    }
    watches.shutdown().await;
}

/// Watches `path` until nobody asks for it any more; then gives the path back.
async fn keep_fresh<U: Upstream>(upstream: U, path: String, slot: Arc<Slot>, began: Instant) -> String {
    let mut index = 0;
    loop {
        match fetch(&upstream, &path, index).await {
            Ok((at, known)) => {
                if at != index || index == 0 {
                    slot.known.send_replace(Some(Arc::new(known)));
                    slot.version.fetch_add(1, Ordering::Release);
                }
                // An index that ran back means a replaced state: begin anew.
                index = if at < index { 0 } else { at };
            }
            Err(error) => {
                tracing::debug!(%path, error, "a watch will ask again");
                index = 0;
                tokio::time::sleep(PAUSE).await;
            }
        }
        let idle = began.elapsed().as_secs().saturating_sub(slot.asked.load(Ordering::Relaxed));
        if idle > IDLE.as_secs() {
            return path;
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    node: NodeJson,
    service: ServiceJson,
    checks: Vec<CheckJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NodeJson {
    node: Arc<str>,
    address: Arc<str>,
    meta: Option<BTreeMap<Arc<str>, Arc<str>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceJson {
    address: Arc<str>,
    port: u16,
    tags: Option<Vec<Arc<str>>>,
    weights: WeightsJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WeightsJson {
    passing: u32,
    warning: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CheckJson {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NodeWithServices {
    node: NodeJson,
}

/// Asks once, blocking where `index` is above 0.
async fn fetch<U: Upstream>(upstream: &U, path: &str, index: u64) -> Result<(u64, Known), String> {
    let request = Request::get(format!("{path}?stale&index={index}&wait=60s")).body(Bytes::new());
    let reply = upstream.call(request.map_err(|error| error.to_string())?).await;
    let reply = reply.map_err(|error| error.to_string())?;
    if !reply.status().is_success() {
        return Err(format!("{}: {}", reply.status(), String::from_utf8_lossy(reply.body())));
    }
    let index = reply.headers().get("x-consul-index").and_then(|value| value.to_str().ok()?.parse().ok());
    let unreadable = |error: serde_json::Error| error.to_string();
    let known = if path.starts_with("/v1/health/service/") {
        let entries: Vec<Entry> = serde_json::from_slice(reply.body()).map_err(unreadable)?;
        Known::Service(entries.into_iter().map(instance).collect())
    } else {
        let found: Option<NodeWithServices> = serde_json::from_slice(reply.body()).map_err(unreadable)?;
        Known::Node(found.map(|found| facts(found.node)))
    };
    Ok((index.unwrap_or(1), known))
}

fn facts(node: NodeJson) -> NodeFacts {
    let meta = node.meta.unwrap_or_default().into_iter().collect();
    NodeFacts { name: node.node, address: node.address, meta }
}

fn instance(entry: Entry) -> Instance {
    let bad = |status: &str| entry.checks.iter().any(|check| check.status == status);
    let health = match (bad("critical"), bad("warning")) {
        (true, _) => Health::Critical,
        (false, true) => Health::Warning,
        (false, false) => Health::Passing,
    };
    Instance {
        node: facts(entry.node),
        address: entry.service.address,
        port: entry.service.port,
        tags: entry.service.tags.unwrap_or_default(),
        weights: (entry.service.weights.passing, entry.service.weights.warning),
        health,
    }
}

fn path_of(subject: &Subject) -> Option<String> {
    let segment = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    match subject {
        Subject::Service(name) => Some(format!("/v1/health/service/{}", segment(name))),
        Subject::Node(name) => Some(format!("/v1/catalog/node/{}", segment(name))),
        Subject::Address(_) | Subject::Servers => None,
    }
}

impl<U: Upstream> Directory for DnsOnWatch<U> {
    fn version(&self, subject: &Subject) -> Option<u64> {
        let slot = self.slot(&path_of(subject)?)?;
        Some(slot.version.load(Ordering::Acquire)).filter(|version| *version > 0)
    }

    async fn service(&self, name: &Arc<str>) -> Option<Vec<Instance>> {
        let path = path_of(&Subject::Service(name.clone()))?;
        match &*self.known(path).await? {
            Known::Service(instances) => Some(instances.clone()),
            Known::Node(_) => None,
        }
    }

    async fn node(&self, name: &Arc<str>) -> Option<Option<NodeFacts>> {
        let path = path_of(&Subject::Node(name.clone()))?;
        match &*self.known(path).await? {
            Known::Node(node) => Some(node.clone()),
            Known::Service(_) => None,
        }
    }

    async fn owners_of(&self, address: IpAddr) -> Option<Vec<Owner>> {
        let request = Request::get("/v1/catalog/nodes?stale").body(Bytes::new()).ok()?;
        let reply = timeout(FIRST, self.upstream.call(request)).await.ok()?.ok()?;
        let nodes: Vec<NodeJson> = serde_json::from_slice(reply.body()).ok()?;
        let there = |node: &NodeJson| node.address.parse() == Ok(address);
        Some(nodes.into_iter().filter(there).map(|node| Owner::Node(node.node)).collect())
    }

    async fn servers(&self) -> Option<Vec<NodeFacts>> {
        let servers = self.service(&"consul".into()).await?;
        Some(servers.into_iter().map(|server| server.node).collect())
    }
}
