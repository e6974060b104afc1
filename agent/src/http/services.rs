//! `/v1/agent/services` and `/v1/agent/service/*`.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue};
use muster_api::check::CheckDefinition;
use muster_api::filter::fields::SERVICE;
use muster_api::{ApiError, Params, Reply, answer, decode};
use rand::Rng as _;
use tokio::time::{Instant, timeout_at};

use super::enable;
use super::picture::ServicePicture;
use super::shape::ServiceShape;
use crate::Shared;
use crate::definition::no_service;
use crate::local::{Cause, Origin};
use crate::registration::{self, OtherChecks};
use crate::upstream::Upstream;

const HASH: HeaderName = HeaderName::from_static("x-consul-contenthash");

pub(super) fn list<U: Upstream>(shared: &Shared<U>, params: &Params) -> Result<Reply, ApiError> {
    let filter = params.filter(SERVICE)?;
    let local = shared.local.lock();
    let services: BTreeMap<&str, ServiceShape<'_>> = local
        .services()
        .filter(|held| filter.as_ref().is_none_or(|filter| filter.takes(&ServicePicture(&held.definition))))
        .map(|held| (held.definition.id.as_str(), ServiceShape::new(&held.definition)))
        .collect();
    answer::json(&services, params.pretty())
}

pub(super) async fn one<U: Upstream>(
    shared: &Shared<U>,
    what: &str,
    id: &str,
    whole: &str,
    params: &Params,
    body: &[u8],
) -> Result<Reply, ApiError> {
    match what {
        "register" => {
            let replaced = params.has("replace-existing-checks");
            let others = if replaced { OtherChecks::Go } else { OtherChecks::Stay };
            registration::put_service(shared, decode::json(body)?, Origin::Api, others).await?;
            Ok(answer::empty())
        }
        "deregister" if id.is_empty() => Err(ApiError::Internal("ServiceID missing".into())),
        "deregister" => {
            // Consul knows no `?by`: the registrator says it of itself.
            let registrator = params.get("by") == Some(Cause::Registrator.as_str());
            let cause = if registrator { Cause::Registrator } else { Cause::Asked };
            registration::remove_service(shared, id, cause).await?;
            Ok(answer::empty())
        }
        "maintenance" => maintenance(shared, id, params).await,
        _ => read(shared, whole, params).await,
    }
}

/// One instance; with `?hash` the answer waits until the content is another.
async fn read<U: Upstream>(shared: &Shared<U>, id: &str, params: &Params) -> Result<Reply, ApiError> {
    let known = params.get("hash").unwrap_or_default().to_owned();
    let longest = params.longest_wait()?;
    let deadline = Instant::now() + longest + longest.mul_f64(rand::rng().random_range(0.0..1.0 / 16.0));
    let mut version = shared.version.subscribe();
    loop {
        version.borrow_and_update();
        let (reply, hash) = render(shared, id, params)?;
        if known.is_empty() || hash != known {
            return Ok(reply);
        }
        if timeout_at(deadline, version.changed()).await.is_err() {
            return Ok(reply);
        }
    }
}

fn render<U: Upstream>(shared: &Shared<U>, id: &str, params: &Params) -> Result<(Reply, String), ApiError> {
    let local = shared.local.lock();
    let held = local.service(id).ok_or_else(|| ApiError::Missing(format!("unknown service ID: {id}")))?;
    let (shape, hash) = ServiceShape::new(&held.definition).hashed();
    let mut reply = answer::json(&shape, params.pretty())?;
    if let Ok(value) = HeaderValue::from_str(&hash) {
        reply.headers_mut().insert(HASH, value);
    }
    Ok((reply, hash))
}

async fn maintenance<U: Upstream>(shared: &Shared<U>, id: &str, params: &Params) -> Result<Reply, ApiError> {
    if id.is_empty() {
        return Err(ApiError::BadRequest("Missing service ID".into()));
    }
    let on = enable(params)?;
    if shared.local.lock().service(id).is_none() {
        return Err(no_service(id));
    }
    let check = CheckDefinition {
        id: format!("{}{id}", crate::local::SERVICE_MAINTENANCE),
        name: "Service Maintenance Mode".into(),
        service_id: id.to_owned(),
        notes: reason(params, "service"),
        ..CheckDefinition::default()
    };
    registration::set_maintenance(shared, check, on).await?;
    Ok(answer::empty())
}

/// Why it is in maintenance, in Consul's words where nobody said.
pub(super) fn reason(params: &Params, what: &str) -> String {
    params.get("reason").map_or_else(
        || {
            format!("Maintenance mode is enabled for this {what}, but no reason was provided. This is a default message.")
        },
        str::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maintenance_has_a_reason() {
        let params = |query| Params::parse(query).unwrap();
        assert_eq!(reason(&params("reason=why"), "node"), "why");
        assert!(reason(&params(""), "node").starts_with("Maintenance mode is enabled for this node,"));
    }

    #[test]
    fn the_hash_follows_the_content() {
        let service = |port| muster_api::service::ServiceDefinition { port, ..Default::default() };
        let hash = |port| ServiceShape::new(&service(port)).hashed().1;
        assert_eq!(hash(1), hash(1));
        assert_ne!(hash(1), hash(2));
    }
}
