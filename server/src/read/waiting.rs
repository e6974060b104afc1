//! How many queries may block at once. Above that a query is refused at once and told so, rather than that all
//! who wait lose the server.

use std::sync::Arc;

use muster_api::ApiError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for those who wait.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    all: usize,
}

impl Seats {
    pub(super) fn new(all: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(all)), all }
    }

    /// A place until it is dropped.
    pub(super) fn take(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        self.free.clone().try_acquire_owned().map_err(|_| {
            ApiError::TooMany(format!(
                "{} queries block on this server already, which is as many as it allows: ask without ?index, \
                 ask another server, or raise limits.http_max_blocked_queries",
                self.all
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_place_is_told_why_and_a_place_is_free_again_when_left() {
        let seats = Seats::new(1);
        let first = seats.take().unwrap();
        assert!(seats.take().unwrap_err().to_string().starts_with("1 queries block"));
        drop(first);
        assert!(seats.take().is_ok());
    }
}
