//! The HTTP port: `/v1/agent/*` and `/v1/muster/agent/*` are the agent's, the rest goes to the server in this process or is relayed.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use muster_agent::{Agent, Upstream};
use muster_api::{ApiError, Reply};

use super::upstream_remote::Servers;

/// Largest body that is taken for the agent or for the relay; a server has smaller limits of its own.
const BODY_LIMIT: usize = 8 << 20;

/// A server's port: all but the agent's own goes to `public`.
pub(super) fn on_server<U: Upstream>(agent: Agent<U>, public: Router) -> Router {
    Router::new()
        .route("/v1/agent/{*rest}", axum::routing::any(own::<U>))
        .route("/v1/muster/agent/{*rest}", axum::routing::any(own::<U>))
        .with_state(agent)
        .fallback_service(public)
}

/// A client agent's port: all but its own is relayed.
pub(super) fn on_client(agent: Agent<Servers>, servers: Servers) -> Router {
    Router::new().fallback(any).with_state((agent, servers))
}

async fn own<U: Upstream>(State(agent): State<Agent<U>>, request: Request) -> Response {
    match whole(request).await {
        Ok(request) => agent.answer(request).await.map(Body::from),
        Err(error) => reply(error),
    }
}

async fn any(State((agent, servers)): State<(Agent<Servers>, Servers)>, request: Request) -> Response {
    let path = request.uri().path();
    let mine = path.starts_with("/v1/agent/") || path.starts_with("/v1/muster/agent/");
    match whole(request).await {
        Ok(request) if mine => agent.answer(request).await.map(Body::from),
        Ok(request) => servers.relay(request).await.map(Body::from),
        Err(error) => reply(error),
    }
}

async fn whole(request: Request) -> Result<http::Request<Bytes>, ApiError> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, BODY_LIMIT).await;
    let body = body.map_err(|_| ApiError::TooLarge { length: BODY_LIMIT + 1, limit: BODY_LIMIT })?;
    Ok(http::Request::from_parts(parts, body))
}

fn reply(error: ApiError) -> Response {
    let reply: Reply = error.into_reply();
    reply.map(Body::from)
}
