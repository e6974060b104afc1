//! Asking an agent over HTTP, a connection for each request: a server that was killed leaves none that look alive.

use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::{Agent, LONG, until};

/// What all tests of a process ask with.
static ASKING: LazyLock<(Runtime, Client)> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    (runtime, client)
});

/// Sends a request; nothing where nobody answers in time.
fn send(method: &str, url: &str, body: &str, limit: Duration) -> Option<Response> {
    let (runtime, client) = &*ASKING;
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = client.request(method, url).timeout(limit).body(body.to_owned());
    // Sent inside: the limit needs the clock of the runtime.
    runtime.block_on(async { request.send().await }).ok()
}

/// Status and body; status 0 where nobody answers in time.
fn ask(method: &str, url: &str, body: &str, limit: Duration) -> (u16, String) {
    let Some(answer) = send(method, url, body, limit) else { return (0, String::new()) };
    let status = answer.status().as_u16();
    (status, ASKING.0.block_on(async { answer.text().await }).unwrap_or_default())
}

impl Agent {
    /// `http://ip:port` of its HTTP port, and `path`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http)
    }

    /// Status and body; status 0 where nobody answers.
    #[must_use]
    pub fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.call_within(LONG, method, path, body)
    }

    /// Status and body; status 0 where nobody answers within `limit`.
    #[must_use]
    pub fn call_within(&self, limit: Duration, method: &str, path: &str, body: &str) -> (u16, String) {
        ask(method, &self.url(path), body, limit)
    }

    /// A GET: status and body.
    #[must_use]
    pub fn get(&self, path: &str) -> (u16, String) {
        self.call("GET", path, "")
    }

    /// A PUT: status and body.
    #[must_use]
    pub fn put(&self, path: &str, body: &str) -> (u16, String) {
        self.call("PUT", path, body)
    }

    /// A PUT that must be taken.
    pub fn done(&self, path: &str, body: &str) {
        let (status, text) = self.put(path, body);
        assert_eq!(status, 200, "{path} {body}: {text}");
    }

    /// A GET whose answer is JSON; null where it is none.
    #[must_use]
    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).1).unwrap_or_default()
    }

    /// What the RPC port answers to `body` at `path`.
    #[must_use]
    pub fn put_rpc(&self, path: &str, body: &str) -> String {
        ask("PUT", &format!("http://{}{path}", self.address()), body, LONG).1
    }

    /// The value of one header of the answer to a GET.
    #[must_use]
    pub fn header(&self, path: &str, name: &str) -> Option<String> {
        let answer = send("GET", &self.url(path), "", LONG)?;
        Some(answer.headers().get(name)?.to_str().ok()?.to_owned())
    }

    /// The index that belongs to an answer.
    #[must_use]
    pub fn index(&self, path: &str) -> u64 {
        self.header(path, "X-Consul-Index").expect("no X-Consul-Index").parse().unwrap()
    }

    /// A GET that somebody else waits for.
    #[must_use]
    pub fn get_in_background(&self, path: &str) -> Receiver<(u16, String)> {
        let (done, answer) = channel();
        let url = self.url(path);
        std::thread::spawn(move || {
            let _ = done.send(ask("GET", &url, "", LONG));
        });
        answer
    }

    /// Waits until a leader is known and a write is taken.
    pub fn wait_until_writable(&self) {
        until("there is a leader, and a write is taken", || {
            self.get("/v1/status/leader").1.len() > 4 && self.put("/v1/kv/ready", "x").0 == 200
        });
    }

    /// Registers an instance of a service on a node that has no agent.
    pub fn register(&self, node: &str, address: &str, service: &str, own: &str) {
        let body = format!(
            r#"{{"Node":"{node}","Address":"{address}","Service":{{"Service":"{service}","Address":"{own}","Port":80}}}}"#
        );
        self.done("/v1/catalog/register", &body);
    }

    /// Whether this agent's node is there and passing, as `server` sees it.
    #[must_use]
    pub fn passes_at(&self, server: &Self) -> bool {
        let (_, checks) = server.get(&format!("/v1/health/node/{}", self.name));
        checks.contains("serfHealth") && checks.contains(r#""Status":"passing""#)
    }
}
