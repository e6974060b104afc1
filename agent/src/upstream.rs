//! The way to the servers. The agent owns this port; on a server it is filled in process, elsewhere by a
//! connection to the RPC port of one of them.

use std::future::Future;

use bytes::Bytes;
use http::{Method, Request};
use muster_api::Reply;
use serde::de::DeserializeOwned;

/// Carries one request of the public API, or of the few that agents have besides, to a server.
pub trait Upstream: Clone + Send + Sync + 'static {
    /// Sends it and gives the whole answer, whatever its status.
    fn call(&self, request: Request<Bytes>) -> impl Future<Output = Result<Reply, Unreachable>> + Send;

    /// Makes another server known by its address; whether it could be reached.
    fn add(&self, address: String) -> impl Future<Output = Result<(), Unreachable>> + Send;
}

/// No server answered.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// Why a call of the agent itself did not do what it should.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CallFailed {
    /// No server answered.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// A server refused.
    #[error("{status}: {text}")]
    Refused {
        /// Its status.
        status: u16,
        /// Its words.
        text: String,
    },
    /// The answer is not what was expected.
    #[error("an answer that cannot be read: {0}")]
    Garbled(String),
}

/// One request with a success as answer.
pub(crate) async fn call<U: Upstream>(
    upstream: &U,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<Bytes, CallFailed> {
    reply(upstream, method, path, body).await.map(Reply::into_body)
}

/// One request with a success as answer: all of it.
pub(crate) async fn reply<U: Upstream>(
    upstream: &U,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<Reply, CallFailed> {
    let request = Request::builder().method(method).uri(path).body(body);
    let request = request.map_err(|error| CallFailed::Garbled(error.to_string()))?;
    let reply = upstream.call(request).await?;
    if !reply.status().is_success() {
        let text = String::from_utf8_lossy(reply.body()).into_owned();
        return Err(CallFailed::Refused { status: reply.status().as_u16(), text });
    }
    Ok(reply)
}

/// One GET whose answer is JSON.
pub(crate) async fn get<U: Upstream, T: DeserializeOwned>(upstream: &U, path: &str) -> Result<T, CallFailed> {
    let body = call(upstream, Method::GET, path, Bytes::new()).await?;
    serde_json::from_slice(&body).map_err(|error| CallFailed::Garbled(error.to_string()))
}

/// A name as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    const KEPT: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    percent_encoding::utf8_percent_encode(text, &KEPT).to_string()
}
