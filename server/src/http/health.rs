//! `/v1/health/*`.

use muster_api::filter::fields::{CHECK, INSTANCE};
use muster_api::{ApiError, Params, Reply, answer};
use muster_registry::catalog::{Check, Node};
use muster_registry::health::Instance;
use muster_registry::health::query::{ChecksInState, NodeChecks, ServiceChecks, ServiceHealth};
use muster_registry::{Name, Namespace, Query, Status};
use std::sync::Arc;

use super::Api;
use super::blocking::{self, view_for};
use super::convert::picture::{CheckPicture, InstancePicture};
use super::convert::wanted;
use super::shape::{CheckShape, InstanceShape};

pub(crate) async fn read(api: &Api, what: &str, name: &str, params: &Params) -> Result<Reply, ApiError> {
    let missing = |what: &str| Err(ApiError::BadRequest(format!("Missing {what}")));
    let namespace = Namespace::DEFAULT;
    match (what, name) {
        ("service" | "checks", "") => missing("service name"),
        ("node", "") => missing("node name"),
        ("state", "") => missing("check state"),
        ("service", _) => service(api, name, params).await,
        ("checks", _) => checks(api, params, ServiceChecks { service: Name::new(name) }).await,
        ("node", _) => checks(api, params, NodeChecks { node: name.into(), namespace }).await,
        (_, "any") => checks(api, params, ChecksInState { state: None, namespace }).await,
        (_, state) => match Status::parse(state) {
            Some(state) => checks(api, params, ChecksInState { state: Some(state), namespace }).await,
            None => {
                // Consul answers a state that there is not with a list that is always empty.
                wanted::filter(api, params, CHECK)?;
                let stamp = api.consensus.gate(params.mode(&api.datacenter)?).await?;
                let index = api.hub.view().index();
                let none: [(); 0] = [];
                let meta = blocking::meta(index, stamp);
                Ok(answer::with_meta(answer::json(&none, params.pretty())?, meta))
            }
        },
    }
}

async fn service(api: &Api, name: &str, params: &Params) -> Result<Reply, ApiError> {
    let filter = wanted::filter(api, params, INSTANCE)?;
    let query = ServiceHealth { service: Name::new(name) };
    params.mode(&api.datacenter)?;
    let passing = match params.get("passing") {
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
        Some(_) => return Err(ApiError::BadRequest("Invalid value for ?passing".into())),
        None => params.has("passing"),
    };
    let (view, meta) = view_for(api, params, &query).await?;
    let shapes: Vec<_> = query
        .run(&view)
        .answer
        .into_iter()
        .filter(|instance| !passing || all_pass(instance))
        .filter(|instance| wanted::by_tags(&instance.service.spec.tags, params))
        .filter(|instance| wanted::by_meta(&instance.node.meta, params))
        .filter(|instance| {
            let picture = InstancePicture { instance, datacenter: &api.datacenter };
            wanted::by_filter(filter.as_ref(), &picture)
        })
        .map(|instance| InstanceShape { instance, datacenter: &api.datacenter })
        .collect();
    Ok(answer::with_meta(answer::json(&shapes, params.pretty())?, meta))
}

async fn checks<Q>(api: &Api, params: &Params, query: Q) -> Result<Reply, ApiError>
where
    Q: for<'v> Query<Answer<'v> = Vec<(&'v Arc<Node>, &'v Arc<Check>)>>,
{
    let filter = wanted::filter(api, params, CHECK)?;
    let (view, meta) = view_for(api, params, &query).await?;
    let shapes: Vec<_> = query
        .run(&view)
        .answer
        .into_iter()
        .filter(|(node, _)| wanted::by_meta(&node.meta, params))
        .filter(|(_, check)| wanted::by_filter(filter.as_ref(), &CheckPicture(check)))
        .map(|(_, check)| CheckShape(check))
        .collect();
    Ok(answer::with_meta(answer::json(&shapes, params.pretty())?, meta))
}

fn all_pass(instance: &Instance<'_>) -> bool {
    instance.checks.iter().all(|check| check.spec.status == Status::Passing)
}
