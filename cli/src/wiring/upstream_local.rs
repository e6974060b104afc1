//! The way of an agent to the server in its own process: a call.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::Request;
use muster_agent::{Unreachable, Upstream};
use muster_api::Reply;
use muster_server::Meetings;
use tower::ServiceExt as _;

/// Largest answer that is taken in.
const ANSWER_LIMIT: usize = 1 << 30;

/// Calls the server's routes.
#[derive(Clone)]
pub(super) struct InProcess {
    pub(super) routes: Router,
    pub(super) meetings: Meetings,
}

impl Upstream for InProcess {
    async fn call(&self, request: Request<Bytes>) -> Result<Reply, Unreachable> {
        let answered: Result<_, Infallible> = self.routes.clone().oneshot(request.map(Body::from)).await;
        let (parts, body) = answered.unwrap_or_else(|never| match never {}).into_parts();
        let body = axum::body::to_bytes(body, ANSWER_LIMIT).await;
        let body = body.map_err(|error| Unreachable(error.to_string()))?;
        Ok(Reply::from_parts(parts, body))
    }

    async fn add(&self, address: String) -> Result<(), Unreachable> {
        super::reachable(&address).await.map_err(Unreachable)?;
        self.meetings.add(address);
        Ok(())
    }
}
