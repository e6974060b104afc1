//! What client agents ask about names, on the port between hosts. `?index` is the version that the agent has: one
//! that is still right is answered when it is no longer, or when `?wait` is over.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use http::Uri;
use muster_api::{ApiError, Params, Reply};

use super::{ADDRESSES_EVERY, Names, question};
use crate::read::{Again, Never, Question, Reader};

/// What these routes need.
#[derive(Clone)]
struct Desk {
    names: Arc<Names>,
    /// With seats of its own: who asks an agent for names must not keep others from waiting.
    reader: Arc<Reader>,
}

pub(crate) fn router(names: Arc<Names>, reader: Reader) -> Router {
    Router::new()
        .route("/names/service/{name}", get(service))
        .route("/names/node/{name}", get(node))
        .route("/names/address/{address}", get(address))
        .with_state(Desk { names, reader: Arc::new(reader) })
}

async fn service(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    let again = desk.names.capitals.subscribe();
    let question = question::of_service(desk.names.clone(), name.to_ascii_lowercase().into());
    told(&desk, &uri, query, question, again).await
}

async fn node(
    State(desk): State<Desk>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    let question = question::of_node(desk.names.clone(), name.to_ascii_lowercase().into());
    told(&desk, &uri, query, question, Never).await
}

async fn address(
    State(desk): State<Desk>,
    Path(address): Path<IpAddr>,
    RawQuery(query): RawQuery,
    uri: Uri,
) -> Response {
    let question = question::of_address(desk.names.clone(), address);
    told(&desk, &uri, query, question, ADDRESSES_EVERY).await
}

async fn told(
    desk: &Desk,
    uri: &Uri,
    query: Option<String>,
    question: Question,
    again: impl Again,
) -> Response {
    let answered = async {
        let wait = Params::parse(query.as_deref().unwrap_or_default())?.wait()?;
        desk.reader.another(uri.path(), question, wait, again).await
    };
    let reply: Result<Reply, ApiError> = answered.await;
    reply.unwrap_or_else(ApiError::into_reply).map(Body::from)
}
