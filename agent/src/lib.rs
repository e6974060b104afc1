//! The truth of one host, and keeping the catalog in accord with it. What is registered with an agent is true
//! here, on disk; the catalog is a copy. It touches nothing in the catalog that was not registered here.

mod alias;
mod checks;
mod config;
pub mod definition;
mod http;
mod lease;
pub mod local;
mod persist;
mod registration;
mod reload;
mod syncer;
mod turns;
mod upstream;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use muster_healthchecks::{Limits, Report, Runner};
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

pub use config::Config;
use local::LocalState;
use persist::{Found, Store};
pub use reload::ReloadAsked;
pub use upstream::{Unreachable, Upstream};

/// Reports that may wait to be taken in.
const REPORTS: usize = 1024;

/// A running agent; a cheap handle.
pub struct Agent<U: Upstream> {
    shared: Shared<U>,
}

impl<U: Upstream> Clone for Agent<U> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

/// The configuration file in which each definition stands, for the people who ask.
pub type Files = HashMap<local::Key, Arc<str>>;

/// What the parts of an agent share.
struct Inner<U> {
    config: Config,
    upstream: U,
    /// The only lock: taken for moments, never across an await.
    local: Mutex<LocalState>,
    /// Something has to be told to the catalog.
    changed: Notify,
    /// Everything has to be compared.
    wants_full: AtomicBool,
    /// Moves with every change here, for those who wait for one.
    version: watch::Sender<u64>,
    /// The lease is held again after it was not.
    regained: Notify,
    runner: Runner,
    store: Option<Store>,
    /// What was on disk, until the first load takes it in.
    found: Mutex<Option<Found>>,
    turns: turns::Turns,
    /// Where the files define what they define.
    files: Mutex<Files>,
    /// How many nodes the cluster has, as the last renewal said.
    nodes: AtomicUsize,
    /// This node has left the catalog and must not come back by itself.
    left: AtomicBool,
    /// Set by `leave`: the process shall end.
    leaving: CancellationToken,
    /// `/v1/agent/reload`, for whoever reads the files.
    reloads: reload::Door,
}

struct Shared<U>(Arc<Inner<U>>);

impl<U> Clone for Shared<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U> std::ops::Deref for Shared<U> {
    type Target = Inner<U>;

    fn deref(&self) -> &Inner<U> {
        &self.0
    }
}

impl<U> Inner<U> {
    fn cluster_size(&self) -> usize {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Something here changed: tells whoever waits for it, and the catalog.
    fn touch(&self) {
        self.version.send_modify(|version| *version += 1);
        self.changed.notify_one();
    }

    fn compare_everything(&self) {
        self.wants_full.store(true, Ordering::Release);
        self.changed.notify_one();
    }
}

/// The parts of an agent that have to be driven.
pub struct Drive<U: Upstream> {
    shared: Shared<U>,
    reports: mpsc::Receiver<Report>,
    runner: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<U: Upstream> Agent<U> {
    /// Reads what is on disk and makes an agent of it. Nothing is registered until [`Agent::configure`], and nothing
    /// happens until [`Drive::run`].
    ///
    /// # Errors
    /// Where the folder of the definitions cannot be used.
    pub fn open(config: Config, upstream: U, token: &CancellationToken) -> io::Result<(Self, Drive<U>)> {
        let store = config.data_dir.as_deref().map(Store::open).transpose()?;
        let found = store.as_ref().map(Store::read).transpose()?.unwrap_or_default();
        let (send, reports) = mpsc::channel(REPORTS);
        let limits = Limits { max_concurrent: config.concurrent_probes };
        let (runner, driving) = Runner::start(&config.node_id, limits, send, token.child_token());
        let inner = Inner {
            config,
            upstream,
            local: Mutex::new(LocalState::new()),
            changed: Notify::new(),
            wants_full: AtomicBool::new(true),
            version: watch::Sender::new(0),
            regained: Notify::new(),
            runner,
            store,
            found: Mutex::new(Some(found)),
            turns: turns::Turns::default(),
            files: Mutex::default(),
            nodes: AtomicUsize::new(0),
            left: AtomicBool::new(false),
            leaving: CancellationToken::new(),
            reloads: reload::Door::default(),
        };
        let shared = Shared(Arc::new(inner));
        let drive = Drive { shared: shared.clone(), reports, runner: Box::pin(driving) };
        Ok((Self { shared }, drive))
    }

    /// Says in which files those definitions stand that are in force now.
    pub fn defined_in(&self, files: Files) {
        *self.shared.files.lock() = files;
    }

    /// Takes this node out of the catalog, as far as a server can be reached.
    pub async fn leave(&self) {
        if let Err(error) = lease::give_up(&self.shared).await {
            tracing::warn!(%error, "this node could not say that it leaves");
        }
    }

    /// Ends when somebody asked this agent to leave: then the process shall end.
    pub fn leaving(&self) -> CancellationToken {
        self.shared.leaving.clone()
    }
}

impl<U: Upstream> Drive<U> {
    /// Runs checks, keeps the lease and the catalog, until `token` ends it.
    pub async fn run(self, token: CancellationToken) {
        let Self { shared, reports, runner } = self;
        tokio::join!(
            runner,
            checks::take_reports(&shared, reports, &token),
            checks::remove_overdue(&shared, &token),
            alias::follow(&shared, &token),
            syncer::run(&shared, &token),
            lease::keep(&shared, &token),
        );
    }
}
