//! Bytes and headers of an answer.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, header};
use serde::Serialize;

use super::error::ApiError;
use crate::consensus::ReadStamp;

const INDEX: HeaderName = HeaderName::from_static("x-consul-index");
const KNOWN_LEADER: HeaderName = HeaderName::from_static("x-consul-knownleader");
const LAST_CONTACT: HeaderName = HeaderName::from_static("x-consul-lastcontact");

/// What the headers of a read say.
#[derive(Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) index: u64,
    pub(crate) stamp: ReadStamp,
}

/// `value` as JSON.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T, pretty: bool) -> Result<Response, ApiError> {
    let mut bytes = Vec::with_capacity(512);
    let written = if pretty {
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, formatter))
    } else {
        serde_json::to_writer(&mut bytes, value)
    };
    written.map_err(|error| ApiError::Internal(error.to_string()))?;
    if pretty {
        bytes.push(b'\n');
    }
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Ok(response)
}

/// `response` with the headers of a read. An index is never 0 on the wire.
pub(crate) fn with_meta(mut response: Response, meta: Meta) -> Response {
    let headers = response.headers_mut();
    headers.insert(INDEX, HeaderValue::from(meta.index.max(1)));
    let known = if meta.stamp.known_leader { "true" } else { "false" };
    headers.insert(KNOWN_LEADER, HeaderValue::from_static(known));
    let contact = u64::try_from(meta.stamp.last_contact.as_millis()).unwrap_or(u64::MAX);
    headers.insert(LAST_CONTACT, HeaderValue::from(contact));
    response
}

/// Refuses a wrong method; answers OPTIONS. `Ok(None)` means: go on.
pub(crate) fn method(
    method: &Method,
    allow: &'static str,
    allowed: &[&str],
) -> Result<Option<Response>, ApiError> {
    if method == Method::OPTIONS {
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        return Ok(Some(response));
    }
    if allowed.contains(&method.as_str()) {
        return Ok(None);
    }
    Err(ApiError::Method { method: method.to_string(), allow })
}
