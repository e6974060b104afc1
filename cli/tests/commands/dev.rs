//! One `muster agent -dev` on ports that are free at the time; ended when dropped.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Child, Command, Stdio};

use muster_test_process::{binary, free_port, until};

pub(crate) struct Dev {
    pub(crate) process: Child,
    http: u16,
    dns: u16,
}

impl Dev {
    /// An agent that takes writes.
    pub(crate) fn start(more: &[&str]) -> Self {
        let (http, dns, rpc) = (free_port(), free_port(), free_port());
        let mut command = Command::new(binary());
        command.args(["agent", "-dev", "-node", "dev", "-log-level", "error"]);
        for (flag, port) in [("-http-port", http), ("-dns-port", dns), ("-server-port", rpc)] {
            command.args([flag, &port.to_string()]);
        }
        let process = command.args(more).stdin(Stdio::null()).spawn().unwrap();
        let mut dev = Self { process, http, dns };
        until("the agent takes writes and its node is there", || {
            assert!(dev.process.try_wait().unwrap().is_none(), "the agent ended");
            dev.command("muster").args(["kv", "put", "ready"]).output().unwrap().status.success()
                && dev
                    .command("muster")
                    .args(["catalog", "nodes"])
                    .output()
                    .unwrap()
                    .stdout
                    .starts_with(b"Node")
        });
        dev.command("muster").args(["kv", "delete", "ready"]).output().unwrap();
        dev
    }

    /// A text with the ports of this agent in place of the usual ones.
    pub(crate) fn on_our_ports(&self, text: &str) -> String {
        text.replace("8500", &self.http.to_string()).replace("8600", &self.dns.to_string())
    }

    /// A command that finds this agent and our `muster`.
    pub(crate) fn command(&self, program: &str) -> Command {
        let folder = binary();
        let folder = folder.parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        if program == "muster" {
            command = Command::new(binary());
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
