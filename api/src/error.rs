//! Every refusal of the API, with Consul's status and text. Clients read the texts: they are a contract,
//! recorded from Consul 1.8.7 where it has one.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};

use crate::answer::{self, Meta, Reply};

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No such endpoint.
    #[error("")]
    NotFound,
    /// A thing that is not there, in words.
    #[error("{0}")]
    Missing(String),
    /// The endpoint is there, but not for this method.
    #[error("method {method} not allowed")]
    Method {
        /// What was asked.
        method: String,
        /// What would be right.
        allow: &'static str,
    },
    /// Consul has it and we do not, yet.
    #[error("{0} is not supported yet by this version of Muster")]
    NotYet(String),
    /// The request is wrong.
    #[error("{0}")]
    BadRequest(String),
    /// Consul answers many wrong requests so.
    #[error("{0}")]
    Internal(String),
    /// A request that is none: it never came to a handler.
    #[error("400 Bad Request")]
    Malformed,
    /// More waits or connections than are allowed.
    #[error("{0}")]
    TooMany(String),
    /// It needs a right that cannot be had.
    #[error("{0}")]
    NotAuthorized(String),
    /// What was asked for is switched off.
    #[error("{0}")]
    Forbidden(String),
    /// A body over its limit.
    #[error(
        "Request body({length} bytes) too large, max size: {limit} bytes. See https://www.consul.io/docs/agent/options.html#kv_max_value_size."
    )]
    TooLarge {
        /// Bytes that came, as far as is known.
        length: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Another datacenter was asked for.
    #[error("No path to datacenter")]
    NoDatacenter,
    /// The cluster cannot do it now.
    #[error("{0}")]
    Unavailable(String),
    /// A read that was well formed and still refused: it has the headers of a read that saw nothing.
    #[error("{0}")]
    Read(Box<ApiError>),
}

impl ApiError {
    /// This refusal as one of a read. What is wrong with the request's form is refused before anything is
    /// read and stays as it is.
    #[must_use]
    pub fn of_read(self) -> Self {
        match self {
            Self::Internal(_) | Self::NoDatacenter | Self::Unavailable(_) => Self::Read(Box::new(self)),
            other => other,
        }
    }

    /// Its status on the wire.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NotFound | Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotAuthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotYet(_) => StatusCode::NOT_IMPLEMENTED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal(_) | Self::NoDatacenter | Self::Unavailable(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::Read(refusal) => refusal.status(),
        }
    }

    /// The whole answer.
    #[must_use]
    pub fn into_reply(self) -> Reply {
        if let Self::Read(refusal) = self {
            let nothing = Meta { index: 1, known_leader: false, last_contact: Duration::ZERO };
            return answer::with_meta(refusal.into_reply(), nothing);
        }
        let text = self.to_string();
        let mut response = Reply::new(text.into());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if matches!(self, Self::NotFound | Self::Malformed) {
            // It never came to a handler that could vary.
            headers.remove(header::VARY);
        }
        if !matches!(self, Self::NotFound) {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
        if let Self::Method { allow, .. } = self {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
