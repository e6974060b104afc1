//! The one port between hosts: raft, forwarded commands and introductions in our codec, and the public API
//! as it is for client agents. HTTP/2 without TLS until the access-control work adds it.

use std::io::{self, Read};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequestParts, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::StatusCode;
use http::request::Parts;
use muster_registry::Command;
use openraft::raft::AppendEntriesResponse;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::consensus::change::{Change, Whom};
use crate::consensus::membership::{self, Introduction};
use crate::consensus::types::{Peer, Snapshot, Vote};
use crate::consensus::{Consensus, Unavailable};
use crate::storage::snapshots::{self, Held};
use crate::storage::{codec, pipe};

/// What raft sends at once: openraft bounds entries by number, and a batch of them can be large.
const BODY_LIMIT: usize = 1 << 30;
/// The longest that the removal of a member may take.
const FORGET: Duration = Duration::from_secs(10);
/// The query of a request that a server hands on to the leader that it knows.
pub(crate) const HANDED_ON: &str = "handed-on";
/// A vote is a term and an ID.
const VOTE_LIMIT: u32 = 1 << 10;

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
        .route("/forget", post(forget))
        .route("/member", post(member))
        .route("/join", post(join))
        .route("/change", post(change))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(Port { consensus, me })
        .fallback_service(public)
}

/// A call of the log that names this server, and that it may answer. Anything else is for one that is no more.
struct ToMe;

impl FromRequestParts<Port> for ToMe {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, port: &Port) -> Result<Self, Self::Rejection> {
        let to = parts.uri.query().and_then(|query| query.strip_prefix("to=")?.parse().ok());
        if to != Some(port.consensus.id()) {
            return Err((StatusCode::MISDIRECTED_REQUEST, "another server answers at this address"));
        }
        if !port.consensus.takes_part() {
            return Err((
                StatusCode::MISDIRECTED_REQUEST,
                "this server's disk is empty: it has not joined yet",
            ));
        }
        Ok(Self)
    }
}

/// Whether a request was already handed on by a server that did not lead: it is not handed on again.
fn handed_on(query: Option<&str>) -> bool {
    query == Some(HANDED_ON)
}

async fn append(_: ToMe, State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode(&body) {
        Ok(rpc) => {
            let appended = port.consensus.raft().append_entries(rpc).await;
            if appended.as_ref().is_ok_and(|said| !matches!(said, AppendEntriesResponse::HigherVote(_))) {
                port.consensus.hear();
            }
            // The leader is told on the way whether this disk takes more.
            answer(appended.map(|appended| (appended, port.consensus.has_room())))
        }
        Err(error) => bad(&error),
    }
}

async fn vote(_: ToMe, State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode(&body) {
        Ok(rpc) => answer(port.consensus.raft().vote(rpc).await),
        Err(error) => bad(&error),
    }
}

async fn pre_vote(_: ToMe, State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode(&body) {
        Ok(rpc) => answer(port.consensus.raft().pre_vote(rpc).await),
        Err(error) => bad(&error),
    }
}

async fn transfer(_: ToMe, State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode(&body) {
        Ok(request) => answer(port.consensus.raft().handle_transfer_leader(request).await),
        Err(error) => bad(&error),
    }
}

/// Takes a snapshot in as it comes. Nothing is replaced before all of it is there and its checksum is right.
async fn snapshot(_: ToMe, State(port): State<Port>, body: Body) -> Response {
    let (reader, carry) = pipe::inward(body.into_data_stream());
    let reading = tokio::task::spawn_blocking(move || read_snapshot(reader));
    let ((), read) = tokio::join!(carry, reading);
    match read.map_err(io::Error::other).and_then(|read| read) {
        Ok((vote, snapshot)) => answer(port.consensus.raft().install_full_snapshot(vote, snapshot).await),
        Err(error) => bad(&error),
    }
}

fn read_snapshot(mut source: impl Read) -> io::Result<(Vote, Snapshot)> {
    let mut length = [0; 4];
    source.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > VOTE_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a vote of {length} bytes")));
    }
    let mut vote = vec![0; length as usize];
    source.read_exact(&mut vote)?;
    let (meta, registry) = snapshots::read(source)?;
    Ok((codec::decode(&vote)?, Snapshot { meta, snapshot: Held::View(Box::new(registry.view().clone())) }))
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
        Ok(by_quorum) => match port.consensus.read_index(by_quorum).await {
            Some(index) => encoded(&index),
            None => (StatusCode::MISDIRECTED_REQUEST, "not the leader").into_response(),
        },
        Err(error) => bad(&error),
    }
}

async fn introduce(State(port): State<Port>) -> Response {
    match port.consensus.raft().is_initialized().await {
        Ok(initialized) => encoded(&Introduction {
            id: port.consensus.id(),
            peer: port.me,
            initialized,
            takes_part: port.consensus.takes_part(),
        }),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The cluster forgets a member whose disk is empty now: it must not vote as who it was.
async fn forget(State(port): State<Port>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let id = match codec::decode::<u64>(&body) {
        Ok(id) => id,
        Err(error) => return bad(&error),
    };
    if !port.consensus.is_leader() {
        return ask_leader::<()>(&port.consensus, "/forget", query.as_deref(), body, FORGET).await;
    }
    if !port.consensus.peers().iter().any(|(held, ..)| *held == id) {
        return encoded(&());
    }
    match port.consensus.change_here(&Change::Remove(Whom::Raft(id))).await {
        Ok(Some(())) => encoded(&()),
        Ok(None) => (StatusCode::MISDIRECTED_REQUEST, "not the leader").into_response(),
        Err(error) => refused(&error),
    }
}

/// Whether the leader counts a server among the voters, with this name and address.
async fn member(State(port): State<Port>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let (id, peer) = match codec::decode::<(u64, Peer)>(&body) {
        Ok(asker) => asker,
        Err(error) => return bad(&error),
    };
    if port.consensus.is_leader() {
        return encoded(&membership::is_member(&port.consensus, id, &peer));
    }
    ask_leader::<bool>(&port.consensus, "/member", query.as_deref(), body, Duration::from_secs(1)).await
}

async fn change(State(port): State<Port>, body: Bytes) -> Response {
    match codec::decode::<Change>(&body) {
        Ok(change) => match port.consensus.change_here(&change).await {
            Ok(Some(())) => encoded(&()),
            Ok(None) => (StatusCode::MISDIRECTED_REQUEST, "not the leader").into_response(),
            Err(error) => refused(&error),
        },
        Err(error) => bad(&error),
    }
}

async fn join(State(port): State<Port>, RawQuery(query): RawQuery, body: Bytes) -> Response {
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
    ask_leader::<()>(&port.consensus, "/join", query.as_deref(), body, Duration::from_secs(60)).await
}

/// Has the leader answer what was asked here.
async fn ask_leader<T: Serialize + DeserializeOwned>(
    consensus: &Consensus,
    path: &str,
    query: Option<&str>,
    body: Bytes,
    limit: Duration,
) -> Response {
    if handed_on(query) {
        return (StatusCode::MISDIRECTED_REQUEST, "not the leader").into_response();
    }
    let Some((_, leader)) = consensus.leader().filter(|(id, _)| *id != consensus.id()) else {
        return refused(&Unavailable::NoLeader);
    };
    match consensus
        .wire()
        .call::<T>(&leader.address, &format!("{path}?{HANDED_ON}"), body.to_vec(), limit)
        .await
    {
        Ok(said) => encoded(&said),
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
