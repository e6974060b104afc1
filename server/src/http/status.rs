//! `/v1/status/*`.

use muster_api::{ApiError, Params, Reply, answer};

use super::Api;

pub(crate) fn read(api: &Api, what: &str, params: &Params) -> Result<Reply, ApiError> {
    params.mode(&api.datacenter)?;
    params.wait()?;
    if what == "leader" {
        let leader = api.consensus.leader().map_or_else(String::new, |(_, peer)| peer.address);
        return answer::json(&leader, params.pretty());
    }
    let peers: Vec<String> = api.consensus.peers().into_iter().map(|(_, peer, _)| peer.address).collect();
    answer::json(&peers, params.pretty())
}
