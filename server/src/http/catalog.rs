//! `/v1/catalog/*`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Request;
use muster_api::filter::fields::{FLAT, NODE, SERVICE};
use muster_api::{ApiError, Params, Reply, answer};
use muster_registry::catalog::query::{NodeServices, Nodes, ServiceInstances, Services, ServicesOnNodes};
use muster_registry::command::Command;
use muster_registry::{Cause, Name, Namespace, Query};
use serde::Serialize;

use super::Api;
use super::convert::picture::{FlatPicture, NodePicture, ServicePicture};
use super::convert::{self, wanted};
use super::shape::{FlatShape, NodeShape, ServiceShape};
use crate::read::Question;

const BODY_LIMIT: usize = 1 << 20;

pub(crate) async fn register(api: &Api, params: &Params, request: Request) -> Result<Reply, ApiError> {
    if let Some(answer) = answer::method(request.method(), "OPTIONS,PUT", &["PUT"])? {
        return Ok(answer);
    }
    let body = convert::body(request, BODY_LIMIT).await?;
    let registration = convert::registration(&body, &api.datacenter)?;
    let node = registration.node.clone();
    let response = api.consensus.propose(Command::Register(Box::new(registration))).await?;
    convert::registered(&response, &node)?;
    answer::json(&true, params.pretty())
}

pub(crate) async fn deregister(api: &Api, params: &Params, request: Request) -> Result<Reply, ApiError> {
    if let Some(answer) = answer::method(request.method(), "OPTIONS,PUT", &["PUT"])? {
        return Ok(answer);
    }
    let body = convert::body(request, BODY_LIMIT).await?;
    let which = convert::deregistration(&body, &api.datacenter)?;
    let node = which.node.clone();
    let command = Command::Deregister(which).owed_to(cause(params)?);
    let response = api.consensus.propose(command).await?;
    convert::registered(&response, &node)?;
    answer::json(&true, params.pretty())
}

/// What a deregistration is owed to: agents say it by `?by`, which Consul does not know.
fn cause(params: &Params) -> Result<Cause, ApiError> {
    let Some(word) = params.get("by") else { return Ok(Cause::Catalog) };
    Cause::parse(word).ok_or_else(|| {
        ApiError::BadRequest(format!(
            "Invalid cause {word:?}: leave ?by out, or say agent, critical or files"
        ))
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NodeWithMap<'v> {
    node: NodeShape<'v>,
    services: BTreeMap<&'v str, ServiceShape<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NodeWithList<'v> {
    node: Option<NodeShape<'v>>,
    services: Option<Vec<ServiceShape<'v>>>,
}

/// `/v1/catalog/datacenters` depends on nothing that is stored.
pub(crate) fn datacenters(datacenter: &str, params: &Params) -> Result<Reply, ApiError> {
    answer::json(&[datacenter], params.pretty())
}

pub(crate) fn question(
    datacenter: &Arc<str>,
    what: &str,
    name: &str,
    params: Arc<Params>,
) -> Result<Question, ApiError> {
    match what {
        "nodes" => nodes(datacenter.clone(), params),
        "services" if params.has("node-meta") => {
            let meta = wanted::meta(&params).map(|(key, value)| (key.into(), value.into())).collect();
            Ok(services(params, ServicesOnNodes { namespace: Namespace::DEFAULT, meta }))
        }
        "services" => Ok(services(params, Services { namespace: Namespace::DEFAULT })),
        "service" if name.is_empty() => Err(ApiError::BadRequest("Missing service name".into())),
        "service" => instances(datacenter.clone(), name, params),
        _ if name.is_empty() => Err(ApiError::BadRequest("Missing node name".into())),
        _ => node(datacenter.clone(), what, name, params),
    }
}

fn services<Q>(params: Arc<Params>, query: Q) -> Question
where
    Q: for<'v> Query<Answer<'v> = Vec<(&'v Name, Vec<&'v Arc<str>>)>> + Send + Sync + 'static,
{
    Question::new(query, move |query, view| {
        let names: BTreeMap<_, _> =
            query.answer(view).into_iter().map(|(name, tags)| (&*name.text, tags)).collect();
        answer::json(&names, params.pretty())
    })
}

fn nodes(datacenter: Arc<str>, params: Arc<Params>) -> Result<Question, ApiError> {
    let filter = wanted::filter(&datacenter, &params, NODE)?;
    let weight = wanted::weight(filter.as_ref());
    Ok(Question::new(Nodes, move |query, view| {
        let shapes: Vec<_> = query
            .answer(view)
            .into_iter()
            .filter(|node| wanted::by_meta(&node.meta, &params))
            .filter(|node| wanted::by_filter(filter.as_ref(), &NodePicture { node, datacenter: &datacenter }))
            .map(|node| NodeShape { node, datacenter: &datacenter })
            .collect();
        answer::json(&shapes, params.pretty())
    })
    .weighing(weight))
}

fn instances(datacenter: Arc<str>, name: &str, params: Arc<Params>) -> Result<Question, ApiError> {
    let filter = wanted::filter(&datacenter, &params, FLAT)?;
    let weight = wanted::weight(filter.as_ref());
    Ok(Question::new(ServiceInstances { service: Name::new(name) }, move |query, view| {
        let shapes: Vec<_> = query
            .answer(view)
            .into_iter()
            .filter(|at| wanted::by_tags(&at.service.spec.tags, &params))
            .filter(|at| wanted::by_meta(&at.node.meta, &params))
            .filter(|at| {
                let picture = FlatPicture { node: at.node, service: at.service, datacenter: &datacenter };
                wanted::by_filter(filter.as_ref(), &picture)
            })
            .map(|at| FlatShape { node: at.node, service: at.service, datacenter: &datacenter })
            .collect();
        answer::json(&shapes, params.pretty())
    })
    .weighing(weight))
}

fn node(datacenter: Arc<str>, what: &str, name: &str, params: Arc<Params>) -> Result<Question, ApiError> {
    let filter = wanted::filter(&datacenter, &params, SERVICE)?;
    let weight = wanted::weight(filter.as_ref());
    let as_list = what == "node-services";
    let query = NodeServices { node: name.into(), namespace: Namespace::DEFAULT };
    Ok(Question::new(query, move |query, view| {
        let mut found = query.answer(view);
        if let Some((_, services)) = &mut found {
            services.retain(|service| wanted::by_filter(filter.as_ref(), &ServicePicture(service)));
        }
        let shape = |node| NodeShape { node, datacenter: &datacenter };
        if as_list {
            let (node, services) = found.unzip();
            // A node that has none shows `null`, unless a filter made the list.
            let services = services
                .filter(|list| filter.is_some() || !list.is_empty())
                .map(|list| list.into_iter().map(|service| ServiceShape(service)).collect());
            return answer::json(
                &NodeWithList { node: node.map(|node| shape(node)), services },
                params.pretty(),
            );
        }
        let whole = found.map(|(node, services)| NodeWithMap {
            node: shape(node),
            services: services
                .into_iter()
                .map(|service| (&*service.spec.id, ServiceShape(service)))
                .collect(),
        });
        answer::json(&whole, params.pretty())
    })
    .weighing(weight))
}
