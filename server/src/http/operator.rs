//! `/v1/operator/raft/*`: who belongs to the cluster and who leads it. Any server may be asked. Consul 1.8.7 has no
//! `transfer-leader`; it is as later versions document it.

use http::Method;
use muster_api::{ApiError, Params, Reply, answer};
use serde::Serialize;
use serde_json::json;

use super::Api;
use crate::consensus::Unavailable;
use crate::consensus::change::{Change, Whom};

/// Answers one request for `/v1/operator/<rest>`.
pub(crate) async fn handle(
    api: &Api,
    rest: &str,
    params: &Params,
    method: &Method,
) -> Result<Reply, ApiError> {
    let (allow, methods): (_, &[&str]) = match rest {
        "raft/configuration" => ("OPTIONS,GET", &["GET"]),
        "raft/peer" => ("OPTIONS,DELETE", &["DELETE"]),
        "raft/transfer-leader" => ("OPTIONS,POST", &["POST"]),
        _ => return Err(ApiError::NotFound),
    };
    if let Some(answer) = answer::method(method, allow, methods)? {
        return Ok(answer);
    }
    match rest {
        "raft/configuration" => configuration(api, params).await,
        "raft/peer" => remove(api, params).await,
        _ => transfer(api, params).await,
    }
}

async fn remove(api: &Api, params: &Params) -> Result<Reply, ApiError> {
    let said = |name| params.get(name).unwrap_or_default().to_owned();
    let whom = match (params.has("id"), params.has("address")) {
        (false, false) => {
            let text = "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove";
            return Err(ApiError::BadRequest(text.into()));
        }
        (true, true) => {
            return Err(ApiError::BadRequest("Bad request: Must specify only one of ?id or ?address".into()));
        }
        (true, false) => Whom::Id(said("id")),
        (false, true) => Whom::Address(said("address")),
    };
    params.mode(&api.datacenter)?;
    api.consensus.change(&Change::Remove(whom)).await.map_err(in_their_words)?;
    Ok(answer::empty())
}

async fn transfer(api: &Api, params: &Params) -> Result<Reply, ApiError> {
    params.mode(&api.datacenter)?;
    let whom = params.get("id").map(|id| Whom::Id(id.to_owned()));
    api.consensus.change(&Change::HandOver(whom)).await.map_err(in_their_words)?;
    answer::json(&json!({ "Success": true }), params.pretty())
}

fn in_their_words(error: Unavailable) -> ApiError {
    ApiError::Internal(error.to_string())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    servers: Vec<ServerShape>,
    index: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServerShape {
    #[serde(rename = "ID")]
    id: String,
    node: String,
    address: String,
    leader: bool,
    protocol_version: &'static str,
    voter: bool,
}

async fn configuration(api: &Api, params: &Params) -> Result<Reply, ApiError> {
    api.consensus.gate(params.mode(&api.datacenter)?).await?;
    let leader = api.consensus.leader().map(|(id, _)| id);
    let servers = api.consensus.peers().into_iter().map(|(id, peer, voter)| ServerShape {
        id: peer.node_id,
        node: peer.name,
        address: peer.address,
        leader: leader == Some(id),
        protocol_version: "3",
        voter,
    });
    answer::json(&Configuration { servers: servers.collect(), index: 0 }, params.pretty())
}
