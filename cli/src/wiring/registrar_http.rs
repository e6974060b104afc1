//! The way of a registrator to an agent elsewhere, Muster's or the real Consul's: HTTP, by TCP or by a unix socket.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use muster_api::Reply;
use muster_registrator::{Registrar, Unreachable};

/// Largest answer that is taken in.
const ANSWER_LIMIT: usize = 64 << 20;

/// An agent at the end of a connection.
pub(crate) struct OverHttp {
    pub(crate) client: reqwest::Client,
    /// What stands before every path.
    pub(crate) base: String,
    pub(crate) token: Option<String>,
}

impl Registrar for OverHttp {
    async fn call(&self, request: Request<Bytes>) -> Result<Reply, Unreachable> {
        let (parts, body) = request.into_parts();
        let mut asking = self.client.request(parts.method, format!("{}{}", self.base, parts.uri)).body(body);
        if let Some(token) = &self.token {
            asking = asking.header("X-Consul-Token", token);
        }
        let answer = asking.send().await.map_err(|error| Unreachable(crate::commands::root(&error)))?;
        let (parts, body) = http::Response::from(answer).into_parts();
        let body = Limited::new(body, ANSWER_LIMIT).collect().await;
        let body = body.map_err(|error| Unreachable(error.to_string()))?;
        Ok(Reply::from_parts(parts, body.to_bytes()))
    }
}
