//! The way of a client agent to the servers: HTTP/2 to the RPC port of one of them, to another where that one
//! is gone. A request that may have been done is not sent again unless it only reads.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use muster_agent::{Unreachable, Upstream};
use muster_api::Reply;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// A connection on which nothing comes back for so long is dead.
const PROBE: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_secs(1);
/// A renewal of a lease that is not answered by then goes to the next server: sooner than the connection is known
/// to be dead, so that the lease outlives the server that it was renewed with.
const RENEWAL: Duration = Duration::from_millis(600);
/// Longer than any blocking query.
const LONGEST: Duration = Duration::from_secs(700);
/// Between two looks for the list of servers.
const REFRESH: Duration = Duration::from_secs(30);
const RETRY: Duration = Duration::from_secs(1);
/// Headers that belong to one connection, not to the request.
const HOP_BY_HOP: [&str; 6] =
    ["connection", "host", "keep-alive", "transfer-encoding", "upgrade", "content-length"];

/// The servers that are known, the one in use first.
#[derive(Clone)]
pub(super) struct Servers {
    client: reqwest::Client,
    known: Arc<Mutex<Vec<String>>>,
    default_port: u16,
}

enum Failed {
    /// It was not sent.
    Before(String),
    /// It may have been done.
    After(String),
}

impl Servers {
    pub(super) fn new(addresses: Vec<String>, default_port: u16) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .http2_prior_knowledge()
            .http2_keep_alive_interval(PROBE)
            .http2_keep_alive_timeout(PROBE)
            .http2_keep_alive_while_idle(true)
            .connect_timeout(CONNECT)
            .timeout(LONGEST)
            .tcp_nodelay(true)
            .no_proxy()
            .build()?;
        Ok(Self { client, known: Arc::new(Mutex::new(addresses)), default_port })
    }

    /// Keeps the list of servers true until `token` ends it.
    pub(super) async fn refresh(&self, token: &CancellationToken) {
        loop {
            let request = Request::get("/servers").body(Bytes::new());
            let asked = match request {
                Ok(request) => tokio::time::timeout(CONNECT * 5, self.call(request)).await.ok(),
                Err(_) => None,
            };
            let listed = asked.and_then(Result::ok).filter(|reply| reply.status().is_success());
            let listed = listed.and_then(|reply| serde_json::from_slice::<Vec<String>>(reply.body()).ok());
            let pause = match listed {
                Some(servers) if !servers.is_empty() => {
                    self.learn(&servers);
                    REFRESH
                }
                _ => RETRY,
            };
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// New servers come last; the addresses that were configured are never forgotten.
    fn learn(&self, servers: &[String]) {
        let mut known = self.known.lock();
        for server in servers {
            if !known.contains(server) {
                known.push(server.clone());
            }
        }
    }

    /// Puts a server that did not answer behind the others.
    fn distrust(&self, address: &str) {
        let mut known = self.known.lock();
        if known.first().is_some_and(|first| first == address) {
            known.rotate_left(1);
        }
    }

    async fn send(&self, address: &str, request: &Request<Bytes>) -> Result<Reply, Failed> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let mut call = self.client.request(request.method().clone(), format!("http://{address}{path}"));
        for (name, value) in request.headers() {
            if !HOP_BY_HOP.contains(&name.as_str()) {
                call = call.header(name, value);
            }
        }
        let answer = call.body(request.body().clone()).send().await.map_err(|error| {
            let words = words(&error);
            if error.is_connect() { Failed::Before(words) } else { Failed::After(words) }
        })?;
        let mut reply = Reply::new(Bytes::new());
        *reply.status_mut() = answer.status();
        for (name, value) in answer.headers() {
            if !HOP_BY_HOP.contains(&name.as_str()) && name != http::header::DATE {
                reply.headers_mut().append(name, value.clone());
            }
        }
        *reply.body_mut() = answer.bytes().await.map_err(|error| Failed::After(words(&error)))?;
        Ok(reply)
    }
}

fn words(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}

impl Upstream for Servers {
    async fn call(&self, request: Request<Bytes>) -> Result<Reply, Unreachable> {
        let servers = self.known.lock().clone();
        if servers.is_empty() {
            return Err(Unreachable("No known Consul servers".into()));
        }
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let renews = request.uri().path() == "/lease";
        let mut last = String::new();
        for address in &servers {
            let sent = self.send(address, &request);
            let answer = if renews {
                let late = |_| Err(Failed::After(format!("no answer within {RENEWAL:?}")));
                tokio::time::timeout(RENEWAL, sent).await.unwrap_or_else(late)
            } else {
                sent.await
            };
            match answer {
                Ok(reply) => return Ok(reply),
                Err(Failed::Before(words)) => {
                    self.distrust(address);
                    last = format!("{address}: {words}");
                }
                Err(Failed::After(words)) => {
                    self.distrust(address);
                    last = format!("{address}: {words}");
                    if !reads && !renews {
                        break;
                    }
                }
            }
        }
        Err(Unreachable(format!("rpc error making call: {last}")))
    }

    async fn add(&self, address: String) -> Result<(), Unreachable> {
        let address = super::with_port(&address, self.default_port);
        super::reachable(&address).await.map_err(Unreachable)?;
        self.learn(&[address]);
        Ok(())
    }
}
