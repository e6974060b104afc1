//! `/v1/catalog/*`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Request;
use muster_api::filter::fields::{FLAT, NODE, SERVICE};
use muster_api::{ApiError, Params, Reply, answer};
use muster_registry::catalog::query::{NodeServices, Nodes, ServiceInstances, Services, ServicesOnNodes};
use muster_registry::command::Command;
use muster_registry::{Name, Namespace, Query};
use serde::Serialize;

use super::Api;
use super::blocking::view_for;
use super::convert::picture::{FlatPicture, NodePicture, ServicePicture};
use super::convert::{self, wanted};
use super::shape::{FlatShape, NodeShape, ServiceShape};

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
    let response = api.consensus.propose(Command::Deregister(which)).await?;
    convert::registered(&response, &node)?;
    answer::json(&true, params.pretty())
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

pub(crate) async fn read(api: &Api, what: &str, name: &str, params: &Params) -> Result<Reply, ApiError> {
    let datacenter = api.datacenter.as_str();
    match what {
        "datacenters" => answer::json(&[datacenter], params.pretty()),
        "nodes" => {
            let filter = wanted::filter(api, params, NODE)?;
            let (view, meta) = view_for(api, params, &Nodes).await?;
            let nodes = Nodes.run(&view).answer;
            let shapes: Vec<_> = nodes
                .into_iter()
                .filter(|node| wanted::by_meta(&node.meta, params))
                .filter(|node| wanted::by_filter(filter.as_ref(), &NodePicture { node, datacenter }))
                .map(|node| NodeShape { node, datacenter })
                .collect();
            Ok(answer::with_meta(answer::json(&shapes, params.pretty())?, meta))
        }
        "services" if params.has("node-meta") => {
            let meta = wanted::meta(params).map(|(key, value)| (key.into(), value.into())).collect();
            services(api, params, ServicesOnNodes { namespace: Namespace::DEFAULT, meta }).await
        }
        "services" => services(api, params, Services { namespace: Namespace::DEFAULT }).await,
        "service" if name.is_empty() => Err(ApiError::BadRequest("Missing service name".into())),
        "service" => {
            let filter = wanted::filter(api, params, FLAT)?;
            let query = ServiceInstances { service: Name::new(name) };
            let (view, meta) = view_for(api, params, &query).await?;
            let shapes: Vec<_> = query
                .run(&view)
                .answer
                .into_iter()
                .filter(|at| wanted::by_tags(&at.service.spec.tags, params))
                .filter(|at| wanted::by_meta(&at.node.meta, params))
                .filter(|at| {
                    let picture = FlatPicture { node: at.node, service: at.service, datacenter };
                    wanted::by_filter(filter.as_ref(), &picture)
                })
                .map(|at| FlatShape { node: at.node, service: at.service, datacenter })
                .collect();
            Ok(answer::with_meta(answer::json(&shapes, params.pretty())?, meta))
        }
        _ if name.is_empty() => Err(ApiError::BadRequest("Missing node name".into())),
        _ => node(api, what, name, params).await,
    }
}

async fn services<Q>(api: &Api, params: &Params, query: Q) -> Result<Reply, ApiError>
where
    Q: for<'v> Query<Answer<'v> = Vec<(&'v Name, Vec<&'v Arc<str>>)>>,
{
    let (view, meta) = view_for(api, params, &query).await?;
    let names: BTreeMap<_, _> =
        query.run(&view).answer.into_iter().map(|(name, tags)| (&*name.text, tags)).collect();
    Ok(answer::with_meta(answer::json(&names, params.pretty())?, meta))
}

async fn node(api: &Api, what: &str, name: &str, params: &Params) -> Result<Reply, ApiError> {
    let filter = wanted::filter(api, params, SERVICE)?;
    let query = NodeServices { node: name.into(), namespace: Namespace::DEFAULT };
    let (view, meta) = view_for(api, params, &query).await?;
    let mut found = query.run(&view).answer;
    if let Some((_, services)) = &mut found {
        services.retain(|service| wanted::by_filter(filter.as_ref(), &ServicePicture(service)));
    }
    let shape = |node| NodeShape { node, datacenter: &api.datacenter };
    let body = if what == "node-services" {
        let (node, services) = found.unzip();
        // A node that has none shows `null`, unless a filter made the list.
        let services = services
            .filter(|list| filter.is_some() || !list.is_empty())
            .map(|list| list.into_iter().map(|service| ServiceShape(service)).collect());
        answer::json(&NodeWithList { node: node.map(|node| shape(node)), services }, params.pretty())?
    } else {
        let whole = found.map(|(node, services)| NodeWithMap {
            node: shape(node),
            services: services
                .into_iter()
                .map(|service| (&*service.spec.id, ServiceShape(service)))
                .collect(),
        });
        answer::json(&whole, params.pretty())?
    };
    Ok(answer::with_meta(body, meta))
}
