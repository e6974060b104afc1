//! Three servers and one client agent as processes on loopback; their restarts, and their memory.

use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How one agent is reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) dns: u16,
    rpc: u16,
}

/// A server, or the client agent.
pub(crate) struct Agent {
    pub(crate) ports: Ports,
    arguments: Vec<String>,
    process: Option<Child>,
    _data: tempfile::TempDir,
}

/// Three servers, and a client agent as the last.
pub(crate) fn start() -> Vec<Agent> {
    let ports: Vec<Ports> =
        (0..4).map(|_| Ports { http: free_port(), dns: free_port(), rpc: free_port() }).collect();
    (0..4).map(|at| Agent::new(at, &ports)).collect()
}

impl Agent {
    fn new(at: usize, all: &[Ports]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let ports = all[at];
        let mut arguments: Vec<String> = ["agent", "-log-level", "error"].map(String::from).into();
        arguments.extend(["-node".into(), format!("soak-{at}"), "-data-dir".into()]);
        arguments.push(data.path().display().to_string());
        arguments.extend([format!("-http-port={}", ports.http), format!("-dns-port={}", ports.dns)]);
        arguments.push(format!("-server-port={}", ports.rpc));
        if at < 3 {
            arguments.extend(["-server".into(), "-bootstrap-expect=3".into()]);
        }
        let others = all.iter().enumerate().filter(|(other, _)| *other < 3 && *other != at);
        arguments.extend(others.map(|(_, other)| format!("-retry-join=127.0.0.1:{}", other.rpc)));
        let mut agent = Self { ports, arguments, process: None, _data: data };
        agent.start();
        agent
    }

    pub(crate) fn start(&mut self) {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_muster")]).args(&self.arguments);
        self.process = Some(command.stdin(Stdio::null()).spawn().expect("setpriv, from Debian's util-linux"));
    }

    /// Ends the process by `signal` and waits for its end.
    pub(crate) fn stop(&mut self, signal: Signal) -> Duration {
        let began = Instant::now();
        if let Some(mut process) = self.process.take() {
            kill(Pid::from_raw(i32::try_from(process.id()).unwrap()), signal).unwrap();
            process.wait().unwrap();
        }
        began.elapsed()
    }

    /// Its exit status where it has ended by itself.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.process.as_mut().and_then(|process| process.try_wait().unwrap())
    }

    /// Resident memory in KiB, and how much of it is its own (not a file's).
    pub(crate) fn resident_kib(&self) -> (u64, u64) {
        let id = self.process.as_ref().map_or(0, Child::id);
        let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()).and_then(|kib| kib.parse().ok()).unwrap_or(0)
        };
        (field("VmRSS:"), field("RssAnon:"))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        url(self.ports, path)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.stop(Signal::SIGKILL);
    }
}

pub(crate) fn url(ports: Ports, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", ports.http)
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
