//! The way of a registrator to the agent in its own process: a call.

use bytes::Bytes;
use http::Request;
use muster_agent::{Agent, Upstream};
use muster_api::Reply;
use muster_registrator::{Registrar, Unreachable};

/// Calls the agent.
pub(super) struct InAgent<U: Upstream>(pub(super) Agent<U>);

impl<U: Upstream> Registrar for InAgent<U> {
    async fn call(&self, request: Request<Bytes>) -> Result<Reply, Unreachable> {
        Ok(self.0.answer(request).await)
    }
}
