//! A server for tests: a real port of the sort between hosts, and behind it a catalog of a few names, whose manner
//! the test decides.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use muster_server::doors;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Manner {
    /// As a server of a cluster does.
    Leads,
    /// As one that nobody leads.
    Leaderless,
    /// Not at all.
    Silent,
}

/// What it knows.
struct Catalog {
    manner: Manner,
    servers: Vec<String>,
    /// By path: version and body.
    names: BTreeMap<String, (u64, String)>,
}

struct Desk {
    catalog: watch::Sender<Catalog>,
    /// `METHOD path`, without queries.
    asked: Mutex<Vec<String>>,
}

pub(super) struct FakeServer {
    pub(super) address: String,
    desk: Arc<Desk>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl FakeServer {
    pub(super) async fn start(manner: Manner) -> Self {
        Self::start_at("127.0.0.1:0", manner).await
    }

    pub(super) async fn start_at(address: &str, manner: Manner) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let catalog = Catalog { manner, servers: vec![address.clone()], names: BTreeMap::new() };
        let desk = Arc::new(Desk { catalog: watch::Sender::new(catalog), asked: Mutex::default() });
        let router = Router::new().fallback(answer).with_state(desk.clone());
        let limits = doors::Limits::between_hosts();
        let serving = tokio::spawn(doors::serve(listener, router, limits, CancellationToken::new()));
        Self { address, desk, serving }
    }

    pub(super) fn turn(&self, manner: Manner) {
        self.desk.catalog.send_modify(|catalog| catalog.manner = manner);
    }

    pub(super) fn list(&self, servers: &[&str]) {
        let servers = servers.iter().map(|&server| server.into()).collect();
        self.desk.catalog.send_modify(|catalog| catalog.servers = servers);
    }

    /// Another answer at `path`.
    pub(super) fn set(&self, path: &str, body: &str) {
        self.desk.catalog.send_modify(|catalog| {
            let version = catalog.names.get(path).map_or(1, |(version, _)| *version) + 1;
            catalog.names.insert(path.into(), (version, body.into()));
        });
    }

    /// How often `METHOD path` was asked.
    pub(super) fn asked(&self, what: &str) -> usize {
        self.desk.asked.lock().iter().filter(|asked| asked.starts_with(what)).count()
    }

    /// Ends it as a crash does.
    pub(super) async fn kill(self) {
        self.serving.abort();
        let _ = self.serving.await;
    }
}

/// A service with one instance, as servers tell of it.
pub(super) fn service_at(address: &str) -> String {
    format!(
        r#"[{{"node":{{"name":"n1","address":"{address}","meta":[]}},"address":"","port":80,"tags":[],"weights":[1,1],"health":"passing"}}]"#
    )
}

/// Waits until `done`.
pub(super) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"));
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    desk.asked.lock().push(format!("{} {path}", request.method()));
    let mut catalog = desk.catalog.subscribe();
    let manner = catalog.borrow().manner;
    match (manner, path.as_str()) {
        (Manner::Silent, _) => std::future::pending().await,
        (_, path) if path.starts_with("/names/") => name(&mut catalog, path, request.uri().query()).await,
        (Manner::Leaderless, _) => (StatusCode::INTERNAL_SERVER_ERROR, "No cluster leader").into_response(),
        (_, "/servers") => serde_json::to_string(&catalog.borrow().servers).unwrap().into_response(),
        (_, "/hang") => std::future::pending().await,
        _ => "done".into_response(),
    }
}

async fn name(catalog: &mut watch::Receiver<Catalog>, path: &str, query: Option<&str>) -> Response {
    let index = query.and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("index=")));
    let seen: u64 = index.map_or(0, |index| index.parse().unwrap());
    let none = if path.contains("/node/") { "null" } else { "[]" };
    let held = |catalog: &Catalog| catalog.names.get(path).cloned().unwrap_or((1, none.into()));
    let catalog = catalog.wait_for(|catalog| held(catalog).0 != seen).await.unwrap();
    let (version, body) = held(&catalog);
    Response::builder()
        .header("X-Consul-Index", version)
        .header("X-Consul-KnownLeader", (catalog.manner == Manner::Leads).to_string())
        .body(Body::from(body))
        .unwrap()
}
