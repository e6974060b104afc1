//! Real `muster` processes, servers and client agents, on ports that are free at the time; ended when dropped.

use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// One agent, on a server or without.
pub(crate) struct Agent {
    process: Option<Child>,
    pub(crate) name: String,
    http: u16,
    dns: u16,
    rpc: u16,
    arguments: Vec<String>,
    /// What it writes to standard error.
    words: tempfile::NamedTempFile,
    _data: tempfile::TempDir,
}

/// Waits until `done`.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !done() {
        assert!(Instant::now() < deadline, "not within {LONG:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Agent {
    /// A server that founds its own cluster.
    pub(crate) fn server() -> Self {
        let server = Self::start(free_port(), &["-server", "-bootstrap"].map(String::from));
        server.wait_for_leader();
        server
    }

    /// A server that nobody has taken in.
    pub(crate) fn lost_server() -> Self {
        Self::start(free_port(), &["-server"].map(String::from))
    }

    /// Three servers that found a cluster together.
    pub(crate) fn three_servers() -> Vec<Self> {
        let ports = [free_port(), free_port(), free_port()];
        let start = |rpc: &u16| {
            let mut more = vec!["-server".to_owned(), "-bootstrap-expect=3".into()];
            let others = ports.iter().filter(|other| *other != rpc);
            more.extend(others.map(|other| format!("-retry-join=127.0.0.1:{other}")));
            Self::start(*rpc, &more)
        };
        let servers: Vec<Self> = ports.iter().map(start).collect();
        servers.iter().for_each(Self::wait_for_leader);
        servers
    }

    /// A client agent that knows these servers, in this order.
    pub(crate) fn client(servers: &[&Self], more: &[&str]) -> Self {
        let join = servers.iter().map(|server| format!("-retry-join={}", server.address()));
        let more = more.iter().map(|&argument| argument.to_owned());
        Self::start(free_port(), &join.chain(more).collect::<Vec<_>>())
    }

    fn start(rpc: u16, more: &[String]) -> Self {
        let (http, dns, data) = (free_port(), free_port(), tempfile::tempdir().unwrap());
        let name = format!("node-{rpc}");
        let mut arguments: Vec<String> = ["agent", "-log-level", "error"].map(String::from).into();
        for (flag, value) in [("-http-port", http), ("-dns-port", dns), ("-server-port", rpc)] {
            arguments.extend([flag.to_owned(), value.to_string()]);
        }
        arguments.extend(["-node".to_owned(), name.clone()]);
        arguments.extend(["-data-dir".to_owned(), data.path().display().to_string()]);
        arguments.extend_from_slice(more);
        let words = tempfile::NamedTempFile::new().unwrap();
        let mut agent = Self { process: None, name, http, dns, rpc, arguments, words, _data: data };
        agent.start_again();
        agent
    }

    pub(crate) fn start_again(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        let words = self.words.reopen().unwrap();
        command.args(&self.arguments).stdin(Stdio::null()).stderr(words);
        self.process = Some(command.spawn().unwrap());
    }

    /// Ends the process with SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Tells it to end and waits; how long that took.
    pub(crate) fn stop(&mut self) -> Duration {
        let mut process = self.process.take().unwrap();
        let began = Instant::now();
        let pid = nix::unistd::Pid::from_raw(i32::try_from(process.id()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
        until("the process ends", || process.try_wait().unwrap().is_some());
        began.elapsed()
    }

    /// `ip:port` of its RPC port.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.rpc)
    }

    /// `http://ip:port` of its HTTP port.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    fn wait_for_leader(&self) {
        until("a leader", || {
            self.get("/v1/status/leader").1.len() > 4 && self.put("/v1/kv/ready", "x").0 == 200
        });
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.call("GET", path, "", LONG)
    }

    pub(crate) fn put(&self, path: &str, body: &str) -> (u16, String) {
        self.call("PUT", path, body, LONG)
    }

    /// Status and body; status 0 where nobody answers in time.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str, limit: Duration) -> (u16, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().timeout(limit).build().unwrap();
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let request = client.request(method, format!("{}{path}", self.url())).body(body.to_owned());
            match request.send().await {
                Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
                Err(_) => (0, String::new()),
            }
        })
    }

    /// Registers an instance of a service on a node that has no agent.
    pub(crate) fn register(&self, node: &str, address: &str, service: &str, own: &str) {
        let body = format!(
            r#"{{"Node":"{node}","Address":"{address}","Service":{{"Service":"{service}","Address":"{own}","Port":80}}}}"#
        );
        assert_eq!(self.put("/v1/catalog/register", &body), (200, "true".into()));
    }

    /// Whether this agent's node is there and passing, as `server` sees it.
    pub(crate) fn passes_at(&self, server: &Self) -> bool {
        let (_, checks) = server.get(&format!("/v1/health/node/{}", self.name));
        checks.contains("serfHealth") && checks.contains(r#""Status":"passing""#)
    }

    /// What `dig +short` says.
    pub(crate) fn dig(&self, name: &str, kind: &str) -> Vec<String> {
        let port = self.dns.to_string();
        let output = Command::new("dig")
            .args(["@127.0.0.1", "-p", &port, name, kind, "+short", "+tries=1", "+time=5"])
            .output()
            .expect("dig, from Debian's dnsutils");
        let said = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// What `dig -x` says.
    pub(crate) fn reverse(&self, address: std::net::Ipv4Addr) -> Vec<String> {
        let [a, b, c, d] = address.octets();
        self.dig(&format!("{d}.{c}.{b}.{a}.in-addr.arpa"), "PTR")
    }

    /// A socket that asks this agent's DNS port.
    pub(crate) fn dns_socket(&self) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(("127.0.0.1", self.dns)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        socket
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprint!("{}: {}", self.name, std::fs::read_to_string(self.words.path()).unwrap_or_default());
        }
    }
}

/// A question for the addresses of `name`.
pub(crate) fn question(id: u16, name: &str) -> Vec<u8> {
    let mut packet = [&id.to_be_bytes()[..], &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    for label in name.split('.') {
        packet.push(u8::try_from(label.len()).unwrap());
        packet.extend(label.as_bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    packet
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
