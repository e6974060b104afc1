//! The registry replicated, stored and served. It runs no checks and knows no agent.

mod compaction;
pub mod consensus;
pub mod doors;
mod hosts;
mod http;
pub mod hub;
mod leader;
pub mod names;
mod read;
mod rpc;
mod space;
pub mod storage;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use openraft::SnapshotPolicy;
use openraft::async_runtime::WatchReceiver as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use consensus::Consensus;
pub use consensus::membership::Meetings;
use consensus::membership::{self, Meeting};
use consensus::network::Network;
use consensus::state_machine::StateMachine;
use consensus::types::{Peer, Raft};
use consensus::wire::Wire;
use doors::Limits;
use hub::Hub;
use leader::Duties;
pub use leader::Terms;
use names::Names;
use read::Reader;
use storage::log::Log;
use storage::snapshots::Snapshots;

/// What a server needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// The datacenter's name.
    pub datacenter: String,
    /// This server as the others shall know it.
    pub me: Peer,
    /// Where log and snapshots live.
    pub data_dir: PathBuf,
    /// How many servers found the cluster; 1 founds alone, 0 only joins.
    pub expect: usize,
    /// RPC addresses of other servers.
    pub retry_join: Vec<String>,
    /// Entries of the log between two snapshots.
    pub snapshot_after: u64,
    /// Bytes of the disk that stay free: below it writes are refused, and reads go on.
    pub disk_reserve: u64,
    /// How long leases, dead nodes and deletions last.
    pub terms: Terms,
    /// Most queries that may block at once.
    pub blocked_queries: usize,
}

/// A running server.
pub struct Server {
    /// Proposals and reads.
    pub consensus: Consensus,
    /// The view and its waiters.
    pub hub: Arc<Hub>,
    /// Who names and addresses belong to.
    pub names: Arc<Names>,
    tasks: JoinSet<io::Result<()>>,
    public: Router,
    port: Router,
    meetings: Meetings,
}

impl Server {
    /// Opens the storage, starts consensus, and serves the RPC port on `rpc` until `token` ends it.
    ///
    /// # Errors
    /// Where the storage cannot be opened or is damaged.
    pub async fn open(config: Config, rpc: TcpListener, token: CancellationToken) -> io::Result<Self> {
        let raft_dir = config.data_dir.join("raft");
        std::fs::create_dir_all(&raft_dir)?;
        let hub = Arc::new(Hub::default());
        let snapshots = Snapshots::open(&raft_dir.join("snapshots"))?;
        let machine = StateMachine::open(snapshots, hub.clone())?;
        let log = Log::open(&raft_dir.join("log"))?;
        let wire = Wire::new()?;
        let id = raft_id(&config.me.node_id)?;
        let settings = Arc::new(settings(&config)?);
        let raft = Raft::new(id, settings, Network::new(wire.clone()), log, machine)
            .await
            .map_err(|error| io::Error::other(error.to_string()))?;
        let space = Arc::new(space::Space::new(raft_dir, config.disk_reserve));
        let consensus = Consensus::new(raft, wire, id, space.clone());
        let duties = Arc::new(Duties::new(config.terms));
        let public = http::router(
            consensus.clone(),
            hub.clone(),
            duties.clone(),
            &config.datacenter,
            config.blocked_queries,
        );
        let mut tasks = JoinSet::new();
        tasks.spawn({
            let (raft, space, token) = (consensus.raft().clone(), space.clone(), token.clone());
            async move {
                compaction::run(raft, space, config.snapshot_after, token).await;
                Ok(())
            }
        });
        tasks.spawn({
            let token = token.clone();
            async move {
                space.watch(token).await;
                Ok(())
            }
        });
        let hosts = hosts::Hosts {
            consensus: consensus.clone(),
            hub: hub.clone(),
            duties: duties.clone(),
            datacenter: config.datacenter.as_str().into(),
        };
        let names = Arc::new(Names::new(hub.clone()));
        let reader = Reader::new(consensus.clone(), hub.clone(), config.blocked_queries);
        let to_agents = hosts::router(hosts)
            .merge(names::http::router(names.clone(), reader))
            .fallback_service(public.clone());
        let port = rpc::router(consensus.clone(), config.me.clone(), to_agents.clone());
        let (consensus_of_leader, view, stop) = (consensus.clone(), hub.clone(), token.clone());
        tasks.spawn(async move {
            duties.run(&consensus_of_leader, &view, &stop).await;
            Ok(())
        });
        let (kept, stop) = (names.clone(), token.clone());
        tasks.spawn(async move {
            kept.keep(&stop).await;
            Ok(())
        });
        tasks.spawn(doors::serve(rpc, port, Limits::between_hosts(), token.clone()));
        let meetings = Meetings::new(config.retry_join);
        let meeting = Meeting { me: config.me, expect: config.expect, addresses: meetings.clone() };
        let (gathering, stop) = (consensus.clone(), token.clone());
        tasks.spawn(async move {
            membership::gather(&gathering, &meeting, &stop).await.map_err(io::Error::other)?;
            stop.cancelled().await;
            Ok(())
        });
        tasks.spawn(until_fatal(consensus.raft().clone()));
        Ok(Self { consensus, hub, names, tasks, public, port: to_agents, meetings })
    }

    /// The public API but for `/v1/agent/*`.
    pub fn router(&self) -> Router {
        self.public.clone()
    }

    /// Where this server looks for its cluster, to add to.
    pub fn meetings(&self) -> Meetings {
        self.meetings.clone()
    }

    /// The public API and what agents say besides: for the agent in this process.
    pub fn port(&self) -> Router {
        self.port.clone()
    }

    /// Runs until the token ends it or a task fails; then shuts down in order. The token is not touched: whoever
    /// shares it would end by it and could be taken for the reason.
    ///
    /// # Errors
    /// The failure of the first task that ended unasked.
    pub async fn run(mut self) -> io::Result<()> {
        let first = self.tasks.join_next().await;
        let shutdown = self.consensus.raft().shutdown();
        let _ = tokio::time::timeout(Duration::from_secs(5), shutdown).await;
        self.tasks.shutdown().await;
        match first {
            Some(Ok(result)) => result,
            Some(Err(panic)) => Err(io::Error::other(panic)),
            None => Ok(()),
        }
    }
}

/// Ends with the reason when the engine has ended. A storage that failed once is not trusted again.
async fn until_fatal(raft: Raft) -> io::Result<()> {
    let mut metrics = raft.metrics();
    loop {
        if let Err(fatal) = &metrics.borrow_watched().running_state {
            let text = format!("consensus has ended and this server stops: {fatal}");
            return Err(io::Error::other(text));
        }
        // The engine tells of each change; where it has gone without a word, that is one too.
        if metrics.changed().await.is_err() {
            return Err(io::Error::other("consensus has ended and this server stops"));
        }
    }
}

/// A server's ID in the log: the first half of its node's UUID.
///
/// # Errors
/// Where that is no UUID: two servers must not come to the same ID.
fn raft_id(node_id: &str) -> io::Result<u64> {
    let uuid = uuid::Uuid::parse_str(node_id);
    let uuid = uuid.map_err(|error| io::Error::other(format!("node ID {node_id:?}: {error}; use a UUID")))?;
    Ok(uuid.as_u64_pair().0)
}

fn settings(config: &Config) -> io::Result<openraft::Config> {
    let settings = openraft::Config {
        cluster_name: config.datacenter.clone(),
        heartbeat_interval: 100,
        election_timeout_min: 400,
        election_timeout_max: 800,
        // Who cannot win does not disturb: one that left, was cut off, or comes back.
        enable_pre_vote: Some(true),
        // See `compaction`: openraft counts entries alone.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: 1000,
        install_snapshot_timeout: 60_000,
        // A leader that comes back does not go on leading by itself: it would answer reads up to what it had noted
        // as committed before it fell, and that is less than what it had acknowledged.
        enable_leader_restore: Some(false),
        ..openraft::Config::default()
    };
    settings.validate().map_err(io::Error::other)
}
