//! How servers talk to each other about the log: HTTP/2 on the RPC port, our codec in the bodies.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io::{self, Write as _};
use std::sync::Arc;
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
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::types::{Peer, Snapshot, TypeConfig, Vote};
use crate::storage::snapshots::Held;
use crate::storage::{codec, pipe};

/// Between two signs of life on a connection that is in use, and the longest wait for one.
const ALIVE: Duration = Duration::from_secs(1);
/// The longest that one snapshot may take. One that stands still ends with its connection.
const SNAPSHOT: Duration = Duration::from_secs(600);

/// Calls to other servers over kept connections.
#[derive(Clone, Debug)]
pub struct Wire {
    client: reqwest::Client,
    /// Its own connections for snapshots: what is slow to be read must not hold up a heartbeat behind it.
    bulk: reqwest::Client,
    /// HTTP/1.1 for the log: its calls follow each other, and one such call is one write and one read at each end.
    log: reqwest::Client,
    /// Where each member was last found. A link to it outlives its move to another address.
    addresses: Arc<Mutex<BTreeMap<u64, String>>>,
    /// Those whose disks were full when they last answered.
    cramped: Arc<Mutex<BTreeSet<u64>>>,
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing was sent: the other side cannot have acted.
    #[error("{0}")]
    NotSent(String),
    /// It may have been received; what became of it is unknown.
    #[error("{0}")]
    Lost(String),
    /// The other side refused, in its own words.
    #[error("{text}")]
    Refused {
        /// The status.
        status: u16,
        /// The words.
        text: String,
    },
}

impl Wire {
    /// A client for the RPC ports of other servers.
    ///
    /// # Errors
    /// Where the client cannot be set up.
    pub fn new() -> io::Result<Self> {
        let plain = || {
            reqwest::Client::builder()
                .connect_timeout(Duration::from_millis(500))
                .tcp_nodelay(true)
                .no_proxy()
        };
        let client = || {
            plain()
                .http2_prior_knowledge()
                // A peer that vanished without a word is noticed so, not when a call has lasted its longest.
                .http2_keep_alive_interval(ALIVE)
                .http2_keep_alive_timeout(ALIVE)
                .build()
                .map_err(io::Error::other)
        };
        let log = plain().http1_only().build().map_err(io::Error::other)?;
        Ok(Self {
            client: client()?,
            bulk: client()?,
            log,
            addresses: Arc::default(),
            cramped: Arc::default(),
        })
    }

    /// Posts `body` to `path` at `address` and decodes the answer.
    ///
    /// # Errors
    /// Says whether the other side may have acted.
    pub async fn call<T: DeserializeOwned>(
        &self,
        address: &str,
        path: &str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<T, CallError> {
        Self::post(&self.client, format!("http://{address}{path}"), body.into(), limit).await
    }

    async fn post<T: DeserializeOwned>(
        client: &reqwest::Client,
        url: impl reqwest::IntoUrl,
        body: reqwest::Body,
        limit: Duration,
    ) -> Result<T, CallError> {
        let sent = client.post(url).timeout(limit).body(body).send().await;
        let answer = sent.map_err(|error| {
            if error.is_connect() {
                CallError::NotSent(words(&error))
            } else {
                CallError::Lost(words(&error))
            }
        })?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| CallError::Lost(words(&error)))?;
        if !status.is_success() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Err(CallError::Refused { status: status.as_u16(), text });
        }
        codec::decode(&bytes).map_err(|error| CallError::Lost(error.to_string()))
    }
}

impl Wire {
    /// From now on `member` is reached at `address`.
    pub(super) fn found(&self, member: u64, address: &str) {
        self.addresses.lock().insert(member, address.to_owned());
    }

    fn has_room(&self, member: u64, room: bool) {
        let mut cramped = self.cramped.lock();
        if room {
            cramped.remove(&member)
        } else {
            cramped.insert(member)
        };
    }

    /// The members whose disks were full when they last answered.
    pub(super) fn cramped(&self) -> BTreeSet<u64> {
        self.cramped.lock().clone()
    }

    /// Puts `body` to `path` at `address` and gives status and body of the answer as they are.
    ///
    /// # Errors
    /// Says whether the other side may have acted.
    pub async fn put(
        &self,
        address: &str,
        path: &str,
        body: bytes::Bytes,
        limit: Duration,
    ) -> Result<(http::StatusCode, bytes::Bytes), CallError> {
        let sent = self.client.put(format!("http://{address}{path}")).timeout(limit).body(body).send().await;
        let answer = sent.map_err(|error| CallError::Lost(words(&error)))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| CallError::Lost(words(&error)))?;
        Ok((status, body))
    }
}

fn words(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

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
        let address = self.wire.addresses.lock().get(&self.target).cloned().unwrap_or_default();
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
