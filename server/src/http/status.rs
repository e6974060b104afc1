//! `/v1/status/*` and `/v1/operator/raft/configuration`.

use muster_api::{ApiError, Params, Reply, answer};
use serde::Serialize;

use super::Api;

pub(crate) fn read(api: &Api, what: &str, params: &Params) -> Result<Reply, ApiError> {
    if what == "leader" {
        let leader = api.consensus.leader().map_or_else(String::new, |(_, peer)| peer.address);
        return answer::json(&leader, params.pretty());
    }
    let peers: Vec<String> = api.consensus.peers().into_iter().map(|(_, peer, _)| peer.address).collect();
    answer::json(&peers, params.pretty())
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

pub(crate) fn raft_configuration(api: &Api, params: &Params) -> Result<Reply, ApiError> {
    params.mode(&api.datacenter)?;
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
