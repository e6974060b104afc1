//! Consul's HTTP API but for `/v1/agent/*`, in four steps each: extract, convert, propose or read, render; and what
//! is ours beside it, below `/v1/muster/`.
//! No handler knows openraft, and no handler makes up an error text: those are in `muster_api`.

mod catalog;
mod convert;
mod health;
mod kv;
mod operator;
mod shape;
mod status;
mod why;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, Uri};
use muster_api::{ApiError, Params, Reply, answer, path};

use crate::consensus::Consensus;
use crate::hub::Hub;
use crate::leader::Duties;
use crate::read::{Asked, Question, Reader};

/// What every handler may use.
pub(crate) struct Api {
    pub(crate) consensus: Consensus,
    pub(crate) reader: Reader,
    pub(crate) datacenter: Arc<str>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) duties: Arc<Duties>,
}

/// The public API over a server, on which at most `waiters` queries block at once.
pub(crate) fn router(
    consensus: Consensus,
    hub: Arc<Hub>,
    duties: Arc<Duties>,
    datacenter: &str,
    waiters: usize,
) -> Router {
    let reader = Reader::new(consensus.clone(), hub.clone(), waiters);
    Router::new().fallback(handle).with_state(Arc::new(Api {
        consensus,
        reader,
        datacenter: datacenter.into(),
        hub,
        duties,
    }))
}

async fn handle(State(api): State<Arc<Api>>, request: Request) -> Response {
    let known = match request.method() {
        &Method::GET => again(&api, request.uri(), request.headers()).await,
        _ => None,
    };
    let reply = match known {
        Some(reply) => reply,
        None => dispatch(&api, request).await,
    };
    reply.unwrap_or_else(ApiError::into_reply).map(Body::from)
}

/// The answer where this was asked before in the same words.
async fn again(api: &Api, uri: &Uri, headers: &HeaderMap) -> Option<Result<Reply, ApiError>> {
    let known = api.reader.again(target(uri), &api.datacenter, headers).await?;
    let of_kv = uri.path().starts_with("/v1/kv/");
    Some(known.map_err(|refusal| if of_kv { refusal } else { refusal.of_read() }))
}

/// The words in which a request asks.
fn target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}

/// What of a request a read needs.
struct Incoming {
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    params: Arc<Params>,
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
    let path = path::decode(request.uri().path())?.into_owned();
    if !path::printable(&path) {
        return Ok(answer::unprintable());
    }
    if let Some(clean) = path::cleaned(&path) {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return Ok(answer::moved(request.method(), &format!("{}{query}", path::encode(&clean))));
    }
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
        let methods = ["GET", "PUT", "DELETE"];
        if let Some(answer) = answer::method(request.method(), "OPTIONS,GET,PUT,DELETE", &methods)? {
            return Ok(answer);
        }
        if matches!(*request.method(), Method::PUT | Method::DELETE) {
            return kv::write(api, key, &params, request).await;
        }
        let incoming = without_body(request, params);
        let question = kv::question(key, incoming.params.clone())?;
        return ask(api, question, &incoming).await;
    }
    let (area, rest) = path.split_once('/').unwrap_or((path, ""));
    match (area, rest) {
        ("catalog", "register") => catalog::register(api, &params, request).await,
        ("catalog", "deregister") => catalog::deregister(api, &params, request).await,
        ("operator", _) => {
            let method = request.method().clone();
            drop(request);
            operator::handle(api, rest, &params, &method).await
        }
        ("muster", _) => why::handle(api, rest, &params, request.method().clone()).await,
        ("catalog" | "health" | "status", _) => read(api, area, rest, without_body(request, params)).await,
        (
            "agent" | "session" | "txn" | "query" | "event" | "acl" | "coordinate" | "snapshot" | "connect"
            | "config" | "internal" | "discovery-chain",
            _,
        ) => Err(ApiError::NotYet(format!("/v1/{path}"))),
        _ => Err(ApiError::NotFound),
    }
}

fn without_body(request: Request, params: Params) -> Incoming {
    let (parts, _) = request.into_parts();
    Incoming { uri: parts.uri, method: parts.method, headers: parts.headers, params: Arc::new(params) }
}

async fn read(api: &Api, area: &str, rest: &str, incoming: Incoming) -> Result<Reply, ApiError> {
    let (what, name) = rest.split_once('/').unwrap_or((rest, ""));
    let known = match area {
        "catalog" => {
            let list = matches!(what, "datacenters" | "nodes" | "services") && rest == what;
            list || matches!(what, "service" | "node" | "node-services")
        }
        "health" => matches!(what, "node" | "checks" | "service" | "state"),
        _ => matches!(rest, "leader" | "peers"),
    };
    if !known {
        return Err(ApiError::NotFound);
    }
    if let Some(answer) = answer::method(&incoming.method, "OPTIONS,GET", &["GET"])? {
        return Ok(answer);
    }
    let params = incoming.params.clone();
    let question = match area {
        "catalog" if what == "datacenters" => return catalog::datacenters(&api.datacenter, &params),
        "catalog" => catalog::question(&api.datacenter, what, name, params),
        "health" => health::question(&api.datacenter, what, name, params),
        _ => return status::read(api, what, &params),
    };
    let answered = match question {
        Ok(question) => ask(api, question, &incoming).await,
        Err(refusal) => Err(refusal),
    };
    answered.map_err(ApiError::of_read)
}

async fn ask(api: &Api, question: Question, incoming: &Incoming) -> Result<Reply, ApiError> {
    let asked = Asked::new(&incoming.params, &api.datacenter)?;
    api.reader.answer(target(&incoming.uri), question, asked, &incoming.headers).await
}
