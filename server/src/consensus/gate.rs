//! When the local view may answer: never before it holds what was acknowledged anywhere when the read came, unless
//! the reader takes a stale answer. Takes no lock where this server can tell by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use muster_api::consistency::ReadMode;
use openraft::async_runtime::WatchReceiver as _;
use openraft::errors::{LinearizableReadError, RaftError};
use openraft::{ReadPolicy, ServerState};
use parking_lot::Mutex;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::node::{Consensus, HOLD, LOOK_AGAIN, Unavailable};
use crate::storage::codec;

/// The longest that the leader may take to say where its log is.
const READ_INDEX: Duration = Duration::from_secs(2);

/// How fresh a read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadStamp {
    /// Whether a leader was known.
    pub known_leader: bool,
    /// How long ago this server last heard from it.
    pub last_contact: Duration,
}

/// When a leader was last heard; at first, when this server began.
#[derive(Debug)]
pub(super) struct Heard {
    began: Instant,
    /// Milliseconds since then.
    at: AtomicU64,
}

impl Default for Heard {
    fn default() -> Self {
        Self { began: Instant::now(), at: AtomicU64::new(0) }
    }
}

impl Heard {
    /// A leader was heard.
    pub(super) fn now(&self) {
        self.at.store(self.millis(), Ordering::Relaxed);
    }

    /// How long ago.
    pub(super) fn ago(&self) -> Duration {
        Duration::from_millis(self.millis().saturating_sub(self.at.load(Ordering::Relaxed)))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Passes of the gate that are made once for all who wait: whoever comes after one has begun waits for the next,
/// since what it finds may be older than its read.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    lease: Mutex<Option<Arc<Round>>>,
    quorum: Mutex<Option<Arc<Round>>>,
}

type Round = OnceCell<Result<(), Unavailable>>;

impl Consensus {
    /// Returns when the local view may answer in this mode.
    ///
    /// # Errors
    /// Where the mode needs a leader and there is none for [`HOLD`].
    pub async fn gate(&self, mode: ReadMode) -> Result<ReadStamp, Unavailable> {
        let led = ReadStamp { known_leader: true, last_contact: Duration::ZERO };
        let by_quorum = match mode {
            ReadMode::Stale { max_stale } => {
                let stamp = self.stale_stamp();
                if max_stale.is_none_or(|longest| stamp.last_contact <= longest) {
                    return Ok(stamp);
                }
                // Too old: as in Consul, the leader is asked after all.
                false
            }
            ReadMode::Default if self.rules_alone() => return Ok(led),
            ReadMode::Default => false,
            ReadMode::Consistent => true,
        };
        let next = if by_quorum { &self.rounds.quorum } else { &self.rounds.lease };
        let round = next.lock().get_or_insert_default().clone();
        let pass = || async {
            // Those who came with this one pass with it.
            tokio::task::yield_now().await;
            next.lock().take_if(|next| Arc::ptr_eq(next, &round));
            self.pass(by_quorum).await
        };
        round.get_or_init(pass).await.clone().map(|()| led)
    }

    async fn pass(&self, by_quorum: bool) -> Result<(), Unavailable> {
        let deadline = Instant::now() + HOLD;
        loop {
            match self.raft().ensure_linearizable(policy(by_quorum)).await {
                Ok(_) => return Ok(()),
                Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(_))) => {
                    if let Some(index) = self.ask_read_index(by_quorum).await {
                        let wait = self.raft().wait(Some(HOLD));
                        if wait.applied_index_at_least(Some(index), "read index").await.is_ok() {
                            return Ok(());
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
    pub async fn read_index(&self, by_quorum: bool) -> Option<u64> {
        self.raft().ensure_linearizable(policy(by_quorum)).await.ok().map(|read| read.index())
    }

    /// A sole voter cannot be deposed without its own vote: while it leads, its view is the newest there is, from
    /// the first entry of its term on. Before that it may have yet to apply what it acknowledged in an earlier one.
    fn rules_alone(&self) -> bool {
        let metrics = self.raft().metrics();
        let metrics = metrics.borrow_watched();
        let applied = metrics.last_applied.as_ref().map(|last| last.committed_leader_id().term);
        metrics.state == ServerState::Leader
            && applied == Some(metrics.current_term)
            && metrics.membership_config.membership().voter_ids().eq([self.id()])
            && self.raft().as_leader().is_ok()
    }

    fn stale_stamp(&self) -> ReadStamp {
        let known_leader = self.leader().is_some();
        let last_contact = if self.is_leader() { Duration::ZERO } else { self.heard.ago() };
        ReadStamp { known_leader, last_contact }
    }

    /// What the leader says that must be applied here.
    async fn ask_read_index(&self, by_quorum: bool) -> Option<u64> {
        let (id, leader) = self.leader()?;
        if id == self.id() {
            return None;
        }
        let body = codec::encode(&by_quorum).ok()?;
        self.wire().call(&leader.address, "/read-index", body, READ_INDEX).await.ok()
    }
}

fn policy(by_quorum: bool) -> ReadPolicy {
    if by_quorum { ReadPolicy::ReadIndex } else { ReadPolicy::LeaseRead }
}
