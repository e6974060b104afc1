//! The way to the agent where instances are registered, and what is said on it. Whoever starts the registrator owns the
//! other side: an agent in the same process, or one at the end of a connection.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use muster_api::Reply;
use muster_api::seen::marks;
use regex::Regex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::diff::{Held, Owned};
use crate::health::{Condition, Status};
use crate::instance::{Instance, state_check};
use crate::labels::meta::HASH;

/// Longest wait for an agent's answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Carries one request of `/v1/agent/*` to an agent.
pub trait Registrar: Send + Sync {
    /// Sends it and gives the whole answer, whatever its status.
    fn call(&self, request: Request<Bytes>) -> impl Future<Output = Result<Reply, Unreachable>> + Send;
}

/// No agent answered.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the agent cannot be reached: {0}")]
pub struct Unreachable(pub String);

/// Why a call did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallFailed {
    /// No agent answered.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The agent refused, or could not: the status does not tell them apart.
    #[error("the agent answers {0}: {1}")]
    Refused(u16, String),
    /// The answer is not what was expected.
    #[error("the agent's answer cannot be read: {0}")]
    Garbled(String),
}

/// An instance as an agent lists it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Listed {
    #[serde(rename = "Meta")]
    meta: Option<BTreeMap<String, String>>,
}

/// A check as an agent lists it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct ListedCheck {
    status: String,
    output: String,
}

/// The agent about itself.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Myself {
    debug_config: DebugConfig,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DebugConfig {
    #[serde(rename = "AdvertiseAddrLAN")]
    advertised: String,
}

/// The address of the agent's node, as others are told it. It is the agent's own word, which needs no server.
pub(crate) async fn node_address<R: Registrar>(registrar: &R) -> Result<String, CallFailed> {
    let myself: Myself = get(registrar, "/v1/agent/self").await?;
    match myself.debug_config.advertised {
        address if address.is_empty() => Err(CallFailed::Garbled("it does not say its address".into())),
        address => Ok(address),
    }
}

/// What the agent has of `owner`'s.
pub(crate) async fn owned<R: Registrar>(registrar: &R, owner: &str) -> Result<Owned, CallFailed> {
    let services = filtered("services", &format!("Meta.{} == \"{owner}\"", marks::OWNER));
    let services: BTreeMap<String, Listed> = get(registrar, &services).await?;
    if services.is_empty() {
        return Ok(Owned::new());
    }
    let checks = filtered("checks", &format!("Name == \"{}\"", marks::STATE));
    let mut checks: BTreeMap<String, ListedCheck> = get(registrar, &checks).await?;
    let held = |(id, listed): (String, Listed)| {
        let check = checks.remove(&state_check(&id));
        // Somebody took the check away: it is not what was registered, and will be registered anew.
        let is_whole = check.is_some();
        let check = check.unwrap_or_default();
        let status = match check.status.as_str() {
            "passing" => Some(Status::Passing),
            "critical" => Some(Status::Critical),
            _ => None,
        };
        let mut meta = listed.meta.unwrap_or_default();
        let mut mark = |name| meta.remove(name).unwrap_or_default();
        let hash = if is_whole { mark(HASH) } else { String::new() };
        (id, Held { hash, container: mark(marks::CONTAINER), status, output: check.output })
    };
    Ok(services.into_iter().map(held).collect())
}

/// IDs as the well-known registrator makes them, of containers that are not there: what it left behind.
pub(crate) async fn left_behind<R: Registrar>(
    registrar: &R,
    owner: &str,
    is_there: impl Fn(&str) -> bool,
) -> Result<Vec<String>, CallFailed> {
    static FORM: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("^([^:]+):([a-zA-Z0-9][a-zA-Z0-9_.-]+):[0-9]+(:udp)?$").ok());
    let services: BTreeMap<String, Listed> = get(registrar, "/v1/agent/services").await?;
    let unmarked = services
        .into_iter()
        .filter(|(_, listed)| !listed.meta.as_ref().is_some_and(|meta| meta.contains_key(marks::OWNER)));
    let left = |id: &String| {
        let parts = FORM.as_ref().and_then(|form| form.captures(id));
        parts.is_some_and(|parts| &parts[1] == owner && !is_there(&parts[2]))
    };
    Ok(unmarked.map(|(id, _)| id).filter(left).collect())
}

/// Registers an instance with all its checks and no others.
pub(crate) async fn register<R: Registrar>(registrar: &R, instance: &Instance) -> Result<(), CallFailed> {
    let path = "/v1/agent/service/register?replace-existing-checks=true";
    call(registrar, Method::PUT, path, instance.body().into()).await.map(drop)
}

/// Says how the container of an instance is.
pub(crate) async fn report<R: Registrar>(
    registrar: &R,
    instance: &str,
    condition: &Condition,
) -> Result<(), CallFailed> {
    let path = format!("/v1/agent/check/update/{}", segment(&state_check(instance)));
    let body = json!({ "Status": condition.status.as_str(), "Output": condition.output });
    call(registrar, Method::PUT, &path, body.to_string().into()).await.map(drop)
}

/// Takes an instance away; one that is not there is away.
pub(crate) async fn deregister<R: Registrar>(registrar: &R, instance: &str) -> Result<(), CallFailed> {
    // A Muster agent remembers by whom; Consul's does not ask.
    let path = format!("/v1/agent/service/deregister/{}?by=registrator", segment(instance));
    match call(registrar, Method::PUT, &path, Bytes::new()).await {
        // In the words of Consul, whose older versions have no status for it.
        Err(CallFailed::Refused(status, text)) if status == 404 || text.contains("nknown service") => Ok(()),
        done => done.map(drop),
    }
}

fn filtered(what: &str, filter: &str) -> String {
    format!("/v1/agent/{what}?filter={}", segment(filter))
}

async fn get<R: Registrar, T: DeserializeOwned>(registrar: &R, path: &str) -> Result<T, CallFailed> {
    let body = call(registrar, Method::GET, path, Bytes::new()).await?;
    serde_json::from_slice(&body).map_err(|error| CallFailed::Garbled(error.to_string()))
}

async fn call<R: Registrar>(
    registrar: &R,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<Bytes, CallFailed> {
    let request = Request::builder().method(method).uri(path).body(body);
    let request = request.map_err(|error| CallFailed::Garbled(error.to_string()))?;
    let answered = tokio::time::timeout(PATIENCE, registrar.call(request)).await;
    let reply = answered.map_err(|_| Unreachable(format!("no answer in {PATIENCE:?}")))??;
    let status = reply.status();
    if status.is_success() {
        return Ok(reply.into_body());
    }
    let text = String::from_utf8_lossy(reply.body()).trim().to_owned();
    Err(CallFailed::Refused(status.as_u16(), text))
}

fn segment(text: &str) -> String {
    const KEPT: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    percent_encoding::utf8_percent_encode(text, &KEPT).to_string()
}
