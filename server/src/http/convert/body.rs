//! The body of a request, within its limit.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use futures_util::StreamExt as _;
use http::header::{CONTENT_LENGTH, EXPECT};
use muster_api::ApiError;

/// So much of a body that is too large is read all the same, and thrown away: a client that is still sending
/// when the connection closes loses the answer that tells it why.
const HEARD_OUT: usize = 8 << 20;
const HEARD_FOR: Duration = Duration::from_secs(5);

/// The request's body, if it is not larger than `limit`.
///
/// # Errors
/// Where it is, or does not come.
pub(crate) async fn body(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    let length = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    if let Some(length) = length.filter(|length| *length > limit) {
        // Who asks first has not begun to send.
        if !request.headers().contains_key(EXPECT) {
            hear_out(request.into_body()).await;
        }
        return Err(ApiError::TooLarge { length, limit });
    }
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        let too_large = std::error::Error::source(&error)
            .is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
        if too_large {
            ApiError::TooLarge { length: limit + 1, limit }
        } else {
            ApiError::BadRequest(format!("the body could not be read: {error}"))
        }
    })
}

async fn hear_out(body: Body) {
    let mut chunks = body.into_data_stream();
    let all = async {
        let mut heard = 0;
        while let Some(Ok(chunk)) = chunks.next().await {
            heard += chunk.len();
            if heard > HEARD_OUT {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(HEARD_FOR, all).await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn who_sends_too_much_is_heard_out_before_it_is_told() {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = taken.clone();
        let chunks = futures_util::stream::iter(0..10).map(move |_| {
            counter.fetch_add(10, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(b"0123456789"))
        });
        let request = Request::put("/").header(CONTENT_LENGTH, 100).body(Body::from_stream(chunks)).unwrap();
        let refused = body(request, 50).await.unwrap_err();
        assert!(matches!(refused, ApiError::TooLarge { length: 100, limit: 50 }));
        assert_eq!(taken.load(Ordering::Relaxed), 100);
    }
}
