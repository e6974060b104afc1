//! The handle by which the rest of the server proposes and reads. It hides who leads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use muster_registry::command::{Dated, KvCommand};
use muster_registry::{Command, Response};
use openraft::Instant as _;
use openraft::async_runtime::WatchReceiver as _;
use openraft::errors::{ClientWriteError, RaftError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use super::gate::{Heard, Rounds};
use super::types::{Peer, Proposal, Raft};
use super::wire::{CallError, Wire};
use crate::space::Space;
use crate::storage::codec;

/// How long a request waits for a leader before it is told that there is none (Consul's `rpc_hold_timeout`).
pub(super) const HOLD: Duration = Duration::from_secs(7);
/// The longest that one forwarded command may take.
const FORWARD: Duration = Duration::from_secs(10);
/// Between two looks for a leader.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(25);

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

/// A cheap handle to the consensus engine.
#[derive(Clone)]
pub struct Consensus {
    raft: Raft,
    wire: Wire,
    me: u64,
    space: Arc<Space>,
    /// When a leader was last heard.
    pub(super) heard: Arc<Heard>,
    pub(super) rounds: Arc<Rounds>,
    /// Whether it answers as a member: see [`Self::takes_part`].
    part: Arc<AtomicBool>,
}

impl Consensus {
    pub(crate) fn new(raft: Raft, wire: Wire, me: u64, space: Arc<Space>) -> Self {
        Self { raft, wire, me, space, heard: Arc::default(), rounds: Arc::default(), part: Arc::default() }
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

    /// Proposes here, if this server leads, with the time of its clock; `None` where it does not.
    ///
    /// # Errors
    /// Where the disk is full or the engine has stopped.
    pub async fn propose_here(&self, command: Command) -> Result<Option<Response>, Unavailable> {
        if !self.raft.is_leader() {
            return Ok(None);
        }
        self.space.admit(weight(&command)).map_err(Unavailable::Refused)?;
        self.followers_have_room()?;
        // A leader without its quorum does not know whether it still leads: nobody shall wait for that for ever.
        let command = command.dated(now());
        let written = tokio::time::timeout(FORWARD, self.raft.client_write(Proposal(command))).await;
        match written.map_err(|_| Unavailable::Lost("leadership lost while committing log".into()))? {
            Ok(written) => Ok(Some(written.data)),
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))) => Ok(None),
            // It was in the log when another leader came, and may be in that one's as well.
            Err(RaftError::APIError(ClientWriteError::LogEntryDiscarded(_))) => {
                Err(Unavailable::Lost("leadership lost while committing log".into()))
            }
            Err(RaftError::APIError(other)) => Err(Unavailable::Refused(other.to_string())),
            Err(RaftError::Fatal(fatal)) => Err(Unavailable::Stopped(fatal.to_string())),
        }
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
            self.heard.ago() > SILENT
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

    /// Whether this server's disk takes more.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.space.has_room()
    }

    /// Whether this server may vote and take entries in. One with an empty disk may not before its cluster has
    /// forgotten who it was: what it once voted for and acknowledged went with its disk.
    #[must_use]
    pub fn takes_part(&self) -> bool {
        self.part.load(Ordering::Acquire)
    }

    /// From now on it may.
    pub(super) fn take_part(&self) {
        self.part.store(true, Ordering::Release);
    }

    /// This server's ID.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.me
    }

    /// The leader was heard just now.
    pub(crate) fn hear(&self) {
        self.heard.now();
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

    /// A write needs the disks of a quorum, not the leader's alone.
    fn followers_have_room(&self) -> Result<(), Unavailable> {
        let cramped = self.wire.cramped();
        if cramped.is_empty() {
            return Ok(());
        }
        let voters: Vec<u64> = self.peers().iter().filter(|peer| peer.2).map(|peer| peer.0).collect();
        let without = voters.iter().filter(|id| cramped.contains(id)).count();
        if voters.len() - without > voters.len() / 2 {
            return Ok(());
        }
        Err(Unavailable::Refused(format!(
            "no space left on the disks of {without} of {} servers: writes are refused until a quorum has room",
            voters.len()
        )))
    }
}

/// This server's clock, in milliseconds since 1970. Only a leader's gets into the log.
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// About how many bytes a command takes in the log.
fn weight(command: &Command) -> u64 {
    /// A registration with its service and a check, and more than what frames a value.
    const RECORD: usize = 2 << 10;
    let bytes = match command {
        Command::Kv(KvCommand::Set { value, .. }) => value.len() + RECORD,
        Command::Batch(singles) | Command::Dated(Dated { orders: singles, .. }) => singles.len() * RECORD,
        _ => RECORD,
    };
    bytes as u64
}
