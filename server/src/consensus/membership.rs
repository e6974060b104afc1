//! How servers come together: alone, as an expected number that meet, or by joining those that already run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use openraft::ChangeMembers;
use openraft::errors::{ChangeMembershipError, ClientWriteError, RaftError};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::node::{Consensus, Unavailable};
use super::types::Peer;
use super::wire::CallError;
use crate::storage::codec;

/// Between two rounds of asking.
const ROUND: Duration = Duration::from_millis(250);
const CALL: Duration = Duration::from_secs(2);
/// The old self of a server with an empty disk is removed by agreement.
const FORGET: Duration = Duration::from_secs(12);
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
    /// Whether it may vote. One that founds a cluster with others says so when it has met them all.
    pub takes_part: bool,
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

/// Founds or joins the cluster, or comes back to it, and returns once this server belongs to one.
///
/// # Errors
/// Where the engine has stopped.
pub async fn gather(
    consensus: &Consensus,
    meeting: &Meeting,
    token: &CancellationToken,
) -> Result<(), Unavailable> {
    loop {
        let initialized = consensus.raft().is_initialized().await;
        if initialized.map_err(|error| Unavailable::Stopped(error.to_string()))? {
            consensus.take_part();
            return come_back(consensus, meeting, token).await;
        }
        let mut met = BTreeMap::from([(consensus.id(), meeting.me.clone())]);
        let (mut settled, mut ready) = (false, true);
        for address in &meeting.addresses.all() {
            let asked = consensus.wire().call::<Introduction>(address, "/introduce", Vec::new(), CALL).await;
            let Ok(other) = asked else { continue };
            if other.initialized && other.id != consensus.id() {
                settled = true;
                match enter(consensus, &meeting.me, address).await {
                    Ok(()) => return Ok(()),
                    Err(error) => tracing::warn!(%address, %error, "not joined yet"),
                }
            }
            ready &= other.takes_part || other.id == consensus.id();
            met.insert(other.id, other.peer);
        }
        // Where a cluster is, none is founded beside it. Of those that meet, the one with the lowest ID speaks for
        // all, when exactly all are there and each has said that it met all: whoever finds the cluster founded
        // before takes itself for a latecomer and does not vote.
        if !settled && meeting.expect > 0 && met.len() == meeting.expect {
            consensus.take_part();
            if ready && met.keys().next() == Some(&consensus.id()) {
                tracing::info!(servers = met.len(), "founding the cluster");
                match consensus.raft().initialize(met).await {
                    Ok(()) => return Ok(()),
                    Err(error) => tracing::warn!(%error, "the cluster was not founded"),
                }
            }
        }
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            () = tokio::time::sleep(ROUND) => {}
        }
    }
}

/// Joins the cluster of `address` with an empty disk. If it was a member before under the same ID, the cluster
/// forgets that first.
async fn enter(consensus: &Consensus, me: &Peer, address: &str) -> Result<(), CallError> {
    let wire = consensus.wire();
    if !consensus.takes_part() {
        wire.call::<()>(address, "/forget", encoded(&consensus.id())?, FORGET).await?;
        consensus.take_part();
    }
    wire.call(address, "/join", encoded(&(consensus.id(), me))?, JOIN).await
}

/// A server that belonged to a cluster may have left or been removed since, or come with another address: what is
/// on its disk does not know. The leader does; whoever it does not count among the voters as it is joins again.
async fn come_back(
    consensus: &Consensus,
    meeting: &Meeting,
    token: &CancellationToken,
) -> Result<(), Unavailable> {
    let wire = consensus.wire();
    let myself = (consensus.id(), &meeting.me);
    loop {
        if consensus.is_leader() {
            match admit(consensus, consensus.id(), meeting.me.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(%error, "the leader's own address is not in the log yet"),
            }
        }
        let mut addresses = meeting.addresses.all();
        addresses.extend(consensus.peers().into_iter().map(|(_, peer, _)| peer.address));
        addresses.retain(|address| *address != meeting.me.address);
        for address in &addresses {
            let asked = match encoded(&myself) {
                Ok(body) => wire.call::<bool>(address, "/member", body, CALL).await,
                Err(error) => Err(error),
            };
            match asked {
                Ok(true) => return Ok(()),
                Err(_) => continue,
                Ok(false) => {}
            }
            tracing::info!(%address, "the cluster does not count this server as it is: joining again");
            let joined = match encoded(&myself) {
                Ok(body) => wire.call::<()>(address, "/join", body, JOIN).await,
                Err(error) => Err(error),
            };
            match joined {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(%address, %error, "not joined yet"),
            }
        }
        tokio::select! {
            () = token.cancelled() => return Ok(()),
            () = tokio::time::sleep(ROUND) => {}
        }
    }
}

fn encoded(value: &impl Serialize) -> Result<Vec<u8>, CallError> {
    codec::encode(value).map_err(|error| CallError::NotSent(error.to_string()))
}

/// Whether a server is a voter of just this name and address.
pub(crate) fn is_member(consensus: &Consensus, id: u64, peer: &Peer) -> bool {
    consensus.peers().iter().any(|(held, known, voter)| *held == id && known == peer && *voter)
}

/// Takes a newcomer in: as a learner until it has caught up, then as a voter. A voter that had its address before
/// is gone, its disk with it, and leaves in the same step. One that is known under another address gets the new
/// one. Only the leader can.
///
/// # Errors
/// Where this server does not lead or the change is refused.
pub async fn admit(consensus: &Consensus, id: u64, peer: Peer) -> Result<(), Unavailable> {
    let refused = |error: &dyn std::fmt::Display| Unavailable::Refused(error.to_string());
    if is_member(consensus, id, &peer) {
        return Ok(());
    }
    let peers = consensus.peers();
    let raft = consensus.raft();
    if let Some((_, known, voter)) = peers.iter().find(|(held, ..)| *held == id) {
        if *known != peer {
            tracing::warn!(id, from = %known, to = %peer, "a server came back under another name or address");
            let nodes = ChangeMembers::SetNodes(BTreeMap::from([(id, peer.clone())]));
            raft.change_membership(nodes, true).await.map_err(|error| refused(&error))?;
            consensus.wire().found(id, &peer.address);
        }
        if *voter {
            return Ok(());
        }
    }
    let replaced: BTreeSet<u64> = peers
        .iter()
        .filter(|(other, held, voter)| *voter && *other != id && held.address == peer.address)
        .map(|(other, ..)| *other)
        .collect();
    raft.add_learner(id, peer, true).await.map_err(|error| refused(&error))?;
    let mut steps = vec![ChangeMembers::AddVoterIds(BTreeSet::from([id]))];
    if !replaced.is_empty() && !replaced.contains(&consensus.id()) {
        tracing::warn!(?replaced, by = id, "a server came back with an empty disk: its old self is removed");
        steps.push(ChangeMembers::RemoveVoters(replaced));
    }
    raft.change_membership(ChangeMembers::Batch(steps), false).await.map_err(|error| refused(&error))?;
    tracing::info!(id, "a server has joined");
    Ok(())
}

/// Removes a server by ID. Only the leader can: `None` where this server does not lead any more, or another change
/// is under way.
///
/// # Errors
/// Where the change is refused.
pub(super) async fn remove(consensus: &Consensus, id: u64, voter: bool) -> Result<Option<()>, Unavailable> {
    let ids = BTreeSet::from([id]);
    let change = if voter { ChangeMembers::RemoveVoters(ids) } else { ChangeMembers::RemoveNodes(ids) };
    match consensus.raft().change_membership(change, false).await {
        Ok(_) => {
            tracing::info!(id, "a server has been removed");
            Ok(Some(()))
        }
        Err(RaftError::APIError(
            ClientWriteError::ForwardToLeader(_)
            | ClientWriteError::ChangeMembershipError(ChangeMembershipError::InProgress(_)),
        )) => Ok(None),
        Err(error) => Err(Unavailable::Refused(error.to_string())),
    }
}
