//! `/v1/agent/checks` and `/v1/agent/check/*`.

use std::collections::BTreeMap;

use muster_api::check::CheckUpdate;
use muster_api::filter::Unbound;
use muster_api::filter::fields::CHECK;
use muster_api::{ApiError, Params, Reply, answer, decode};
use muster_healthchecks::Status;

use super::picture::CheckPicture;
use super::shape;
use crate::Shared;
use crate::local::Origin;
use crate::registration::{self, heartbeat};
use crate::upstream::Upstream;

pub(super) fn list<U: Upstream>(shared: &Shared<U>, params: &Params) -> Result<Reply, ApiError> {
    let asked = params.get("filter").map(Unbound::parse).transpose()?;
    let local = shared.local.lock();
    let node = &shared.config.node;
    // Consul learns here what a check is from the checks that there are: without any, all names are good.
    let first = local.checks().next();
    let filter = asked.filter(|_| first.is_some()).map(|asked| asked.bind(CHECK)).transpose()?;
    let checks: BTreeMap<&str, serde_json::Value> = local
        .checks()
        .filter(|check| filter.as_ref().is_none_or(|filter| filter.takes(&CheckPicture { node, check })))
        .map(|held| (held.definition.id.as_str(), shape::check(node, held)))
        .collect();
    answer::json(&checks, params.pretty())
}

pub(super) async fn one<U: Upstream>(
    shared: &Shared<U>,
    what: &str,
    id: &str,
    params: &Params,
    body: &[u8],
) -> Result<Reply, ApiError> {
    let note = || params.get("note").unwrap_or_default().to_owned();
    match what {
        "register" => registration::put_check(shared, decode::json(body)?, Origin::Api).await?,
        "deregister" if id.is_empty() => return Err(ApiError::Internal("CheckID missing".into())),
        "deregister" => drop(registration::remove_check(shared, id).await?),
        "pass" => heartbeat(shared, id, Status::Passing, note()).await?,
        "warn" => heartbeat(shared, id, Status::Warning, note()).await?,
        "fail" => heartbeat(shared, id, Status::Critical, note()).await?,
        "update" => {
            let update: CheckUpdate = decode::json(body)?;
            let status = match update.status.as_str() {
                "passing" => Status::Passing,
                "warning" => Status::Warning,
                "critical" => Status::Critical,
                other => return Err(ApiError::BadRequest(format!("Invalid check status: '{other}'"))),
            };
            heartbeat(shared, id, status, update.output).await?;
        }
        _ => return Err(ApiError::NotFound),
    }
    Ok(answer::empty())
}
