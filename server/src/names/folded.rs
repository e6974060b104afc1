//! Something made from a view, kept until the view has changed and some time has passed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

#[derive(Default)]
pub(super) struct Folded<T> {
    kept: Mutex<Option<(u64, Instant, Arc<T>)>>,
}

impl<T> Folded<T> {
    /// What was made at `index`, or less than `every` ago; made now where there is none.
    pub(super) fn get(&self, index: u64, every: Duration, make: impl FnOnce() -> T) -> Arc<T> {
        let mut kept = self.kept.lock();
        if let Some((of, made, value)) = &*kept
            && (*of == index || made.elapsed() < every)
        {
            return value.clone();
        }
        let value = Arc::new(make());
        *kept = Some((index, Instant::now(), value.clone()));
        value
    }
}
