//! Real `muster` processes, on ports that are free at the time; ended when dropped.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// One server and how to start it again.
pub(crate) struct Server {
    process: Option<Child>,
    http: u16,
    dns: u16,
    rpc: u16,
    arguments: Vec<String>,
    /// What it writes to standard error.
    words: tempfile::NamedTempFile,
    data: tempfile::TempDir,
}

/// Several servers that found a cluster together.
pub(crate) struct Cluster {
    pub(crate) servers: Vec<Server>,
}

impl Server {
    /// One server that founds its own cluster, ready to write.
    pub(crate) fn start_alone() -> Self {
        let server = Self::start_with(&["-bootstrap"]);
        server.wait_for_leader(Duration::from_secs(20));
        server
    }

    /// One server with more arguments.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        let more: Vec<String> = more.iter().map(|&argument| argument.to_owned()).collect();
        Self::start(free_port(), tempfile::tempdir().unwrap(), &more)
    }

    /// One server that founds its own cluster in `data`.
    pub(crate) fn start_in(data: tempfile::TempDir, more: &[&str]) -> Self {
        let more: Vec<String> =
            ["-bootstrap"].iter().chain(more).map(|&argument| argument.to_owned()).collect();
        let server = Self::start(free_port(), data, &more);
        server.wait_for_leader(Duration::from_secs(20));
        server
    }

    fn start(rpc: u16, data: tempfile::TempDir, more: &[String]) -> Self {
        let (http, dns) = (free_port(), free_port());
        let mut arguments: Vec<String> = ["agent", "-server", "-log-level", "error"].map(String::from).into();
        for (flag, value) in [("-http-port", http), ("-dns-port", dns), ("-server-port", rpc)] {
            arguments.extend([flag.to_owned(), value.to_string()]);
        }
        arguments.extend(["-node".to_owned(), format!("server-{rpc}")]);
        arguments.extend(["-data-dir".to_owned(), data.path().display().to_string()]);
        arguments.extend_from_slice(more);
        let mut server = Self {
            process: None,
            http,
            dns,
            rpc,
            arguments,
            words: tempfile::NamedTempFile::new().unwrap(),
            data,
        };
        server.start_again();
        server
    }

    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        let words = self.words.reopen().unwrap();
        command.args(&self.arguments).stdin(Stdio::null()).stderr(words);
        self.process = Some(command.spawn().unwrap());
    }

    /// Starts it again on a disk that was lost: the same ports, and nothing else.
    pub(crate) fn start_again_on_an_empty_disk(&mut self) {
        self.start_again_on_an_empty_disk_as(None);
    }

    /// The same, and under this node's ID where one is given.
    pub(crate) fn start_again_on_an_empty_disk_as(&mut self, node_id: Option<&str>) {
        std::fs::remove_dir_all(self.data.path()).unwrap();
        std::fs::create_dir(self.data.path()).unwrap();
        if let Some(node_id) = node_id {
            std::fs::write(self.data.path().join("node-id"), node_id).unwrap();
        }
        self.start_again();
    }

    /// Its node's ID, as it is on its disk.
    pub(crate) fn node_id(&self) -> String {
        std::fs::read_to_string(self.data.path().join("node-id")).unwrap()
    }

    /// Starts it again with another RPC port.
    pub(crate) fn start_again_elsewhere(&mut self) {
        let port = self.arguments.iter().position(|argument| argument == "-server-port").unwrap() + 1;
        self.rpc = free_port();
        self.arguments[port] = self.rpc.to_string();
        self.start_again();
    }

    /// What the RPC port answers to `body` at `path`.
    pub(crate) fn put_rpc(&self, path: &str, body: &str) -> String {
        call(self.rpc, "PUT", path, body).1
    }

    /// Ends the process with SIGKILL: nothing is told, nothing is flushed.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// `ip:port` of its RPC port.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.rpc)
    }

    /// Its node's name.
    pub(crate) fn node(&self) -> String {
        let node = self.arguments.iter().position(|argument| argument == "-node").unwrap() + 1;
        self.arguments[node].clone()
    }

    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let process = self.process.as_ref().unwrap();
        let pid = nix::unistd::Pid::from_raw(i32::try_from(process.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// The exit code of a process that ends by itself.
    pub(crate) fn wait_for_exit(&mut self, limit: Duration) -> Option<i32> {
        let mut process = self.process.take().unwrap();
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = process.try_wait().unwrap() {
                assert!(status.code().is_some(), "it ended by a signal: {status}");
                return status.code();
            }
            if Instant::now() > deadline {
                self.process = Some(process);
                panic!("the process goes on after {limit:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The exit code, and what was written to standard error.
    pub(crate) fn wait_for_exit_and_words(&mut self, limit: Duration) -> (Option<i32>, String) {
        let code = self.wait_for_exit(limit);
        (code, std::fs::read_to_string(self.words.path()).unwrap_or_default())
    }

    /// The value of one header.
    pub(crate) fn header(&self, path: &str, name: &str) -> Option<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client =
                reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().unwrap();
            let answer = client.get(format!("http://127.0.0.1:{}{path}", self.http)).send().await.ok()?;
            Some(answer.headers().get(name)?.to_str().ok()?.to_owned())
        })
    }

    pub(crate) fn wait_for_leader(&self, limit: Duration) {
        let deadline = Instant::now() + limit;
        while self.get("/v1/status/leader").1.len() < 5 || self.put("/v1/kv/ready", "x").0 != 200 {
            assert!(Instant::now() < deadline, "no leader within {limit:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.call("GET", path, "")
    }

    pub(crate) fn put(&self, path: &str, body: &str) -> (u16, String) {
        self.call("PUT", path, body)
    }

    /// Status and body; status 0 where nobody answers.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (status, body, _) = call(self.http, method, path, body);
        (status, body)
    }

    /// The index that belongs to an answer.
    pub(crate) fn index(&self, path: &str) -> u64 {
        call(self.http, "GET", path, "").2.expect("no X-Consul-Index")
    }

    pub(crate) fn get_in_background(&self, path: &str) -> Receiver<(u16, String)> {
        let (done, answer) = channel();
        let (port, path) = (self.http, path.to_owned());
        std::thread::spawn(move || {
            let (status, body, _) = call(port, "GET", &path, "");
            let _ = done.send((status, body));
        });
        answer
    }

    /// What `dig +short` says.
    pub(crate) fn dig(&self, name: &str, kind: &str) -> Vec<String> {
        let port = self.dns.to_string();
        let output = Command::new("dig")
            .args(["@127.0.0.1", "-p", &port, name, kind, "+short", "+tries=1", "+time=3"])
            .output()
            .expect("dig, from Debian's dnsutils");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// What the command line prints when it is pointed at this server.
    pub(crate) fn muster(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_muster"))
            .args(arguments)
            .env("CONSUL_HTTP_ADDR", format!("127.0.0.1:{}", self.http))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprint!("{}: {}", self.node(), std::fs::read_to_string(self.words.path()).unwrap_or_default());
        }
    }
}

impl Cluster {
    pub(crate) fn start(size: usize) -> Self {
        let ports: Vec<u16> = (0..size).map(|_| free_port()).collect();
        let servers = ports.iter().map(|rpc| {
            let mut more = vec![format!("-bootstrap-expect={size}")];
            more.extend(
                ports
                    .iter()
                    .filter(|other| *other != rpc)
                    .map(|other| format!("-retry-join=127.0.0.1:{other}")),
            );
            Server::start(*rpc, tempfile::tempdir().unwrap(), &more)
        });
        Self { servers: servers.collect() }
    }

    pub(crate) fn wait_for_leader(&self, limit: Duration) {
        self.servers.iter().for_each(|server| server.wait_for_leader(limit));
    }

    /// Which server leads.
    pub(crate) fn leader(&self) -> usize {
        let (_, address) = self.servers[0].get("/v1/status/leader");
        let port = address.trim_matches('"').rsplit(':').next().unwrap().to_owned();
        let leads = |server: &Server| {
            server.arguments.windows(2).any(|two| two[0] == "-server-port" && two[1] == port)
        };
        self.servers.iter().position(leads).expect("the leader is one of ours")
    }
}

/// A port that is free for TCP and UDP now. Below the range from which the system gives out ports by itself.
fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 10_000 + u16::try_from(std::process::id() % 1000).unwrap() * 20;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed) % 2000;
        let tcp = TcpListener::bind(("127.0.0.1", port));
        let udp = UdpSocket::bind(("127.0.0.1", port));
        if tcp.is_ok() && udp.is_ok() {
            return port;
        }
    }
}

fn call(port: u16, method: &str, path: &str, body: &str) -> (u16, String, Option<u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(40)).build().unwrap();
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("http://127.0.0.1:{port}{path}");
        match client.request(method, url).body(body.to_owned()).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let index = answer
                    .headers()
                    .get("X-Consul-Index")
                    .and_then(|value| value.to_str().ok()?.parse().ok());
                (status, answer.text().await.unwrap_or_default(), index)
            }
            Err(_) => (0, String::new(), None),
        }
    })
}
