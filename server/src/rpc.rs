//! The one port between hosts: raft, forwarded commands and introductions in our codec, and the public API
//! as it is for client agents. HTTP/2 without TLS until the access-control work adds it.

use std::io;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::StatusCode;
use muster_api::consistency::ReadMode;
use muster_registry::Command;
use serde::Serialize;

use crate::consensus::membership::{self, Introduction};
use crate::consensus::types::{Peer, Snapshot, Vote};
use crate::consensus::{Consensus, Unavailable};
use crate::storage::{codec, snapshots};

/// A snapshot comes in one body.
const BODY_LIMIT: usize = 4 << 30;

#[derive(Clone)]
struct Port {
    consensus: Consensus,
    me: Peer,
}

/// The routes of the port; `public` answers the rest.
pub(crate) fn router(consensus: Consensus, me: Peer, public: Router) -> Router {
    Router::new()
        .route("/raft/append", post(append))
        .route("/raft/vote", post(vote))
        .route("/raft/pre-vote", post(pre_vote))
        .route("/raft/snapshot", post(snapshot))
        .route("/raft/transfer-leader", post(transfer))
        .route("/forward", post(forward))
        .route("/read-index", post(read_index))
        .route("/introduce", post(introduce))
        .route("/join", post(join))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Port { consensus, me })
        .fallback_service(public)
}

async fn append(State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode(&body) {
        Ok(rpc) => answer(port.consensus.raft().append_entries(rpc).await),
        Err(error) => bad(&error),
    }
}

async fn vote(State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode(&body) {
        Ok(rpc) => answer(port.consensus.raft().vote(rpc).await),
        Err(error) => bad(&error),
    }
}

async fn pre_vote(State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode(&body) {
        Ok(rpc) => answer(port.consensus.raft().pre_vote(rpc).await),
        Err(error) => bad(&error),
    }
}

async fn transfer(State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode(&body) {
        Ok(request) => answer(port.consensus.raft().handle_transfer_leader(request).await),
        Err(error) => bad(&error),
    }
}

async fn snapshot(State(port): State<Port>, body: Bytes) -> Response {
    let read = tokio::task::spawn_blocking(move || read_snapshot(&body)).await;
    match read.map_err(io::Error::other).and_then(|read| read) {
        Ok((vote, snapshot)) => answer(port.consensus.raft().install_full_snapshot(vote, snapshot).await),
        Err(error) => bad(&error),
    }
}

fn read_snapshot(body: &[u8]) -> io::Result<(Vote, Snapshot)> {
    let short = || io::Error::new(io::ErrorKind::UnexpectedEof, "snapshot without its vote");
    let (length, rest) = body.split_first_chunk::<4>().ok_or_else(short)?;
    let (vote, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(short)?;
    let (meta, registry) = snapshots::read(rest)?;
    Ok((codec::decode(vote)?, Snapshot { meta, snapshot: registry.view().clone() }))
}

async fn forward(State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode::<Command>(&body) {
        Ok(command) => match port.consensus.propose_here(command).await {
            Ok(Some(response)) => encoded(&response),
            Ok(None) => (StatusCode::MISDIRECTED_REQUEST, "not the leader").into_response(),
            Err(error) => refused(&error),
        },
        Err(error) => bad(&error),
    }
}

async fn read_index(State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode::<bool>(&body) {
        Ok(consistent) => {
            let mode = if consistent { ReadMode::Consistent } else { ReadMode::Default };
            match port.consensus.read_index(mode).await {
                Some(index) => encoded(&index),
                None => (StatusCode::MISDIRECTED_REQUEST, "not the leader").into_response(),
            }
        }
        Err(error) => bad(&error),
    }
}

async fn introduce(State(port): State<Port>) -> Response {
    match port.consensus.raft().is_initialized().await {
        Ok(initialized) => encoded(&Introduction { id: port.consensus.id(), peer: port.me, initialized }),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn join(State(port): State<Port>, body: Bytes) -> Response {
    let (id, peer) = match codec::decode::<(u64, Peer)>(&body) {
        Ok(newcomer) => newcomer,
        Err(error) => return bad(&error),
    };
    if port.consensus.is_leader() {
        return match membership::admit(&port.consensus, id, peer).await {
            Ok(()) => encoded(&()),
            Err(error) => refused(&error),
        };
    }
    let Some((_, leader)) = port.consensus.leader().filter(|(id, _)| *id != port.consensus.id()) else {
        return refused(&Unavailable::NoLeader);
    };
    let limit = std::time::Duration::from_secs(60);
    match port.consensus.wire().call::<()>(&leader.address, "/join", body.to_vec(), limit).await {
        Ok(()) => encoded(&()),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn answer<T: Serialize, E: std::fmt::Display>(result: Result<T, E>) -> Response {
    match result {
        Ok(value) => encoded(&value),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn encoded<T: Serialize>(value: &T) -> Response {
    match codec::encode(value) {
        Ok(bytes) => bytes.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn refused(error: &Unavailable) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response()
}

fn bad(error: &io::Error) -> Response {
    (StatusCode::BAD_REQUEST, error.to_string()).into_response()
}
