//! `/v1/kv/*`.

use std::sync::Arc;

use axum::extract::Request;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use muster_api::{ApiError, Params, Reply, answer};
use muster_registry::command::{Command, KvCommand};
use muster_registry::kv::query::{Get, Keys, List};
use muster_registry::{Name, Query as _};

use super::Api;
use super::convert;
use super::shape::KeyShape;
use crate::read::Question;

/// Consul's `kv_max_value_size`.
const VALUE_LIMIT: usize = 512 << 10;

pub(crate) async fn write(
    api: &Api,
    key: &str,
    params: &Params,
    request: Request,
) -> Result<Reply, ApiError> {
    if *request.method() == Method::PUT {
        return put(api, key, params, request).await;
    }
    drop(request);
    delete(api, key, params).await
}

pub(crate) fn question(key: &str, params: Arc<Params>) -> Result<Question, ApiError> {
    let name = Name::new(key);
    if params.has("keys") {
        let separator = params.get("separator").or_else(|| params.get("seperator")).map(Arc::from);
        return Ok(Question::new(Keys { prefix: name, separator }, move |query, view| {
            list(&query.answer(view), &params)
        }));
    }
    if params.has("recurse") {
        return Ok(Question::new(List { prefix: name }, move |query, view| {
            let entries: Vec<_> = query.answer(view).into_iter().map(|entry| KeyShape(entry)).collect();
            list(&entries, &params)
        }));
    }
    if key.is_empty() {
        return Err(ApiError::BadRequest("Missing key name".into()));
    }
    Ok(Question::new(Get { key: name }, move |query, view| match query.answer(view) {
        None => Ok(missing()),
        Some(entry) if params.has("raw") => Ok(raw(&entry.value)),
        Some(entry) => list(&[KeyShape(entry)], &params),
    }))
}

async fn put(api: &Api, key: &str, params: &Params, request: Request) -> Result<Reply, ApiError> {
    if key.is_empty() {
        return Err(ApiError::BadRequest("Missing key name".into()));
    }
    if let Some(what) = ["acquire", "release"].into_iter().find(|name| params.has(name)) {
        return Err(ApiError::NotYet(format!("?{what}")));
    }
    params.mode(&api.datacenter)?;
    let (flags, cas) = (params.number("flags")?.unwrap_or(0), params.number("cas")?);
    let value = convert::body(request, VALUE_LIMIT).await?;
    let set = KvCommand::Set { key: Name::new(key), value: value.as_ref().into(), flags, cas };
    let done = convert::applied(&api.consensus.propose(Command::Kv(set)).await?)?;
    answer::json(&done, params.pretty())
}

async fn delete(api: &Api, key: &str, params: &Params) -> Result<Reply, ApiError> {
    params.mode(&api.datacenter)?;
    if params.has("cas") && params.has("recurse") {
        return Err(ApiError::BadRequest(format!("Conflicting flags: {}", params.words())));
    }
    let cas = params.number("cas")?;
    let command = if params.has("recurse") {
        KvCommand::DeleteTree { prefix: Name::new(key) }
    } else if key.is_empty() {
        return Err(ApiError::BadRequest("Missing key name".into()));
    } else {
        KvCommand::Delete { key: Name::new(key), cas }
    };
    let done = convert::applied(&api.consensus.propose(Command::Kv(command)).await?)?;
    answer::json(&done, params.pretty())
}

/// An empty list is no answer but that there is none.
fn list<T: serde::Serialize>(items: &[T], params: &Params) -> Result<Reply, ApiError> {
    if items.is_empty() { Ok(missing()) } else { answer::json(items, params.pretty()) }
}

fn missing() -> Reply {
    let mut response = Reply::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

fn raw(value: &Arc<[u8]>) -> Reply {
    let mut response = Reply::new(Bytes::copy_from_slice(value));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}
