//! `/v1/kv/*`.

use std::sync::Arc;

use axum::extract::Request;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use muster_api::{ApiError, Meta, Params, Reply, answer};
use muster_registry::command::{Command, KvCommand};
use muster_registry::kv::query::{Get, Keys, List};
use muster_registry::{Name, Query as _};

use super::Api;
use super::blocking::view_for;
use super::convert;
use super::shape::KeyShape;

/// Consul's `kv_max_value_size`.
const VALUE_LIMIT: usize = 512 << 10;

pub(crate) async fn handle(
    api: &Api,
    key: &str,
    params: &Params,
    request: Request,
) -> Result<Reply, ApiError> {
    if let Some(answer) =
        answer::method(request.method(), "OPTIONS,GET,PUT,DELETE", &["GET", "HEAD", "PUT", "DELETE"])?
    {
        return Ok(answer);
    }
    if *request.method() == Method::PUT {
        return put(api, key, params, request).await;
    }
    let deletes = *request.method() == Method::DELETE;
    drop(request);
    if deletes {
        return delete(api, key, params).await;
    }
    let name = Name::new(key);
    if params.has("keys") {
        let separator = params.get("separator").or_else(|| params.get("seperator")).map(Arc::from);
        let query = Keys { prefix: name, separator };
        let (view, meta) = view_for(api, params, &query).await?;
        let names = query.run(&view).answer;
        return if names.is_empty() { Ok(missing(meta)) } else { list(&names, params, meta) };
    }
    if params.has("recurse") {
        let query = List { prefix: name };
        let (view, meta) = view_for(api, params, &query).await?;
        let entries: Vec<_> = query.run(&view).answer.into_iter().map(|entry| KeyShape(entry)).collect();
        return if entries.is_empty() { Ok(missing(meta)) } else { list(&entries, params, meta) };
    }
    if key.is_empty() {
        return Err(ApiError::BadRequest("Missing key name".into()));
    }
    let query = Get { key: name };
    let (view, meta) = view_for(api, params, &query).await?;
    match query.run(&view).answer {
        None => Ok(missing(meta)),
        Some(entry) if params.has("raw") => Ok(raw(&entry.value, meta)),
        Some(entry) => list(&[KeyShape(entry)], params, meta),
    }
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

fn list<T: serde::Serialize>(items: &[T], params: &Params, meta: Meta) -> Result<Reply, ApiError> {
    Ok(answer::with_meta(answer::json(items, params.pretty())?, meta))
}

fn missing(meta: Meta) -> Reply {
    let mut response = Reply::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    answer::with_meta(response, meta)
}

fn raw(value: &Arc<[u8]>, meta: Meta) -> Reply {
    let mut response = Reply::new(Bytes::copy_from_slice(value));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    answer::with_meta(response, meta)
}
