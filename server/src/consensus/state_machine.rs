//! The only place where the log meets the registry: apply, publish, wake, answer; in this order, so that
//! whoever is told of its write finds it in the view.

use std::io;
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _};
use muster_registry::{Change, Changes, Registry, Response, View};
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder};

use super::types::{LogId, Snapshot, SnapshotMeta, StoredMembership, TypeConfig};
use crate::hub::Hub;
use crate::storage::snapshots::{Held, Snapshots};

/// Most entries under one publication of the view.
const BATCH: usize = 256;

/// The registry under consensus.
pub struct StateMachine {
    registry: Registry,
    hub: Arc<Hub>,
    snapshots: Snapshots,
    last_applied: Option<LogId>,
    membership: StoredMembership,
}

impl StateMachine {
    /// Starts from the last snapshot, or from nothing.
    ///
    /// # Errors
    /// Where the snapshot cannot be read or is damaged.
    pub fn open(snapshots: Snapshots, hub: Arc<Hub>) -> io::Result<Self> {
        let (last_applied, membership, registry) = match snapshots.load()? {
            Some((meta, registry)) => (meta.last_log_id, meta.last_membership, registry),
            None => (None, StoredMembership::default(), Registry::new()),
        };
        hub.publish(registry.view().clone(), &restored());
        Ok(Self { registry, hub, snapshots, last_applied, membership })
    }

    fn meta(&self) -> SnapshotMeta {
        SnapshotMeta { last_log_id: self.last_applied, last_membership: self.membership.clone() }
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotData = Held;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> io::Result<(Option<LogId>, StoredMembership)> {
        Ok((self.last_applied, self.membership.clone()))
    }

    async fn apply<Strm>(&mut self, entries: Strm) -> io::Result<()>
    where
        Strm: Stream<Item = io::Result<EntryResponder<TypeConfig>>> + Unpin + OptionalSend,
    {
        let mut batches = entries.ready_chunks(BATCH);
        while let Some(batch) = batches.next().await {
            let mut changes = Changes::default();
            let mut answers = Vec::with_capacity(batch.len());
            for item in batch {
                let (entry, responder) = item?;
                let index = entry.log_id.index;
                let response = match &entry.payload {
                    EntryPayload::Blank => Response::Done,
                    EntryPayload::Membership(membership) => {
                        self.membership = StoredMembership::new(Some(entry.log_id), membership.clone());
                        Response::Done
                    }
                    EntryPayload::Normal(proposal) => {
                        let applied = self.registry.apply(index, &proposal.0);
                        changes.merge(applied.changes);
                        applied.response
                    }
                };
                self.last_applied = Some(entry.log_id);
                answers.extend(responder.map(|responder| (responder, response)));
            }
            self.hub.publish(self.registry.view().clone(), &changes);
            for (responder, response) in answers {
                responder.send(response);
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        Builder { meta: self.meta(), view: self.registry.view().clone(), snapshots: self.snapshots.clone() }
    }

    async fn install_snapshot(&mut self, meta: &SnapshotMeta, snapshot: Held) -> io::Result<()> {
        let snapshot =
            tokio::task::spawn_blocking(|| snapshot.into_view()).await.map_err(io::Error::other)??;
        save(&self.snapshots, meta, &snapshot).await?;
        self.registry = Registry::from_view(snapshot);
        self.last_applied = meta.last_log_id;
        self.membership = meta.last_membership.clone();
        self.hub.publish(self.registry.view().clone(), &restored());
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> io::Result<Option<Snapshot>> {
        let snapshots = self.snapshots.clone();
        let last =
            tokio::task::spawn_blocking(move || snapshots.last()).await.map_err(io::Error::other)??;
        Ok(last.map(|(meta, snapshot)| Snapshot { meta, snapshot }))
    }
}

/// Writes the view of one moment while the writer goes on.
pub struct Builder {
    meta: SnapshotMeta,
    view: View,
    snapshots: Snapshots,
}

impl RaftSnapshotBuilder<TypeConfig> for Builder {
    type SnapshotData = Held;

    async fn build_snapshot(&mut self) -> io::Result<Snapshot> {
        save(&self.snapshots, &self.meta, &self.view).await?;
        Ok(Snapshot { meta: self.meta.clone(), snapshot: Held::View(Box::new(self.view.clone())) })
    }
}

async fn save(snapshots: &Snapshots, meta: &SnapshotMeta, view: &View) -> io::Result<()> {
    let (snapshots, meta, view) = (snapshots.clone(), meta.clone(), view.clone());
    tokio::task::spawn_blocking(move || snapshots.save(&meta, &view)).await.map_err(io::Error::other)?
}

fn restored() -> Changes {
    Changes([Change::Restored].into())
}
