//! Bytes and headers of an answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use serde::Serialize;

use crate::error::ApiError;

/// A whole answer.
pub type Reply = http::Response<Bytes>;

const INDEX: HeaderName = HeaderName::from_static("x-consul-index");
const KNOWN_LEADER: HeaderName = HeaderName::from_static("x-consul-knownleader");
const LAST_CONTACT: HeaderName = HeaderName::from_static("x-consul-lastcontact");

/// What the headers of a read say.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// The index that belongs to what was asked.
    pub index: u64,
    /// Whether a leader was known.
    pub known_leader: bool,
    /// How long ago the answering server last heard from it.
    pub last_contact: Duration,
}

/// `value` as JSON.
///
/// # Errors
/// Where the value cannot be written, which is our fault.
pub fn json<T: Serialize + ?Sized>(value: &T, pretty: bool) -> Result<Reply, ApiError> {
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
    let mut response = Reply::new(bytes.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Ok(response)
}

/// `response` with the headers of a read. An index is never 0 on the wire.
#[must_use]
pub fn with_meta(mut response: Reply, meta: Meta) -> Reply {
    let headers = response.headers_mut();
    headers.insert(INDEX, HeaderValue::from(meta.index.max(1)));
    let known = if meta.known_leader { "true" } else { "false" };
    headers.insert(KNOWN_LEADER, HeaderValue::from_static(known));
    let contact = u64::try_from(meta.last_contact.as_millis()).unwrap_or(u64::MAX);
    headers.insert(LAST_CONTACT, HeaderValue::from(contact));
    response
}

/// Refuses a wrong method; answers OPTIONS. `Ok(None)` means: go on.
///
/// # Errors
/// The refusal.
pub fn method(method: &Method, allow: &'static str, allowed: &[&str]) -> Result<Option<Reply>, ApiError> {
    if method == Method::OPTIONS {
        let mut response = Reply::new(Bytes::new());
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        return Ok(Some(response));
    }
    if allowed.contains(&method.as_str()) {
        return Ok(None);
    }
    Err(ApiError::Method { method: method.to_string(), allow })
}

/// Leads a client to `place`, as Go's router leads from a directory's name to the directory.
#[must_use]
pub fn moved(method: &Method, place: &str) -> Reply {
    let shown = method == Method::GET || method == Method::HEAD;
    let escaped = place.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&#34;");
    let text =
        if shown { format!("<a href=\"{escaped}\">Moved Permanently</a>.\n\n") } else { String::new() };
    let mut reply = Reply::new(text.into());
    *reply.status_mut() = http::StatusCode::MOVED_PERMANENTLY;
    let headers = reply.headers_mut();
    if shown {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    }
    if let Ok(place) = HeaderValue::from_str(place) {
        headers.insert(header::LOCATION, place);
    }
    reply
}

/// What Consul says of a path with characters that nobody can see: nothing but that it is bad.
#[must_use]
pub fn unprintable() -> Reply {
    let mut reply = Reply::new(Bytes::new());
    *reply.status_mut() = http::StatusCode::BAD_REQUEST;
    reply
}

/// Where a path leads that names a directory without its slash at the end, with the query that came.
#[must_use]
pub fn directory(uri: &http::Uri) -> String {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{query}", uri.path())
}

/// An empty success, as Consul answers the changes made through an agent.
#[must_use]
pub fn empty() -> Reply {
    let mut reply = Reply::new(Bytes::new());
    reply.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    reply
}

/// Plain text with a status.
#[must_use]
pub fn text(status: http::StatusCode, text: impl Into<Bytes>) -> Reply {
    let mut reply = Reply::new(text.into());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    reply
}
