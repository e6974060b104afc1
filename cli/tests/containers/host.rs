//! One host: an engine, an agent that is a server too, and a registrator in the agent or beside it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use muster_test_engine::Engine;
use muster_test_process::{Agent, binary};
use serde_json::Value;

/// What runs, or what is registered: containers by their short IDs, with their ports on the host.
pub(crate) type Picture = BTreeSet<(String, u64)>;

/// An engine and an agent.
pub(crate) struct Host {
    pub(crate) agent: Agent,
    pub(crate) engine: Engine,
    /// An image whose containers do nothing, with port 80 exposed.
    pub(crate) image: String,
    _file: tempfile::NamedTempFile,
}

impl Host {
    /// With the registrator in the agent; `settings` are those of the group `registrator`, as JSON.
    pub(crate) fn with_registrator(settings: &str) -> Self {
        let engine = Engine::own();
        let settings = settings.trim_matches(['{', '}']);
        let comma = if settings.is_empty() { "" } else { "," };
        let own =
            format!(r#""enabled":true,"owner":"host","engine":"{}"{comma}{settings}"#, engine.address());
        Self::new(engine, &format!(r#"{{"registrator":{{{own}}}}}"#))
    }

    /// Without a registrator.
    pub(crate) fn without_registrator() -> Self {
        Self::new(Engine::own(), "{}")
    }

    /// With the registrator in the agent, before an engine that is reached at `address`.
    pub(crate) fn reached_at(engine: Engine, address: &str) -> Self {
        let own = format!(r#""enabled":true,"owner":"host","engine":"{address}""#);
        Self::new(engine, &format!(r#"{{"registrator":{{{own}}}}}"#))
    }

    fn new(engine: Engine, configuration: &str) -> Self {
        let mut file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
        file.write_all(configuration.as_bytes()).unwrap();
        let image = engine.image("idle", &["EXPOSE 80", "CMD [\"sleep\", \"100000\"]"]);
        let path = file.path().to_str().unwrap().to_owned();
        let agent = Agent::founder_in(tempfile::tempdir().unwrap(), &["-config-file", &path]);
        Self { agent, engine, image, _file: file }
    }

    /// Starts a container that ends at once when it is told to; options, then maybe a command behind `--`. Its ID.
    pub(crate) fn run(&self, options: &[&str]) -> String {
        let (options, command) = match options.iter().position(|option| *option == "--") {
            Some(at) => (&options[..at], &options[at + 1..]),
            None => (options, &[][..]),
        };
        let begin = ["--stop-signal", "SIGKILL"];
        self.engine.run(&[&begin, options, &[&self.image], command].concat())
    }

    /// What the agent has of the instance with this ID; null where it has none.
    pub(crate) fn instance(&self, id: &str) -> Value {
        self.agent.json("/v1/agent/services")[id].clone()
    }

    /// Status and output of the check of a container's state.
    pub(crate) fn state(&self, id: &str) -> (String, String) {
        let check = &self.agent.json("/v1/agent/checks")[format!("{id}:container")];
        let text = |field: &str| check[field].as_str().unwrap_or_default().to_owned();
        (text("Status"), text("Output"))
    }

    /// How many addresses DNS has for a service.
    pub(crate) fn found(&self, service: &str) -> usize {
        self.agent.dig(&format!("{service}.service.consul"), "SRV").len()
    }

    /// What runs, of containers with one port each.
    pub(crate) fn running(&self) -> Picture {
        let listed = self.engine.docker(&["ps", "--format", "{{.ID}} {{.Ports}}"]);
        let one = |line: &str| {
            let (id, ports) = line.split_once(' ')?;
            let port = ports.split("->").next()?.rsplit(':').next()?;
            Some((id.to_owned(), port.parse().ok()?))
        };
        listed.lines().filter_map(one).collect()
    }

    /// What the catalog has of the registrator's, where it is all passing; nothing where some is not.
    pub(crate) fn catalog(&self) -> Option<Picture> {
        let node = &self.agent.name;
        let checks = self.agent.json(&format!("/v1/health/node/{node}"));
        let passes = |check: &Value| check["Status"] == "passing" || check["ServiceID"] == "";
        if !checks.as_array()?.iter().all(passes) {
            return None;
        }
        let listed = self.agent.json(&format!("/v1/catalog/node/{node}"));
        let one = |service: &Value| {
            let container = service["Meta"]["registrator-container"].as_str()?;
            Some((container.to_owned(), service["Port"].as_u64()?))
        };
        Some(listed["Services"].as_object()?.values().filter_map(one).collect())
    }

    /// Waits until the catalog is what runs; how long that took.
    pub(crate) fn until_equal(&self, limit: Duration, after: &str) -> Duration {
        let began = Instant::now();
        loop {
            let (running, catalog) = (self.running(), self.catalog());
            if catalog.as_ref() == Some(&running) {
                return began.elapsed();
            }
            assert!(
                began.elapsed() < limit,
                "not within {limit:?} after {after}: running {running:?}, in the catalog {catalog:?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Waits for a condition that has to come within `limit`; how long that took.
pub(crate) fn within(limit: Duration, what: &str, mut done: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
    began.elapsed()
}

/// What users wait for.
pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// What anything takes that has no limit of its own.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// `muster registrator` as a process of its own.
pub(crate) struct Registrator {
    process: Option<Child>,
    arguments: Vec<String>,
    words: tempfile::NamedTempFile,
}

impl Registrator {
    /// Started for this host, with more arguments.
    pub(crate) fn beside(host: &Host, more: &[&str]) -> Self {
        let mut arguments = vec!["registrator".to_owned(), "-owner=host".to_owned()];
        arguments.push(format!("-engine={}", host.engine.address()));
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        arguments.push(format!("consul://127.0.0.1:{}", host.agent.http));
        let words = tempfile::NamedTempFile::new().unwrap();
        let mut registrator = Self { process: None, arguments, words };
        registrator.start();
        registrator
    }

    pub(crate) fn start(&mut self) {
        // Behind what its former lives wrote.
        let words = std::fs::OpenOptions::new().append(true).open(self.words.path()).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(binary()).args(&self.arguments);
        let spawned = command.stdin(Stdio::null()).stderr(words).spawn();
        self.process = Some(spawned.expect("setpriv, from Debian's util-linux"));
    }

    /// By SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// What it wrote to standard error.
    pub(crate) fn words(&self) -> String {
        std::fs::read_to_string(self.words.path()).unwrap_or_default()
    }

    /// Its exit code, once it ends by itself.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.process.as_mut()?.try_wait().unwrap()?.code()
    }
}

impl Drop for Registrator {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprint!("the registrator: {}", self.words());
        }
    }
}
