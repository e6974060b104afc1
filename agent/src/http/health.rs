//! `/v1/agent/health/service/*`: the health of instances as their agent sees it, in the status of the answer
//! too, so that a load balancer can ask without reading a body.

use http::{HeaderValue, StatusCode, header};
use muster_api::{ApiError, Params, Reply, answer};
use serde::Serialize;
use serde_json::Value;

use super::shape::{self, ServiceShape};
use crate::Shared;
use crate::local::{Aggregate, LocalState, aggregate};
use crate::upstream::Upstream;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct HealthShape<'a> {
    aggregated_status: &'static str,
    service: Option<ServiceShape<'a>>,
    checks: Option<Vec<Value>>,
}

pub(super) fn read<U: Upstream>(shared: &Shared<U>, rest: &str, params: &Params) -> Result<Reply, ApiError> {
    let text = params.get("format") == Some("text");
    let local = shared.local.lock();
    let node = &shared.config.node;
    if let Some(id) = rest.strip_prefix("service/id/") {
        return by_id(&local, node, id, text, params);
    }
    let name = rest.strip_prefix("service/name/").unwrap_or_default();
    by_name(&local, node, name, text, params)
}

fn by_id(local: &LocalState, node: &str, id: &str, text: bool, params: &Params) -> Result<Reply, ApiError> {
    if id.is_empty() {
        return Err(ApiError::Internal("Bad request: Missing serviceID".into()));
    }
    if local.service(id).is_none() {
        let reply = if text {
            answer::json(&format!("ServiceId {id} not found"), true)?
        } else {
            let nothing =
                HealthShape { aggregated_status: Aggregate::Critical.as_str(), service: None, checks: None };
            answer::json(&nothing, params.pretty())?
        };
        return Ok(with_status(reply, StatusCode::NOT_FOUND));
    }
    let (shape, health) = instance(local, node, id);
    if text {
        return Ok(plain(health));
    }
    Ok(with_status(answer::json(&shape, params.pretty())?, status(health)))
}

fn by_name(
    local: &LocalState,
    node: &str,
    name: &str,
    text: bool,
    params: &Params,
) -> Result<Reply, ApiError> {
    if name.is_empty() {
        return Err(ApiError::Internal("Bad request: Missing service Name".into()));
    }
    let found: Vec<_> = local
        .services()
        .filter(|held| held.definition.name == name)
        .map(|held| instance(local, node, &held.definition.id))
        .collect();
    let worst = found.iter().map(|(_, health)| *health).max();
    match worst {
        None if text => {
            let mut missing = answer::text(StatusCode::NOT_FOUND, format!("ServiceName {name} Not Found"));
            missing.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            Ok(missing)
        }
        Some(worst) if text => Ok(plain(worst)),
        _ => {
            let shapes: Vec<_> = found.into_iter().map(|(shape, _)| shape).collect();
            let status = worst.map_or(StatusCode::NOT_FOUND, status);
            Ok(with_status(answer::json(&shapes, params.pretty())?, status))
        }
    }
}

fn instance<'l>(local: &'l LocalState, node: &str, id: &'l str) -> (HealthShape<'l>, Aggregate) {
    let health = aggregate(local.checks_for(id));
    let checks = local.checks_for(id).map(|check| shape::check_in_health(node, check)).collect();
    let service = local.service(id).map(|held| ServiceShape::new(&held.definition));
    (HealthShape { aggregated_status: health.as_str(), service, checks: Some(checks) }, health)
}

fn status(health: Aggregate) -> StatusCode {
    match health {
        Aggregate::Passing => StatusCode::OK,
        Aggregate::Warning => StatusCode::TOO_MANY_REQUESTS,
        Aggregate::Critical | Aggregate::Maintenance => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn with_status(mut reply: Reply, status: StatusCode) -> Reply {
    *reply.status_mut() = status;
    reply
}

fn plain(health: Aggregate) -> Reply {
    let mut reply = answer::text(status(health), health.as_str());
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    reply
}
