//! One `muster agent -dev` on ports that are free at the time; ended when dropped.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

pub(crate) struct Dev {
    pub(crate) process: Child,
    http: u16,
    dns: u16,
}

impl Dev {
    /// An agent that takes writes.
    pub(crate) fn start(more: &[&str]) -> Self {
        let (http, dns, rpc) = (free_port(), free_port(), free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.args(["agent", "-dev", "-node", "dev", "-log-level", "error"]);
        for (flag, port) in [("-http-port", http), ("-dns-port", dns), ("-server-port", rpc)] {
            command.args([flag, &port.to_string()]);
        }
        let process = command.args(more).stdin(Stdio::null()).spawn().unwrap();
        let mut dev = Self { process, http, dns };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !dev.command("muster").args(["kv", "put", "ready"]).output().unwrap().status.success()
            || !dev.command("muster").args(["catalog", "nodes"]).output().unwrap().stdout.starts_with(b"Node")
        {
            assert!(Instant::now() < deadline && dev.process.try_wait().unwrap().is_none(), "no agent");
            std::thread::sleep(Duration::from_millis(50));
        }
        dev.command("muster").args(["kv", "delete", "ready"]).output().unwrap();
        dev
    }

    /// A text with the ports of this agent in place of the usual ones.
    pub(crate) fn on_our_ports(&self, text: &str) -> String {
        text.replace("8500", &self.http.to_string()).replace("8600", &self.dns.to_string())
    }

    /// A command that finds this agent and our `muster`.
    pub(crate) fn command(&self, program: &str) -> Command {
        let folder = Path::new(env!("CARGO_BIN_EXE_muster")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        if program == "muster" {
            command = Command::new(env!("CARGO_BIN_EXE_muster"));
        }
        command.env("PATH", format!("{}:{path}", folder.display()));
        command.env("CONSUL_HTTP_ADDR", format!("127.0.0.1:{}", self.http)).stdin(Stdio::null());
        command
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that is free for TCP and UDP now. Below the range from which the system gives out ports by itself.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 10_000 + u16::try_from(std::process::id() % 1000).unwrap() * 20;
    loop {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed) % 2000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
