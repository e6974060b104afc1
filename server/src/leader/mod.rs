//! What the leader does by the clock. Each duty is pure: what is due, given the view and the time. A deposed
//! leader's commands are refused by consensus, not by luck.

mod leases;
mod reap;
mod tombstones;

use std::sync::Arc;
use std::time::Duration;

use muster_registry::{Cause, Command};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::consensus::Consensus;
use crate::hub::Hub;
use leases::Leases;
use reap::Reaper;
use tombstones::Tombstones;

/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(200);

/// How long things last.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// A lease that is not renewed for so long is lost.
    pub lease: Duration,
    /// A node whose lease is lost for so long is removed.
    pub reap: Duration,
    /// A deletion is remembered for at least so long, for those who wait for it.
    pub tombstone: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(3),
            reap: Duration::from_secs(72 * 3600),
            tombstone: Duration::from_secs(15 * 60),
        }
    }
}

/// The duties and what they remember. It is the leader's memory: a new leader begins anew.
pub(crate) struct Duties {
    leases: Mutex<Leases>,
    terms: Terms,
}

impl Duties {
    pub(crate) fn new(terms: Terms) -> Self {
        Self { leases: Mutex::new(Leases::new(terms.lease)), terms }
    }

    /// Takes in a renewal by a node that the catalog holds. Only the leader's count.
    pub(crate) fn renew(&self, node: &str) {
        self.leases.lock().renew(node, Instant::now());
    }

    /// How long ago each of these nodes was last heard, in milliseconds, as far as this leader knows.
    pub(crate) fn heard(&self, nodes: &[String]) -> Vec<Option<u64>> {
        let (leases, now) = (self.leases.lock(), Instant::now());
        nodes.iter().map(|node| leases.heard(node, now)).collect()
    }

    /// A node that left has no lease to lose.
    pub(crate) fn forget(&self, node: &str) {
        self.leases.lock().forget(node);
    }

    /// Does what is due until `token` ends it.
    pub(crate) async fn run(&self, consensus: &Consensus, hub: &Hub, token: &CancellationToken) {
        let mut leading = false;
        let (mut reaper, mut tombstones) =
            (Reaper::new(self.terms.reap), Tombstones::new(self.terms.tombstone));
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(TICK) => {}
            }
            let led = std::mem::replace(&mut leading, consensus.is_leader());
            if !leading {
                continue;
            }
            let (view, now) = (hub.view(), Instant::now());
            if !led {
                self.leases.lock().begin(&view, now);
                (reaper, tombstones) = (Reaper::new(self.terms.reap), Tombstones::new(self.terms.tombstone));
            }
            let mut commands = self.leases.lock().due(&view, now);
            commands.extend(reaper.due(&view, now));
            commands.extend(tombstones.due(&view, now));
            // What is not done now is due again at the next look.
            if !commands.is_empty()
                // Of all duties only the reaper's takes anything away.
                && let Err(error) =
                    consensus.propose_here(Command::Batch(commands).owed_to(Cause::Reaped)).await
            {
                tracing::warn!(%error, "what was due is not done yet");
            }
        }
    }
}

/// The name that all duties look for.
pub(crate) const LIVENESS: &str = "serfHealth";

/// A node's name as all share it.
type NodeName = Arc<str>;
