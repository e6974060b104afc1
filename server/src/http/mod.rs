//! Consul's HTTP API but for `/v1/agent/*`, in four steps each: extract, convert, propose or read, render.
//! No handler knows openraft, and no handler makes up an error text: those are in `error.rs`.

mod blocking;
mod catalog;
mod convert;
mod health;
mod kv;
mod shape;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::Method;
use muster_api::{ApiError, Params, Reply, answer, params};

use crate::consensus::Consensus;
use crate::hub::Hub;

/// What every handler may use.
pub(crate) struct Api {
    pub(crate) consensus: Consensus,
    pub(crate) hub: Arc<Hub>,
    pub(crate) datacenter: String,
}

/// The public API over a server.
pub fn router(consensus: Consensus, hub: Arc<Hub>, datacenter: String) -> Router {
    Router::new().fallback(handle).with_state(Arc::new(Api { consensus, hub, datacenter }))
}

async fn handle(State(api): State<Arc<Api>>, request: Request) -> Response {
    let reply = dispatch(&api, request).await.unwrap_or_else(ApiError::into_reply);
    reply.map(Body::from)
}

/// What Consul has below these begins behind a slash; it leads there who forgets it.
const DIRECTORIES: [&str; 8] = [
    "kv",
    "catalog/service",
    "catalog/node",
    "catalog/node-services",
    "health/node",
    "health/checks",
    "health/service",
    "health/state",
];

async fn dispatch(api: &Api, request: Request) -> Result<Reply, ApiError> {
    let path = params::decode_path(request.uri().path())?.into_owned();
    let params = Params::parse(request.uri().query().unwrap_or(""))?;
    let Some(path) = path.strip_prefix("/v1/") else { return Err(ApiError::NotFound) };
    if DIRECTORIES.contains(&path) {
        return Ok(answer::moved(request.method(), &answer::directory(request.uri())));
    }
    // The lists of nodes and of datacenters know no namespace and look at none.
    if ["kv/", "catalog/service", "catalog/node/", "catalog/node-", "health/"]
        .iter()
        .any(|area| path.starts_with(area))
    {
        params.refuse_namespace()?;
    }
    if let Some(key) = path.strip_prefix("kv/") {
        return kv::handle(api, key, &params, request).await;
    }
    let (area, rest) = path.split_once('/').unwrap_or((path, ""));
    match (area, rest) {
        ("catalog", "register") => catalog::register(api, &params, request).await,
        ("catalog", "deregister") => catalog::deregister(api, &params, request).await,
        ("catalog" | "health" | "status" | "operator", _) => {
            let method = request.method().clone();
            drop(request);
            read(api, area, rest, &params, method).await
        }
        (
            "agent" | "session" | "txn" | "query" | "event" | "acl" | "coordinate" | "snapshot" | "connect"
            | "config" | "internal" | "discovery-chain",
            _,
        ) => Err(ApiError::NotYet(format!("/v1/{path}"))),
        _ => Err(ApiError::NotFound),
    }
}

async fn read(api: &Api, area: &str, rest: &str, params: &Params, method: Method) -> Result<Reply, ApiError> {
    let (what, name) = rest.split_once('/').unwrap_or((rest, ""));
    let known = match area {
        "catalog" => {
            let list = matches!(what, "datacenters" | "nodes" | "services") && rest == what;
            list || matches!(what, "service" | "node" | "node-services")
        }
        "health" => matches!(what, "node" | "checks" | "service" | "state"),
        "status" => matches!(rest, "leader" | "peers"),
        _ => rest == "raft/configuration",
    };
    if !known {
        return Err(ApiError::NotFound);
    }
    if let Some(answer) = answer::method(&method, "OPTIONS,GET", &["GET"])? {
        return Ok(answer);
    }
    match area {
        "catalog" => catalog::read(api, what, name, params).await.map_err(ApiError::of_read),
        "health" => health::read(api, what, name, params).await.map_err(ApiError::of_read),
        "status" => status::read(api, what, params),
        _ => status::raft_configuration(api, params),
    }
}
