//! Hosts for the test: each in a network namespace of its own, joined by a bridge in one more. Without the right
//! to make them, each is an address of the loopback device, and being cut off is a process that stands still.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Every namespace of this test begins with it, then the process's ID, then a number.
const PREFIX: &str = "muster-e2e";

/// Several hosts; they go when it is dropped.
pub(crate) struct Network {
    /// The prefix of all namespaces of this network; none on loopback.
    namespaces: Option<String>,
    number: u32,
    hosts: Vec<&'static str>,
}

/// One host.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) name: &'static str,
    /// Where the other hosts reach it.
    pub(crate) address: String,
    /// Where its own processes reach its agent.
    pub(crate) own: String,
    namespace: Option<String>,
}

impl Network {
    /// A network of so many hosts, with namespaces where they can be had.
    pub(crate) fn new(names: &[&'static str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let hosts = names.to_vec();
        sweep();
        let prefix = format!("{PREFIX}-{}-{number}", std::process::id());
        let mut network = Self { namespaces: Some(prefix), number, hosts };
        if let Err(why) = network.build() {
            network.tear_down();
            network.namespaces = None;
            eprintln!(
                "e2e: no network namespaces ({why}): hosts are addresses of the loopback device instead"
            );
        }
        network
    }

    pub(crate) fn host(&self, name: &str) -> Host {
        let at = self.hosts.iter().position(|host| *host == name).expect("a host of this network");
        if let Some(prefix) = &self.namespaces {
            Host {
                name: self.hosts[at],
                address: format!("10.77.0.{}", at + 10),
                own: "127.0.0.1".into(),
                namespace: Some(format!("{prefix}-{name}")),
            }
        } else {
            let process = std::process::id();
            let (high, low) = (process / 200 % 200 + 20, process % 200 + 20);
            let address = format!("127.{high}.{low}.{}", self.number * 20 + u32::try_from(at).unwrap() + 10);
            Host { name: self.hosts[at], own: address.clone(), address, namespace: None }
        }
    }

    /// Takes the cable out of a host, or puts it back; where there are no cables, stops `process`.
    pub(crate) fn connect(&self, host: &Host, process: u32, connected: bool) {
        if let Some(prefix) = &self.namespaces {
            let state = if connected { "up" } else { "down" };
            ip(&["-n", &format!("{prefix}-switch"), "link", "set", host.name, state]).unwrap();
        } else {
            let signal = if connected { Signal::SIGCONT } else { Signal::SIGSTOP };
            kill(Pid::from_raw(i32::try_from(process).unwrap()), signal).unwrap();
        }
    }

    /// Whether a host that is cut off runs on by itself; on loopback it stands still.
    pub(crate) fn has_cables(&self) -> bool {
        self.namespaces.is_some()
    }

    fn build(&self) -> Result<(), String> {
        let Some(prefix) = &self.namespaces else { return Ok(()) };
        let switch = format!("{prefix}-switch");
        ip(&["netns", "add", &switch])?;
        ip(&["-n", &switch, "link", "add", "bridge", "type", "bridge"])?;
        ip(&["-n", &switch, "link", "set", "bridge", "up"])?;
        for name in &self.hosts {
            let host = self.host(name);
            let namespace = format!("{prefix}-{name}");
            ip(&["netns", "add", &namespace])?;
            ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
            let peer = ["type", "veth", "peer", "name", "eth0", "netns", &namespace];
            ip(&[&["-n", &switch, "link", "add", name][..], &peer].concat())?;
            ip(&["-n", &switch, "link", "set", name, "master", "bridge", "up"])?;
            ip(&["-n", &namespace, "address", "add", &format!("{}/24", host.address), "dev", "eth0"])?;
            ip(&["-n", &namespace, "link", "set", "eth0", "up"])?;
        }
        Ok(())
    }

    fn tear_down(&self) {
        if let Some(prefix) = &self.namespaces {
            for name in self.hosts.iter().copied().chain(["switch"]) {
                let _ = ip(&["netns", "delete", &format!("{prefix}-{name}")]);
            }
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.tear_down();
    }
}

impl Host {
    /// A command that runs on this host. It is ended with the test, even if the test is killed.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = match &self.namespace {
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace, "setpriv"]);
                command
            }
            None => Command::new("setpriv"),
        };
        command.env("PATH", path()).args(["--pdeathsig", "KILL", program]);
        command
    }
}

/// Daemons and `ip` live where a user's path does not always look.
fn path() -> String {
    format!("{}:/usr/local/sbin:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

/// Removes what killed runs left behind.
fn sweep() {
    let Ok(entries) = std::fs::read_dir("/run/netns") else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process =
            name.strip_prefix(PREFIX).and_then(|rest| rest.trim_start_matches('-').split('-').next());
        if process.is_some_and(|process| !PathBuf::from("/proc").join(process).exists()) {
            let _ = ip(&["netns", "delete", &name]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").env("PATH", path()).args(arguments).output();
    let output = output.map_err(|error| format!("ip, from Debian's iproute2: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}
