//! `/v1/health/*`.

use std::sync::Arc;

use muster_api::filter::fields::{CHECK, INSTANCE};
use muster_api::{ApiError, Params, answer};
use muster_registry::catalog::{Check, Node};
use muster_registry::health::Instance;
use muster_registry::health::query::{ChecksInState, NodeChecks, ServiceChecks, ServiceHealth};
use muster_registry::{Name, Namespace, Query, Status};

use super::convert::picture::{CheckPicture, InstancePicture};
use super::convert::wanted;
use super::shape::{CheckShape, InstanceShape};
use crate::read::Question;

pub(crate) fn question(
    datacenter: &Arc<str>,
    what: &str,
    name: &str,
    params: Arc<Params>,
) -> Result<Question, ApiError> {
    let missing = |what: &str| Err(ApiError::BadRequest(format!("Missing {what}")));
    let namespace = Namespace::DEFAULT;
    match (what, name) {
        ("service" | "checks", "") => missing("service name"),
        ("node", "") => missing("node name"),
        ("state", "") => missing("check state"),
        ("service", _) => service(datacenter.clone(), name, params),
        ("checks", _) => checks(datacenter, params, ServiceChecks { service: Name::new(name) }),
        ("node", _) => checks(datacenter, params, NodeChecks { node: name.into(), namespace }),
        (_, "any") => checks(datacenter, params, ChecksInState { state: None, namespace }),
        (_, state) => match Status::parse(state) {
            Some(state) => checks(datacenter, params, ChecksInState { state: Some(state), namespace }),
            // Consul answers a state that there is not with a list that is always empty.
            None => {
                wanted::filter(datacenter, &params, CHECK)?;
                Ok(Question::new(ChecksInState { state: None, namespace }, move |_, _| {
                    let none: [(); 0] = [];
                    answer::json(&none, params.pretty())
                }))
            }
        },
    }
}

fn service(datacenter: Arc<str>, name: &str, params: Arc<Params>) -> Result<Question, ApiError> {
    let filter = wanted::filter(&datacenter, &params, INSTANCE)?;
    let weight = wanted::weight(filter.as_ref());
    params.mode(&datacenter)?;
    let passing = match params.get("passing") {
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
        Some(_) => return Err(ApiError::BadRequest("Invalid value for ?passing".into())),
        None => params.has("passing"),
    };
    Ok(Question::new(ServiceHealth { service: Name::new(name) }, move |query, view| {
        let shapes: Vec<_> = query
            .answer(view)
            .into_iter()
            .filter(|instance| !passing || all_pass(instance))
            .filter(|instance| wanted::by_tags(&instance.service.spec.tags, &params))
            .filter(|instance| wanted::by_meta(&instance.node.meta, &params))
            .filter(|instance| {
                let picture = InstancePicture { instance, datacenter: &datacenter };
                wanted::by_filter(filter.as_ref(), &picture)
            })
            .map(|instance| InstanceShape { instance, datacenter: &datacenter })
            .collect();
        answer::json(&shapes, params.pretty())
    })
    .weighing(weight))
}

fn checks<Q>(datacenter: &str, params: Arc<Params>, query: Q) -> Result<Question, ApiError>
where
    Q: for<'v> Query<Answer<'v> = Vec<(&'v Arc<Node>, &'v Arc<Check>)>> + Send + Sync + 'static,
{
    let filter = wanted::filter(datacenter, &params, CHECK)?;
    let weight = wanted::weight(filter.as_ref());
    Ok(Question::new(query, move |query, view| {
        let shapes: Vec<_> = query
            .answer(view)
            .into_iter()
            .filter(|(node, _)| wanted::by_meta(&node.meta, &params))
            .filter(|(_, check)| wanted::by_filter(filter.as_ref(), &CheckPicture(check)))
            .map(|(_, check)| CheckShape(check))
            .collect();
        answer::json(&shapes, params.pretty())
    })
    .weighing(weight))
}

fn all_pass(instance: &Instance<'_>) -> bool {
    instance.checks.iter().all(|check| check.spec.status == Status::Passing)
}
