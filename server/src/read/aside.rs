//! Long work that would hold up all who share a thread of the runtime: it is done on threads of its own, a few at
//! a time, since each of them holds a whole answer and takes a core.

use std::sync::Arc;
use std::thread;

use muster_api::ApiError;
use tokio::sync::Semaphore;

/// Work on more bytes than this is done aside: a render makes about a gigabyte a second, gzip a tenth of that.
pub(super) const LARGE: usize = 64 << 10;

/// The turns.
pub(super) struct Aside {
    turns: Arc<Semaphore>,
}

impl Default for Aside {
    /// Half of the cores: the others write and answer.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { turns: Arc::new(Semaphore::new((cores / 2).max(1))) }
    }
}

impl Aside {
    /// What `job` gives. It goes on when nobody waits for it any more, and has its turn until it ends.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let ended = |why: String| ApiError::Internal(format!("the answer was not made: {why}"));
        let turn = self.turns.clone().acquire_owned().await.map_err(|why| ended(why.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let made = job();
            drop(turn);
            made
        });
        done.await.map_err(|why| ended(why.to_string()))
    }
}
