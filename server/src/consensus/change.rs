//! Changes of who belongs to the cluster and who leads it. Any server may be asked; the leader does them, and none
//! that would leave fewer servers alive than a quorum.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use openraft::async_runtime::WatchReceiver as _;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

use super::membership::{self, Introduction};
use super::node::{Consensus, Unavailable};
use super::types::{LogId, Peer};

/// A server that does not answer within this counts as dead when voters are removed.
const ANSWER: Duration = Duration::from_secs(1);
/// How long one heir may take to lead.
const INHERIT: Duration = Duration::from_secs(2);
/// The longest that a change may take to be agreed upon.
const AGREE: Duration = Duration::from_secs(8);
/// The longest that a leader that was asked may take.
const ASKED: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Which server is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Whom {
    /// By its ID in the log.
    Raft(u64),
    /// By its node's UUID.
    Id(String),
    /// By `ip:port` of its RPC port.
    Address(String),
}

impl Whom {
    fn find<'p>(&self, peers: &'p [(u64, Peer, bool)]) -> Result<&'p (u64, Peer, bool), Unavailable> {
        let found = peers.iter().find(|(raft, peer, _)| match self {
            Self::Raft(id) => raft == id,
            Self::Id(id) => peer.node_id == *id,
            Self::Address(address) => peer.address == *address,
        });
        found.ok_or_else(|| {
            Unavailable::Refused(match self {
                Self::Raft(id) => format!("id \"{id}\" was not found in the Raft configuration"),
                Self::Id(id) => format!("id {id:?} was not found in the Raft configuration"),
                Self::Address(address) => {
                    format!("address {address:?} was not found in the Raft configuration")
                }
            })
        })
    }
}

/// What may be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A server goes: its vote counts no more.
    Remove(Whom),
    /// Another server leads: this one, or the one that is furthest.
    HandOver(Option<Whom>),
}

impl Consensus {
    /// Has the leader do `change`, wherever it is.
    ///
    /// # Errors
    /// Where it is refused, or nobody leads.
    pub async fn change(&self, change: &Change) -> Result<(), Unavailable> {
        self.at_leader("/change", change, ASKED, || self.change_here(change)).await
    }

    /// Does `change`, if this server leads; `None` where it does not, or no more.
    ///
    /// # Errors
    /// Where it is refused or cannot be agreed upon.
    pub async fn change_here(&self, change: &Change) -> Result<Option<()>, Unavailable> {
        if !self.is_leader() {
            return Ok(None);
        }
        let peers = self.peers();
        match change {
            Change::HandOver(whom) => {
                let heir = whom.as_ref().map(|whom| whom.find(&peers)).transpose()?;
                if heir.is_some_and(|(_, _, voter)| !voter) {
                    return Err(Unavailable::Refused("a server without a vote cannot lead".into()));
                }
                self.hand_over(heir.map(|(id, ..)| *id)).await.map(Some)
            }
            Change::Remove(whom) => {
                let (id, _, voter) = whom.find(&peers)?;
                if *voter {
                    let voters: Vec<u64> = peers.iter().filter(|peer| peer.2).map(|peer| peer.0).collect();
                    keeps_quorum(*id, &voters, &self.alive(&peers).await).map_err(Unavailable::Refused)?;
                    if *id == self.id() {
                        // The next leader removes this one: nobody leads a cluster that it is no part of.
                        self.hand_over(None).await?;
                        return Ok(None);
                    }
                }
                let removing = membership::remove(self, *id, *voter);
                timeout(AGREE, removing).await.map_err(|_| not_agreed())?
            }
        }
    }

    /// Hands the leadership to `heir`, or to the living voters in the order of their logs, until one leads.
    async fn hand_over(&self, heir: Option<u64>) -> Result<(), Unavailable> {
        let heirs = match heir {
            Some(heir) if heir == self.id() => return Ok(()),
            Some(heir) => vec![heir],
            None => self.heirs().await,
        };
        for heir in heirs {
            let handed = self.raft().trigger().transfer_leader(heir).await;
            handed.map_err(|error| Unavailable::Stopped(error.to_string()))?;
            let deadline = Instant::now() + INHERIT;
            while Instant::now() < deadline {
                if self.leader().is_some_and(|(id, _)| id != self.id()) && !self.is_leader() {
                    return Ok(());
                }
                sleep(LOOK_AGAIN).await;
            }
            tracing::warn!(heir, "the leadership was not taken over");
        }
        // As Consul's raft says it where there is nobody to hand over to.
        Err(Unavailable::Refused("cannot find peer".into()))
    }

    /// Who answers now. What was heard lately does not do: a change that needs the vote of one that just died is
    /// agreed upon by nobody, and no other change can follow it.
    async fn alive(&self, peers: &[(u64, Peer, bool)]) -> BTreeSet<u64> {
        let others = peers.iter().filter(|(id, ..)| *id != self.id());
        let asked = others.map(|(id, peer, _)| async move {
            let said =
                self.wire().call::<Introduction>(&peer.address, "/introduce", Vec::new(), ANSWER).await;
            said.is_ok_and(|other| other.id == *id).then_some(*id)
        });
        let answered = futures_util::future::join_all(asked).await;
        answered.into_iter().flatten().chain([self.id()]).collect()
    }

    async fn heirs(&self) -> Vec<u64> {
        let (peers, me) = (self.peers(), self.id());
        let alive = self.alive(&peers).await;
        let metrics = self.raft().metrics();
        let logs: BTreeMap<u64, Option<LogId>> =
            metrics.borrow_watched().replication.clone().unwrap_or_default();
        let voters = peers.into_iter().filter(|(id, _, voter)| *voter && *id != me);
        let mut heirs: Vec<u64> = voters.map(|(id, ..)| id).filter(|id| alive.contains(id)).collect();
        heirs.sort_by_key(|id| std::cmp::Reverse(logs.get(id).cloned().flatten()));
        heirs
    }
}

fn not_agreed() -> Unavailable {
    Unavailable::Lost(format!("the servers did not agree on the change within {AGREE:?}"))
}

/// Whether the voters that stay still are a quorum of living ones.
pub(super) fn keeps_quorum(leaving: u64, voters: &[u64], alive: &BTreeSet<u64>) -> Result<(), String> {
    let stay: Vec<u64> = voters.iter().copied().filter(|id| *id != leaving).collect();
    if stay.is_empty() {
        return Err("Need at least one voter in configuration: {[]}".into());
    }
    let living = stay.iter().filter(|id| alive.contains(id)).count();
    let needed = stay.len() / 2 + 1;
    if living < needed {
        return Err(format!(
            "removing this server would leave {living} of {} voters alive, and {needed} are needed: bring back \
             or remove those that are dead first",
            stay.len()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_removed_whose_vote_is_needed() {
        let refused = |leaving, voters: &[u64], alive: &[u64]| {
            keeps_quorum(leaving, voters, &alive.iter().copied().collect()).is_err()
        };
        assert!(refused(1, &[1], &[1]), "the last one");
        assert!(!refused(1, &[1, 2], &[1, 2]), "one of two");
        assert!(refused(1, &[1, 2, 3], &[1, 2]), "a living one, where another is dead");
        assert!(!refused(3, &[1, 2, 3], &[1, 2]), "the dead one");
        assert!(!refused(1, &[1, 2, 3, 4, 5], &[1, 2, 3, 4]), "one of four that live");
        assert!(refused(1, &[1, 2, 3, 4, 5], &[1, 2, 3]), "one of three that live");
    }

    #[test]
    fn a_server_is_found_by_what_operators_know_of_it() {
        let peer = Peer { name: "a".into(), node_id: "uuid".into(), address: "10.0.0.1:8300".into() };
        let peers = [(7, peer, true)];
        for whom in [Whom::Raft(7), Whom::Id("uuid".into()), Whom::Address("10.0.0.1:8300".into())] {
            assert_eq!(whom.find(&peers).unwrap().0, 7);
        }
        let unknown = Whom::Address("10.0.0.1".into()).find(&peers).unwrap_err().to_string();
        assert_eq!(unknown, "address \"10.0.0.1\" was not found in the Raft configuration");
    }
}
