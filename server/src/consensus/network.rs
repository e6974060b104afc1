//! What openraft says to other servers, as calls on the RPC port.

use std::future::Future;
use std::io::{self, Write as _};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use http_body::Frame;
use http_body_util::StreamBody;
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::network::{RPCOption, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::types::{Peer, Snapshot, TypeConfig, Vote};
use super::wire::{CallError, Wire};
use crate::storage::snapshots::Held;
use crate::storage::{codec, pipe};

/// The longest that one snapshot may take. One that stands still ends with its connection.
const SNAPSHOT: Duration = Duration::from_secs(600);

/// Makes a connection for each peer.
#[derive(Clone, Debug)]
pub struct Network {
    wire: Wire,
}

impl Network {
    /// Over `wire`.
    #[must_use]
    pub fn new(wire: Wire) -> Self {
        Self { wire }
    }
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = PeerLink;

    async fn new_client(&mut self, target: u64, node: &Peer) -> PeerLink {
        self.wire.found(target, &node.address);
        PeerLink { wire: self.wire.clone(), target }
    }
}

/// The way to one peer. Each call names it: who answers at its address may be another by now.
#[derive(Clone, Debug)]
pub struct PeerLink {
    wire: Wire,
    target: u64,
}

impl PeerLink {
    fn url(&self, path: &str) -> String {
        let address = self.wire.address_of(self.target);
        format!("http://{address}{path}?to={}", self.target)
    }

    async fn ask<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        client: &reqwest::Client,
        path: &str,
        request: &Q,
        limit: Duration,
    ) -> Result<A, RPCError<TypeConfig>> {
        let body = codec::encode(request).map_err(|error| RPCError::Network(NetworkError::new(&error)))?;
        Wire::post(client, self.url(path), body.into(), limit).await.map_err(failed)
    }
}

fn failed(error: CallError) -> RPCError<TypeConfig> {
    match error {
        CallError::NotSent(_) => RPCError::Unreachable(Unreachable::new(&error)),
        CallError::Lost(_) | CallError::Refused { .. } => RPCError::Network(NetworkError::new(&error)),
    }
}

impl RaftNetworkV2<TypeConfig> for PeerLink {
    type SnapshotData = Held;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig>, RPCError<TypeConfig>> {
        let (answer, room) = self.ask(&self.wire.log, "/raft/append", &rpc, option.hard_ttl()).await?;
        self.wire.has_room(self.target, room);
        Ok(answer)
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        self.ask(&self.wire.client, "/raft/vote", &rpc, option.hard_ttl()).await
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig>, RPCError<TypeConfig>> {
        self.ask(&self.wire.client, "/raft/pre-vote", &rpc, option.hard_ttl()).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + Send + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig>, StreamingError<TypeConfig>> {
        let unsent = |error: io::Error| StreamingError::Network(NetworkError::new(&error));
        let mut vote = codec::encode(&vote).map_err(unsent)?;
        let length = u32::try_from(vote.len()).map_err(|error| unsent(io::Error::other(error)))?;
        vote.splice(0..0, length.to_be_bytes());
        let (mut writer, pieces) = pipe::outward();
        // Detached: it ends with the last record, or when the call has gone and nobody takes what it writes.
        tokio::task::spawn_blocking(move || {
            let Snapshot { meta, snapshot } = snapshot;
            let written = writer.write_all(&vote).and_then(|()| snapshot.write_to(&meta, &mut writer));
            if let Err(error) = written {
                writer.fail(error);
            }
        });
        let body = reqwest::Body::wrap(StreamBody::new(pieces.map_ok(Frame::data)));
        let limit = option.hard_ttl().max(SNAPSHOT);
        let call = Wire::post(&self.wire.bulk, self.url("/raft/snapshot"), body, limit);
        tokio::select! {
            closed = cancel => Err(StreamingError::Closed(closed)),
            answer = call => answer.map_err(|error| match error {
                CallError::NotSent(_) => StreamingError::Unreachable(Unreachable::new(&error)),
                CallError::Lost(_) | CallError::Refused { .. } => StreamingError::Network(NetworkError::new(&error)),
            }),
        }
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig>, RPCError<TypeConfig>> {
        self.ask(&self.wire.client, "/raft/transfer-leader", &request, option.hard_ttl()).await
    }
}
