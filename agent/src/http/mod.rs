//! `/v1/agent/*`, and what is ours beside it below `/v1/muster/agent/`. Everything else is for a server: the relay
//! carries it there as it is.

mod checks;
mod health;
mod node;
mod picture;
mod seen;
mod services;
mod shape;

use bytes::Bytes;
use http::{Method, Request};
use muster_api::{ApiError, Params, Reply, answer, path};

use crate::upstream::Upstream;
use crate::{Agent, Shared};

impl<U: Upstream> Agent<U> {
    /// Answers a request for `/v1/agent/*` or `/v1/muster/agent/*`.
    pub async fn answer(&self, request: Request<Bytes>) -> Reply {
        dispatch(&self.shared, request).await.unwrap_or_else(ApiError::into_reply)
    }
}

/// The endpoints and the methods that they take.
fn allowed(area: &str, rest: &str) -> Option<(&'static str, &'static [&'static str])> {
    const GET: (&str, &[&str]) = ("OPTIONS,GET", &["GET"]);
    const PUT: (&str, &[&str]) = ("OPTIONS,PUT", &["PUT"]);
    let first = rest.split('/').next().unwrap_or_default();
    Some(match area {
        "self" | "members" | "services" | "checks" | "metrics" | "version" | "host" | "monitor"
            if rest.is_empty() =>
        {
            GET
        }
        "health" if rest.starts_with("service/id/") || rest.starts_with("service/name/") => GET,
        "service" if matches!(first, "register" | "deregister" | "maintenance") => PUT,
        "service" => GET,
        "check" if matches!(first, "register" | "deregister" | "pass" | "warn" | "fail" | "update") => PUT,
        "maintenance" | "reload" | "leave" if rest.is_empty() => PUT,
        "join" | "force-leave" => PUT,
        "token" => PUT,
        _ => return None,
    })
}

/// What Consul has below these begins behind a slash; it leads there who forgets it.
const DIRECTORIES: [&str; 11] = [
    "service",
    "service/deregister",
    "service/maintenance",
    "check/deregister",
    "check/pass",
    "check/warn",
    "check/fail",
    "check/update",
    "join",
    "force-leave",
    "token",
];

async fn dispatch<U: Upstream>(shared: &Shared<U>, request: Request<Bytes>) -> Result<Reply, ApiError> {
    let path = path::decode(request.uri().path())?.into_owned();
    let params = Params::parse(request.uri().query().unwrap_or(""))?;
    if let Some(what) = path.strip_prefix("/v1/muster/agent/") {
        return seen::read(shared, what, &params, request.method());
    }
    let path = path.strip_prefix("/v1/agent/").ok_or(ApiError::NotFound)?;
    if DIRECTORIES.contains(&path) {
        return Ok(answer::moved(request.method(), &answer::directory(request.uri())));
    }
    let (area, rest) = path.split_once('/').unwrap_or((path, ""));
    // What has nothing below it ends without a slash.
    if rest.is_empty() && path != area && !DIRECTORIES.contains(&area) {
        return Err(ApiError::NotFound);
    }
    let (allow, methods) = allowed(area, rest).ok_or(ApiError::NotFound)?;
    let method: Method = request.method().clone();
    if let Some(answer) = answer::method(&method, allow, methods)? {
        return Ok(answer);
    }
    params.refuse_namespace()?;
    let body = request.into_body();
    let (what, id) = rest.split_once('/').unwrap_or((rest, ""));
    match area {
        "services" => services::list(shared, &params),
        "checks" => checks::list(shared, &params),
        "service" => services::one(shared, what, id, rest, &params, &body).await,
        "check" => checks::one(shared, what, id, &params, &body).await,
        "health" => health::read(shared, rest, &params),
        _ => node::dispatch(shared, area, rest, &params).await,
    }
}

/// The value of `?enable`, in Consul's words where it is none.
fn enable(params: &Params) -> Result<bool, ApiError> {
    if !params.has("enable") {
        return Err(ApiError::BadRequest("Missing value for enable".into()));
    }
    match params.get("enable") {
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        text => {
            let text = text.unwrap_or_default();
            Err(ApiError::BadRequest(format!("Invalid value for enable: {text:?}")))
        }
    }
}
