//! One host over several lives of its agent. A life has a runtime of its own; a crash drops it as it stands.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use muster_agent::{Agent, Config};
use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::catalog::Catalog;

/// Far longer than anything should take, on the clock of the life.
const LONG: Duration = Duration::from_secs(120);

pub(crate) struct Host {
    pub(crate) catalog: Catalog,
    /// What the configuration files define, as JSON.
    pub(crate) services: Vec<Value>,
    pub(crate) checks: Vec<Value>,
    pub(crate) scripts: bool,
    /// Whether time runs only while nothing else does.
    pub(crate) paused: bool,
    folder: tempfile::TempDir,
    life: Option<Life>,
}

struct Life {
    agent: Agent<Catalog>,
    _driven: JoinHandle<()>,
    /// Last: what is dropped before may need it.
    runtime: Runtime,
}

fn read<T: serde::de::DeserializeOwned>(definitions: &[Value]) -> Vec<T> {
    definitions.iter().map(|one| muster_api::decode::json(one.to_string().as_bytes()).unwrap()).collect()
}

impl Host {
    /// A host whose agent runs.
    pub(crate) fn started() -> Self {
        let mut host = Self::new();
        host.start();
        host
    }

    /// A host whose agent has never run.
    pub(crate) fn new() -> Self {
        Self {
            catalog: Catalog::default(),
            services: Vec::new(),
            checks: Vec::new(),
            scripts: true,
            paused: true,
            folder: tempfile::tempdir().unwrap(),
            life: None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn definitions(&self) -> (Vec<ServiceDefinition>, Vec<CheckDefinition>) {
        (read(&self.services), read(&self.checks))
    }

    /// Begins a life.
    pub(crate) fn start(&mut self) {
        let runtime = Builder::new_current_thread().enable_all().start_paused(self.paused).build().unwrap();
        let config = Config {
            node: "host".into(),
            node_id: "0d5d9e0d-3d8a-4c25-9a5a-000000000000".into(),
            data_dir: Some(self.folder().to_owned()),
            scripts_from_api: self.scripts,
            scripts_from_files: self.scripts,
            ..Config::default()
        };
        let (services, checks) = self.definitions();
        let catalog = self.catalog.clone();
        let (agent, driven) = runtime.block_on(async move {
            let token = CancellationToken::new();
            let (agent, drive) = Agent::open(config, catalog, &token).unwrap();
            agent.configure(services, checks).await.unwrap();
            (agent, tokio::spawn(drive.run(token)))
        });
        self.life = Some(Life { agent, _driven: driven, runtime });
    }

    /// Ends the life with nothing said and nothing finished.
    pub(crate) fn crash(&mut self) {
        self.life = None;
    }

    pub(crate) fn crash_and_start(&mut self) {
        self.crash();
        self.start();
    }

    fn life(&self) -> &Life {
        self.life.as_ref().expect("the agent runs")
    }

    /// Runs something on the clock of this life.
    pub(crate) fn run<T>(&self, what: impl Future<Output = T>) -> T {
        self.life().runtime.block_on(what)
    }

    pub(crate) fn agent(&self) -> Agent<Catalog> {
        self.life().agent.clone()
    }

    /// Takes up the files again.
    pub(crate) fn reload(&self) -> Result<(), String> {
        let (services, checks) = self.definitions();
        self.run(self.life().agent.reconfigure(services, checks)).map_err(|error| error.to_string())
    }

    /// One request: its status and body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.run(ask(self.agent(), method, path, body))
    }

    /// One PUT that is taken.
    pub(crate) fn put(&self, path: &str, body: &str) {
        assert_eq!(self.ask("PUT", path, body), (200, String::new()), "{path} {body}");
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.ask("GET", path, "").1).unwrap_or_default()
    }

    /// The status of a check as the agent sees it.
    pub(crate) fn status(&self, check: &str) -> String {
        self.get("/v1/agent/checks")[check]["Status"].as_str().unwrap_or("none").to_owned()
    }

    /// Lets time go by on the clock of this life.
    pub(crate) fn wait(&self, time: Duration) {
        self.run(async { sleep(time).await });
    }

    /// Waits for a condition on the clock of this life; how long it took.
    pub(crate) fn until(&self, what: &str, mut done: impl FnMut() -> bool) -> Duration {
        let now = || self.run(async { Instant::now() });
        let began = now();
        while !done() {
            assert!(now() - began < LONG, "not within {LONG:?}: {what}");
            self.wait(Duration::from_millis(5));
        }
        now() - began
    }
}

/// One request to an agent.
pub(crate) async fn ask(agent: Agent<Catalog>, method: &str, path: &str, body: &str) -> (u16, String) {
    let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    let reply = agent.answer(request.body(Bytes::from(body.to_owned())).unwrap()).await;
    (reply.status().as_u16(), String::from_utf8_lossy(reply.body()).into_owned())
}
