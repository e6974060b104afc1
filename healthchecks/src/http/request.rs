//! What is asked: the URL, the headers, and what becomes of both on a redirect. Pure; it must never touch
//! the network. Texts are Consul's, for people search for them.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, REFERER, TRAILER, TRANSFER_ENCODING,
        USER_AGENT,
    },
};
use url::{ParseError, Url};

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// A `Host` header of the definition, as long as the redirects stay on the same host.
    host: Option<HeaderValue>,
}

/// Why there is no request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    /// A text that stands alone.
    Whole(String),
    /// A text that comes after the method and the URL.
    After(String),
}

impl Invalid {
    pub(super) fn text(self, after: impl FnOnce(String) -> String) -> String {
        match self {
            Self::Whole(text) => text,
            Self::After(text) => after(text),
        }
    }
}

impl Request {
    pub(super) fn new(
        method: &str,
        url: Url,
        header: &BTreeMap<String, Vec<String>>,
        body: &str,
    ) -> Result<Self, Invalid> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Invalid::Whole(format!("net/http: invalid method \"{method}\"")))?;
        check_peer(&url).map_err(Invalid::After)?;
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static("Consul Health Check"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/plain, text/*, */*"));
        if let Some(credentials) = basic(&url) {
            headers.insert(AUTHORIZATION, credentials);
        }
        for (key, values) in header {
            let name = HeaderName::from_bytes(key.as_bytes())
                .map_err(|_| Invalid::After(format!("net/http: invalid header field name \"{key}\"")))?;
            headers.remove(&name);
            for value in values {
                let header = HeaderValue::from_str(value).map_err(|_| {
                    Invalid::After(format!("net/http: invalid header field value {value:?} for key {key}"))
                })?;
                headers.append(&name, header);
            }
        }
        let host = headers.remove(HOST);
        // The frame of the message follows from the body alone.
        for frame in [CONTENT_LENGTH, TRANSFER_ENCODING, TRAILER] {
            headers.remove(frame);
        }
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        Ok(Self { url, method, headers, body: body.to_owned(), host })
    }

    /// The request that follows an answer which leads on.
    pub(super) fn redirected(&self, code: u16, location: &str) -> Result<Self, String> {
        let url = self
            .url
            .join(location)
            .map_err(|error| format!("failed to parse Location header \"{location}\": {error}"))?;
        check_peer(&url)?;
        let mut next = Self { url, ..self.clone() };
        if !matches!(code, 307 | 308) {
            if next.method != Method::HEAD {
                next.method = Method::GET;
            }
            next.body.clear();
        }
        if next.url.host() != self.url.host() {
            // What was meant for one host is not for another.
            next.headers.remove(AUTHORIZATION);
            next.headers.remove(COOKIE);
        }
        if next.url.origin() != self.url.origin() {
            next.host = None;
        }
        if let Some(credentials) = basic(&next.url) {
            next.headers.insert(AUTHORIZATION, credentials);
        }
        next.headers.remove(REFERER);
        let leaves_tls = self.url.scheme() == "https" && next.url.scheme() == "http";
        if let Some(referer) = referer(&self.url).filter(|_| !leaves_tls) {
            next.headers.insert(REFERER, referer);
        }
        Ok(next)
    }

    pub(super) fn method_text(&self) -> String {
        self.method.as_str().to_owned()
    }

    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host as a resolver takes it: no brackets.
    pub(super) fn host_name(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(0)
    }

    /// What goes onto the wire.
    pub(super) fn message<B>(&self, body: B) -> Result<http::Request<B>, http::Error> {
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let authority = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let host = self.host.clone().map_or_else(|| HeaderValue::from_str(authority), Ok)?;
        let mut message = http::Request::builder().method(self.method.clone()).uri(path).body(body)?;
        message.headers_mut().insert(HOST, host);
        message.headers_mut().extend(self.headers.clone());
        Ok(message)
    }
}

/// Reads a URL.
pub(super) fn parse(url: &str) -> Result<Url, Invalid> {
    let begins_like_a_host = || url.split('/').next().is_some_and(|first| first.contains(':'));
    let why = match Url::parse(url) {
        // Browsers take the first word of the path for the host then; nobody who writes a check means that.
        Ok(_) if url.split_once("//").is_some_and(|(_, rest)| rest.starts_with('/')) => {
            return Err(Invalid::After("http: no Host in request URL".to_owned()));
        }
        Ok(parsed) => return Ok(parsed),
        Err(ParseError::RelativeUrlWithoutBase) if begins_like_a_host() => {
            "first path segment in URL cannot contain colon".to_owned()
        }
        Err(ParseError::RelativeUrlWithoutBase) => {
            return Err(Invalid::After("unsupported protocol scheme \"\"".to_owned()));
        }
        Err(ParseError::EmptyHost) => return Err(Invalid::After("http: no Host in request URL".to_owned())),
        Err(ParseError::InvalidPort) => "invalid port after host".to_owned(),
        Err(ParseError::InvalidDomainCharacter | ParseError::IdnaError) => {
            "invalid character in host name".to_owned()
        }
        Err(error) => error.to_string(),
    };
    Err(Invalid::Whole(format!("parse \"{url}\": {why}")))
}

fn check_peer(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("unsupported protocol scheme \"{}\"", url.scheme()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("http: no Host in request URL".to_owned());
    }
    Ok(())
}

/// The method as it begins an error: `Get`, `Post`.
pub(super) fn verb(method: &str) -> String {
    let mut chars = method.chars();
    chars.next().map_or_else(String::new, |first| format!("{first}{}", chars.as_str().to_lowercase()))
}

/// Answers that tell to ask elsewhere; the other 3xx are judged as they are.
pub(super) fn leads_on(code: u16) -> bool {
    matches!(code, 301 | 302 | 303 | 307 | 308)
}

/// User and password of the URL, as the header that carries them.
fn basic(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let plain = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let mut pair = plain(url.username());
    pair.push(b':');
    pair.extend(plain(url.password().unwrap_or_default()));
    let mut value = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(&pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn referer(url: &Url) -> Option<HeaderValue> {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    HeaderValue::from_str(url.as_str()).ok()
}
