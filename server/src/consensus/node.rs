//! The handle by which the rest of the server proposes and reads. It hides who leads.

use std::sync::Arc;
use std::time::Duration;

use muster_api::consistency::ReadMode;
use muster_registry::{Command, Response};
use openraft::Instant as _;
use openraft::async_runtime::WatchReceiver as _;
use openraft::errors::{ClientWriteError, LinearizableReadError, RaftError};
use openraft::{ReadPolicy, ServerState};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::network::{CallError, Wire};
use super::types::{Peer, Proposal, Raft};
use crate::space::Space;
use crate::storage::codec;

/// How long a request waits for a leader before it is told that there is none (Consul's `rpc_hold_timeout`).
const HOLD: Duration = Duration::from_secs(7);
/// The longest that one forwarded command may take.
const FORWARD: Duration = Duration::from_secs(10);
/// Between two looks for a leader.
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// A leader that is silent for longer leads no more: another would be elected by then.
const SILENT: Duration = Duration::from_secs(2);

/// Why there is no answer. The texts are Consul's where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Nobody leads.
    #[error("No cluster leader")]
    NoLeader,
    /// The write was refused before it entered the log.
    #[error("{0}")]
    Refused(String),
    /// The leader went while it had the command: it may have been done.
    #[error("rpc error making call: {0}")]
    Lost(String),
    /// This server is stopping.
    #[error("this server is stopping: {0}")]
    Stopped(String),
}

impl From<Unavailable> for muster_api::ApiError {
    fn from(why: Unavailable) -> Self {
        Self::Unavailable(why.to_string())
    }
}

/// How fresh a read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadStamp {
    /// Whether a leader was known.
    pub known_leader: bool,
    /// How long ago this server last heard from it.
    pub last_contact: Duration,
}

/// A cheap handle to the consensus engine.
#[derive(Clone)]
pub struct Consensus {
    raft: Raft,
    wire: Wire,
    me: u64,
    space: Arc<Space>,
    /// When this server last heard from a leader; at first, when it began.
    heard: Arc<Mutex<Instant>>,
}

impl Consensus {
    pub(crate) fn new(raft: Raft, wire: Wire, me: u64, space: Arc<Space>) -> Self {
        Self { raft, wire, me, space, heard: Arc::new(Mutex::new(Instant::now())) }
    }

    /// Puts `command` through the log and gives its answer. Sent again only where it surely was not proposed.
    ///
    /// # Errors
    /// Where there is no leader for [`HOLD`], the disk is full, or the leader was lost with the command.
    pub async fn propose(&self, command: Command) -> Result<Response, Unavailable> {
        self.at_leader("/forward", &command, FORWARD, || self.propose_here(command.clone())).await
    }

    /// Does something `here`, or has the leader do it: there `body` is sent to `path`. Tried again, for
    /// [`HOLD`], only where it surely was not done.
    pub(super) async fn at_leader<T, F>(
        &self,
        path: &str,
        body: &impl Serialize,
        limit: Duration,
        here: impl Fn() -> F,
    ) -> Result<T, Unavailable>
    where
        T: DeserializeOwned,
        F: Future<Output = Result<Option<T>, Unavailable>>,
    {
        let deadline = Instant::now() + HOLD;
        loop {
            if let Some(answer) = here().await? {
                return Ok(answer);
            }
            if let Some(leader) = self.leader().filter(|(id, _)| *id != self.me) {
                let body = codec::encode(body).map_err(|error| Unavailable::Refused(error.to_string()))?;
                match self.wire.call(&leader.1.address, path, body, limit).await {
                    Ok(answer) => return Ok(answer),
                    Err(CallError::Refused { status: 421, .. } | CallError::NotSent(_)) => {}
                    Err(CallError::Refused { text, .. }) => return Err(Unavailable::Refused(text)),
                    Err(CallError::Lost(why)) => return Err(Unavailable::Lost(why)),
                }
            }
            if Instant::now() > deadline {
                return Err(Unavailable::NoLeader);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Proposes here, if this server leads; `None` where it does not.
    ///
    /// # Errors
    /// Where the disk is full or the engine has stopped.
    pub async fn propose_here(&self, command: Command) -> Result<Option<Response>, Unavailable> {
        if !self.raft.is_leader() {
            return Ok(None);
        }
        self.space.admit().map_err(Unavailable::Refused)?;
        // A leader without its quorum does not know whether it still leads: nobody shall wait for that for ever.
        let written = tokio::time::timeout(FORWARD, self.raft.client_write(Proposal(command))).await;
        match written.map_err(|_| Unavailable::Lost("leadership lost while committing log".into()))? {
            Ok(written) => Ok(Some(written.data)),
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))) => Ok(None),
            Err(RaftError::APIError(other)) => Err(Unavailable::Refused(other.to_string())),
            Err(RaftError::Fatal(fatal)) => Err(Unavailable::Stopped(fatal.to_string())),
        }
    }

    /// Returns when the local view may answer in this mode.
    ///
    /// # Errors
    /// Where the mode needs a leader and there is none for [`HOLD`].
    pub async fn gate(&self, mode: ReadMode) -> Result<ReadStamp, Unavailable> {
        let led = ReadStamp { known_leader: true, last_contact: Duration::ZERO };
        let policy = match mode {
            ReadMode::Stale { max_stale } => {
                let stamp = self.stale_stamp();
                if max_stale.is_none_or(|longest| stamp.last_contact <= longest) {
                    return Ok(stamp);
                }
                // Too old: as in Consul, the leader is asked after all.
                ReadPolicy::LeaseRead
            }
            ReadMode::Default if self.rules_alone() => return Ok(led),
            ReadMode::Default => ReadPolicy::LeaseRead,
            ReadMode::Consistent => ReadPolicy::ReadIndex,
        };
        let deadline = Instant::now() + HOLD;
        loop {
            match self.raft.ensure_linearizable(policy.clone()).await {
                Ok(_) => return Ok(led),
                Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(_))) => {
                    if let Some(index) = self.ask_read_index(mode).await {
                        let wait = self.raft.wait(Some(HOLD));
                        if wait.applied_index_at_least(Some(index), "read index").await.is_ok() {
                            return Ok(led);
                        }
                    }
                }
                Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_))) => {}
                Err(RaftError::Fatal(fatal)) => return Err(Unavailable::Stopped(fatal.to_string())),
            }
            if Instant::now() > deadline {
                return Err(Unavailable::NoLeader);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// The index that a reader elsewhere must have applied; `None` where this server does not lead.
    pub async fn read_index(&self, mode: ReadMode) -> Option<u64> {
        let policy = if mode == ReadMode::Consistent { ReadPolicy::ReadIndex } else { ReadPolicy::LeaseRead };
        self.raft.ensure_linearizable(policy).await.ok().map(|read| read.index())
    }

    /// Whether this server leads.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.raft.is_leader()
    }

    /// The leader, as far as this server knows. One that is silent is none, and neither is this server itself
    /// while no quorum answers it.
    #[must_use]
    pub fn leader(&self) -> Option<(u64, Peer)> {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let id = metrics.current_leader?;
        let membership = metrics.membership_config.membership();
        let silent = if id == self.me {
            let alone = membership.voter_ids().eq([self.me]);
            !alone && metrics.last_quorum_acked.as_ref().is_some_and(|acked| acked.elapsed() > SILENT)
        } else {
            self.heard.lock().elapsed() > SILENT
        };
        membership.get_node(&id).filter(|_| !silent).map(|peer| (id, peer.clone()))
    }

    /// Every server with its ID, and whether it votes.
    #[must_use]
    pub fn peers(&self) -> Vec<(u64, Peer, bool)> {
        let metrics = self.raft.server_metrics();
        let metrics = metrics.borrow_watched();
        let membership = metrics.membership_config.membership();
        let voters: Vec<u64> = membership.voter_ids().collect();
        membership.nodes().map(|(id, peer)| (*id, peer.clone(), voters.contains(id))).collect()
    }

    /// This server's ID.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.me
    }

    /// The leader was heard just now.
    pub(crate) fn hear(&self) {
        *self.heard.lock() = Instant::now();
    }

    /// The engine itself, for the RPC port and membership.
    #[must_use]
    pub fn raft(&self) -> &Raft {
        &self.raft
    }

    /// The way to other servers.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// A sole voter cannot be deposed without its own vote: while it leads, its view is the newest there is.
    pub(crate) fn rules_alone(&self) -> bool {
        let metrics = self.raft.server_metrics();
        let metrics = metrics.borrow_watched();
        metrics.state == ServerState::Leader
            && metrics.membership_config.membership().voter_ids().eq([self.me])
            && self.raft.as_leader().is_ok()
    }

    fn stale_stamp(&self) -> ReadStamp {
        let known_leader = self.leader().is_some();
        let last_contact = if self.is_leader() { Duration::ZERO } else { self.heard.lock().elapsed() };
        ReadStamp { known_leader, last_contact }
    }

    async fn ask_read_index(&self, mode: ReadMode) -> Option<u64> {
        let (id, leader) = self.leader()?;
        if id == self.me {
            return None;
        }
        let body = codec::encode(&(mode == ReadMode::Consistent)).ok()?;
        self.wire.call(&leader.address, "/read-index", body, Duration::from_secs(2)).await.ok()
    }
}
