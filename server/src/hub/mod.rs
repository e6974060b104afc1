//! The published view, and who waits for it to change.

mod waiters;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use muster_registry::{Change, Changes, Topics, View};

pub use waiters::Waiter;
use waiters::Waiters;

/// One writer publishes, many readers take the view and never lock.
#[derive(Default)]
pub struct Hub {
    view: ArcSwap<View>,
    waiters: Waiters,
    /// How often the state was replaced: then an index from before says nothing any more.
    restores: AtomicU64,
}

impl Hub {
    /// The state now.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// Publishes a view, then wakes exactly those who wait for one of `changes`. Only the apply loop calls it.
    pub fn publish(&self, view: View, changes: &Changes) {
        self.view.store(Arc::new(view));
        if changes.iter().any(|change| *change == Change::Restored) {
            self.restores.fetch_add(1, Ordering::SeqCst);
        }
        self.waiters.wake(changes);
    }

    /// Registers for `topics`. Take the view after this, never before: then no change falls between.
    #[must_use]
    pub fn subscribe(&self, topics: Topics) -> Waiter {
        self.waiters.subscribe(topics)
    }

    /// How often the state was replaced by a snapshot until now.
    #[must_use]
    pub fn restores(&self) -> u64 {
        self.restores.load(Ordering::SeqCst)
    }

    /// How many wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiters.len()
    }
}
