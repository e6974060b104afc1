//! `GET /v1/muster/why/<name or ID>[?node=…][&tag=…]`: why instances are, or are not, in an answer. It is asked by
//! people when something is wrong: without a leader it says what this server last knew. It never waits for a change.

mod explain;
mod judge;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use muster_api::why::{LeaseState, Why};
use muster_api::{ApiError, Params, Reply, Stamp, answer};

use super::Api;
use explain::{Asked, explain};

/// The longest that the leader may take to say whom it heard.
const PATIENCE: Duration = Duration::from_secs(1);
/// Most nodes that the leader is asked about at once.
const MOST_LEASES: usize = 1000;

/// Answers one request for `/v1/muster/<rest>`.
pub(crate) async fn handle(
    api: &Api,
    rest: &str,
    params: &Params,
    method: Method,
) -> Result<Reply, ApiError> {
    let (what, name) = rest.split_once('/').unwrap_or((rest, ""));
    if what != "why" {
        return Err(ApiError::NotFound);
    }
    if let Some(answer) = answer::method(&method, "OPTIONS,GET", &["GET"])? {
        return Ok(answer);
    }
    if name.is_empty() {
        return Err(ApiError::BadRequest("Missing service name or instance ID".into()));
    }
    let asked = Asked {
        name,
        node: params.get("node").filter(|node| !node.is_empty()),
        tags: params.all("tag").collect(),
    };
    let gate = api.consensus.gate(params.mode(&api.datacenter)?).await;
    let view = api.hub.view();
    let mut why = explain(&view, &asked);
    why.stale = !gate.is_ok_and(|stamp| stamp.known_leader);
    why.at = Stamp::now();
    let heard = heard(api, &why).await;
    for instance in &mut why.instances {
        if instance.lease.state != LeaseState::None {
            instance.lease.heard_ms_ago = heard.get(&instance.node).copied().flatten();
        }
    }
    answer::json(&why, params.pretty())
}

/// How long ago the leader heard each node that has an agent; nothing of any where it does not say.
async fn heard(api: &Api, why: &Why) -> BTreeMap<String, Option<u64>> {
    let with_agent = why.instances.iter().filter(|instance| instance.lease.state != LeaseState::None);
    let mut nodes: Vec<String> = with_agent.map(|instance| instance.node.clone()).collect();
    nodes.dedup();
    nodes.truncate(MOST_LEASES);
    let heard =
        if api.consensus.is_leader() { api.duties.heard(&nodes) } else { ask_leader(api, &nodes).await };
    nodes.into_iter().zip(heard).collect()
}

/// Leases live in the leader's memory. Without its word they are not known; that is no reason not to answer.
async fn ask_leader(api: &Api, nodes: &[String]) -> Vec<Option<u64>> {
    let Some((_, leader)) = api.consensus.leader().filter(|_| !nodes.is_empty()) else { return Vec::new() };
    let body = Bytes::from(serde_json::to_vec(nodes).unwrap_or_default());
    match api.consensus.wire().put(&leader.address, "/leases", body, PATIENCE).await {
        Ok((status, body)) if status.is_success() => serde_json::from_slice(&body).unwrap_or_default(),
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::debug!(%error, "the leader did not say whom it heard");
            Vec::new()
        }
    }
}
