//! Every refusal of the API, with Consul's status and text. Clients read the texts: they are a contract,
//! recorded from Consul 1.8.7 where it has one.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::consensus::Unavailable;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("")]
    NotFound,
    #[error("method {method} not allowed")]
    Method { method: String, allow: &'static str },
    #[error("{0} is not supported yet by this version of Muster")]
    NotYet(String),
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    Internal(String),
    #[error(
        "Request body({length} bytes) too large, max size: {limit} bytes. See https://www.consul.io/docs/agent/options.html#kv_max_value_size."
    )]
    TooLarge { length: usize, limit: usize },
    #[error("No path to datacenter")]
    NoDatacenter,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl ApiError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotYet(_) => StatusCode::NOT_IMPLEMENTED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal(_) | Self::NoDatacenter | Self::Unavailable(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    pub(crate) fn into_answer(self) -> Response {
        let text = self.to_string();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if !matches!(self, Self::NotFound) {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
        if let Self::Method { allow, .. } = self {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
