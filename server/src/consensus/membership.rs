//! How servers come together: alone, as an expected number that meet, or by joining those that already run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use openraft::ChangeMembers;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::node::{Consensus, Unavailable};
use super::types::Peer;
use crate::storage::codec;

/// Between two rounds of asking.
const ROUND: Duration = Duration::from_millis(250);
const CALL: Duration = Duration::from_secs(2);
/// A newcomer may have a whole snapshot to take in.
const JOIN: Duration = Duration::from_secs(60);

/// What a server says of itself on the RPC port.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Introduction {
    /// Its ID in the log.
    pub id: u64,
    /// Who it is.
    pub peer: Peer,
    /// Whether it already belongs to a cluster.
    pub initialized: bool,
}

/// How this server finds its cluster.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// This server.
    pub me: Peer,
    /// How many servers found the cluster together; 1 founds it alone, 0 only joins.
    pub expect: usize,
    /// RPC addresses to ask.
    pub addresses: Meetings,
}

/// RPC addresses at which other servers may be met. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Meetings(Arc<Mutex<Vec<String>>>);

impl Meetings {
    /// Begins with these.
    #[must_use]
    pub fn new(addresses: Vec<String>) -> Self {
        Self(Arc::new(Mutex::new(addresses)))
    }

    /// One more; asked at the next round, if this server has no cluster yet.
    pub fn add(&self, address: String) {
        let mut known = self.0.lock();
        if !known.contains(&address) {
            known.push(address);
        }
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

/// Founds or joins the cluster, and returns once this server belongs to one.
///
/// # Errors
/// Where the engine has stopped.
pub async fn gather(
    consensus: &Consensus,
    meeting: &Meeting,
    token: &CancellationToken,
) -> Result<(), Unavailable> {
    let stopped = |error: &dyn std::fmt::Display| Unavailable::Stopped(error.to_string());
    loop {
        if consensus.raft().is_initialized().await.map_err(|error| stopped(&error))? {
            return Ok(());
        }
        let mut met = BTreeMap::from([(consensus.id(), meeting.me.clone())]);
        for address in &meeting.addresses.all() {
            let asked = consensus.wire().call::<Introduction>(address, "/introduce", Vec::new(), CALL).await;
            let Ok(other) = asked else { continue };
            if other.initialized && other.id != consensus.id() {
                let body = codec::encode(&(consensus.id(), &meeting.me)).map_err(|error| stopped(&error))?;
                match consensus.wire().call::<()>(address, "/join", body, JOIN).await {
                    Ok(()) => return Ok(()),
                    Err(error) => tracing::warn!(%address, %error, "not joined yet"),
                }
            }
            met.insert(other.id, other.peer);
        }
        // Of those that meet, the one with the lowest ID speaks for all, and only when exactly all are there.
        let speaker = met.keys().next() == Some(&consensus.id());
        if meeting.expect > 0 && met.len() == meeting.expect && speaker {
            tracing::info!(servers = met.len(), "founding the cluster");
            match consensus.raft().initialize(met).await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(%error, "the cluster was not founded"),
            }
        }
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            () = tokio::time::sleep(ROUND) => {}
        }
    }
}

/// Takes a newcomer in: as a learner until it has caught up, then as a voter. Only the leader can.
///
/// # Errors
/// Where this server does not lead or the change is refused.
pub async fn admit(consensus: &Consensus, id: u64, peer: Peer) -> Result<(), Unavailable> {
    let refused = |error: &dyn std::fmt::Display| Unavailable::Refused(error.to_string());
    let raft = consensus.raft();
    raft.add_learner(id, peer, true).await.map_err(|error| refused(&error))?;
    let voter = ChangeMembers::AddVoterIds(BTreeSet::from([id]));
    raft.change_membership(voter, true).await.map_err(|error| refused(&error))?;
    Ok(())
}

/// Removes a server by ID; its vote no longer counts. Only the leader can.
///
/// # Errors
/// Where this server does not lead or the change is refused.
pub async fn remove(consensus: &Consensus, id: u64) -> Result<(), Unavailable> {
    let voter = ChangeMembers::RemoveVoters(BTreeSet::from([id]));
    let changed = consensus.raft().change_membership(voter, false).await;
    changed.map(|_| ()).map_err(|error| Unavailable::Refused(error.to_string()))
}
