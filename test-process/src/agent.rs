//! One agent as a process, on a server or without, and how it is ended and started again.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{binary, free_port, until};

/// One agent. Its data, ports and arguments outlive its process.
pub struct Agent {
    /// Its node's name.
    pub name: String,
    /// Its HTTP port.
    pub http: u16,
    /// Its DNS port.
    pub dns: u16,
    /// Its RPC port, where it is a server.
    pub rpc: u16,
    arguments: Vec<String>,
    /// What its environment has beside that of the test.
    environment: Vec<(String, String)>,
    process: Option<Child>,
    /// What it writes to standard error, over all its lives.
    words: tempfile::NamedTempFile,
    data: tempfile::TempDir,
}

impl Agent {
    /// A server that founds its own cluster, ready to write.
    #[must_use]
    pub fn founder() -> Self {
        Self::founder_in(tempfile::tempdir().unwrap(), &[])
    }

    /// The same with its data in `data`, and with more arguments.
    #[must_use]
    pub fn founder_in(data: tempfile::TempDir, more: &[&str]) -> Self {
        let port = free_port();
        let mut founder = Self::prepared(&format!("server-{port}"), port, data, &["-server", "-bootstrap"]);
        founder.arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        founder.start();
        founder.wait_until_writable();
        founder
    }

    /// A server with these arguments, just started. Without any it belongs to no cluster.
    #[must_use]
    pub fn server(more: &[&str]) -> Self {
        let port = free_port();
        let data = tempfile::tempdir().unwrap();
        let mut server = Self::prepared(&format!("server-{port}"), port, data, &["-server"]);
        server.arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        server.start();
        server
    }

    /// A client agent that knows these servers, in this order; just started.
    #[must_use]
    pub fn client(servers: &[&Self], more: &[&str]) -> Self {
        let mut client = Self::client_to_be("", servers, more);
        client.start();
        client
    }

    /// A client agent that has not been started; without a name it has one of its own.
    #[must_use]
    pub fn client_to_be(name: &str, servers: &[&Self], more: &[&str]) -> Self {
        let port = free_port();
        let own = format!("client-{port}");
        let name = if name.is_empty() { &own } else { name };
        let mut client = Self::prepared(name, port, tempfile::tempdir().unwrap(), more);
        client.arguments.extend(servers.iter().map(|server| format!("-retry-join={}", server.address())));
        client
    }

    /// An agent that has not been started.
    #[must_use]
    pub fn prepared(name: &str, rpc: u16, data: tempfile::TempDir, more: &[&str]) -> Self {
        let (http, dns) = (free_port(), free_port());
        let mut arguments = vec!["agent".to_owned(), format!("-node={name}")];
        arguments.push(format!("-data-dir={}", data.path().display()));
        for (flag, port) in [("http", http), ("dns", dns), ("server", rpc)] {
            arguments.push(format!("-{flag}-port={port}"));
        }
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        let words = tempfile::NamedTempFile::new().unwrap();
        let (name, environment) = (name.to_owned(), Vec::new());
        Self { name, http, dns, rpc, arguments, environment, process: None, words, data }
    }

    /// Sets a variable of its environment, from its next start on.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.environment.push((variable.to_owned(), value.to_owned()));
    }

    /// Starts it, for the first time or again. It dies with the thread that started it.
    pub fn start(&mut self) {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(binary()).args(&self.arguments);
        command.envs(self.environment.iter().map(|(variable, value)| (variable, value)));
        // Behind what an earlier life said.
        let words = OpenOptions::new().append(true).open(self.words.path()).unwrap();
        let spawned = command.stdin(Stdio::null()).stderr(words).spawn();
        self.process = Some(spawned.expect("setpriv, from Debian's util-linux"));
    }

    /// Starts it again on a disk that was lost: the same ports, and nothing else but this node's ID, where one is
    /// given.
    pub fn start_on_an_empty_disk(&mut self, node_id: Option<&str>) {
        std::fs::remove_dir_all(self.data()).unwrap();
        std::fs::create_dir(self.data()).unwrap();
        if let Some(node_id) = node_id {
            std::fs::write(self.data().join("node-id"), node_id).unwrap();
        }
        self.start();
    }

    /// Starts it again with another RPC port.
    pub fn start_elsewhere(&mut self) {
        self.rpc = free_port();
        let port = self.arguments.iter_mut().find(|argument| argument.starts_with("-server-port="));
        *port.unwrap() = format!("-server-port={}", self.rpc);
        self.start();
    }

    /// Starts it and waits until it answers for its host.
    pub fn start_and_wait(&mut self) {
        self.start();
        until("the agent answers", || self.json("/v1/agent/services").is_object());
    }

    /// Ends the process with SIGKILL: nothing is told, nothing is flushed.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.id()).unwrap()), signal).unwrap();
    }

    /// Ends the process by a signal; how long that took.
    pub fn stop(&mut self, signal: Signal) -> Duration {
        let began = Instant::now();
        if self.process.is_some() {
            self.signal(signal);
            until("the process ends", || self.ended().is_some());
            self.process = None;
        }
        began.elapsed()
    }

    /// The exit code of a process that ends by itself.
    pub fn wait_for_exit(&mut self) -> Option<i32> {
        until("the process ends by itself", || self.ended().is_some());
        let status = self.process.take().unwrap().wait().unwrap();
        assert!(status.code().is_some(), "it ended by a signal: {status}");
        status.code()
    }

    /// Its exit status, where it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.as_mut().and_then(|process| process.try_wait().unwrap())
    }

    /// The ID of its process; 0 where none runs.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.as_ref().map_or(0, Child::id)
    }

    /// What it wrote to standard error so far.
    #[must_use]
    pub fn words(&self) -> String {
        std::fs::read_to_string(self.words.path()).unwrap_or_default()
    }

    /// Where its data lies.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Its node's ID, as it is on its disk.
    #[must_use]
    pub fn node_id(&self) -> String {
        std::fs::read_to_string(self.data().join("node-id")).unwrap()
    }

    /// `ip:port` of its RPC port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.rpc)
    }

    /// What the command line prints when it is pointed at this agent.
    #[must_use]
    pub fn muster(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(binary());
        command.args(arguments).env("CONSUL_HTTP_ADDR", format!("127.0.0.1:{}", self.http));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprint!("{}: {}", self.name, self.words());
        }
    }
}
