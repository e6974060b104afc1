//! A server and a client agent as processes of their own, on ports that are free at the time.

use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const LONG: Duration = Duration::from_secs(60);

/// One process and how to start it again.
pub(crate) struct Process {
    child: Option<Child>,
    arguments: Vec<String>,
    pub(crate) http: u16,
    pub(crate) data: tempfile::TempDir,
    /// What it writes to standard error.
    words: tempfile::NamedTempFile,
}

impl Process {
    /// One server that founds its own cluster; its RPC port besides.
    pub(crate) fn server() -> (Self, u16) {
        let rpc = free_port();
        let more = ["-server".to_owned(), "-bootstrap".to_owned(), format!("-server-port={rpc}")];
        let server = Self::new("server", &more);
        until("the server can be written to", || server.put("/v1/kv/ready", "x").0 == 200);
        (server, rpc)
    }

    /// A client agent that has not been started.
    pub(crate) fn host(rpc: u16, more: &[String]) -> Self {
        let mut arguments = vec![format!("-retry-join=127.0.0.1:{rpc}")];
        arguments.extend_from_slice(more);
        let mut host = Self::new("host", &arguments);
        host.kill();
        host
    }

    fn new(node: &str, more: &[String]) -> Self {
        let (http, dns) = (free_port(), free_port());
        let data = tempfile::tempdir().unwrap();
        let mut arguments = vec!["agent".to_owned(), format!("-node={node}")];
        arguments.push(format!("-http-port={http}"));
        arguments.push(format!("-dns-port={dns}"));
        arguments.push(format!("-data-dir={}", data.path().display()));
        arguments.extend_from_slice(more);
        let words = tempfile::NamedTempFile::new().unwrap();
        let mut process = Self { child: None, arguments, http, data, words };
        process.start();
        process
    }

    pub(crate) fn start(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.args(&self.arguments).stdin(Stdio::null()).stderr(self.words.reopen().unwrap());
        self.child = Some(command.spawn().unwrap());
    }

    /// Starts it and waits until it answers.
    pub(crate) fn start_and_wait(&mut self) {
        self.start();
        until("the agent answers", || self.get("/v1/agent/services").is_object());
    }

    /// Ends the process with SIGKILL: nothing is told, nothing is flushed.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = i32::try_from(self.child.as_ref().unwrap().id()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), signal).unwrap();
    }

    /// What it said so far.
    pub(crate) fn words(&self) -> String {
        std::fs::read_to_string(self.words.path()).unwrap_or_default()
    }

    pub(crate) fn put(&self, path: &str, body: &str) -> (u16, String) {
        call(self.http, "PUT", path, body)
    }

    /// One PUT that is taken.
    pub(crate) fn done(&self, path: &str, body: &str) {
        assert_eq!(self.put(path, body), (200, String::new()), "{path} {body}");
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        serde_json::from_str(&call(self.http, "GET", path, "").1).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprint!("{:?}: {}", self.arguments, self.words());
        }
    }
}

pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !done() {
        assert!(Instant::now() < deadline, "not within {LONG:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that is free for TCP and UDP now. Below the range from which the system gives out ports by itself.
fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 10_000 + u16::try_from(std::process::id() % 1000).unwrap() * 20;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed) % 2000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Status and body; status 0 where nobody answers.
fn call(port: u16, method: &str, path: &str, body: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().unwrap();
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("http://127.0.0.1:{port}{path}");
        match client.request(method, url).body(body.to_owned()).send().await {
            Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
            Err(_) => (0, String::new()),
        }
    })
}
