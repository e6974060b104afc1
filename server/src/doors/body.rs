//! A body that must come within its time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// Why there is no more of a body.
#[derive(Debug, thiserror::Error)]
pub(super) enum Missing {
    #[error("it did not come within {0:?}")]
    Late(Duration),
    #[error(transparent)]
    Cut(#[from] hyper::Error),
}

/// Says afterwards whether the body was late.
#[derive(Clone, Default)]
pub(super) struct Late(Arc<AtomicBool>);

impl Late {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body with a limit on the time for all of it, counted from the first wait for a part of it.
pub(super) struct Within<B> {
    body: B,
    limit: Duration,
    late: Late,
    over: Option<Pin<Box<Sleep>>>,
}

impl<B> Within<B> {
    pub(super) fn new(body: B, limit: Duration) -> (Self, Late) {
        let late = Late::default();
        (Self { body, limit, late: late.clone(), over: None }, late)
    }
}

impl<B: Body<Data = Bytes, Error = hyper::Error> + Unpin> Body for Within<B> {
    type Data = Bytes;
    type Error = Missing;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Missing>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Missing::from)));
        }
        let limit = self.limit;
        let over = self.over.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if over.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        self.late.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(Missing::Late(limit))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
