//! How many bytes are kept for readers, by whoever made them grow. Counts only; what must go is for others to say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that are kept now.
#[derive(Clone, Default)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// So many bytes of them; given back when dropped.
pub(super) struct Charge {
    bytes: usize,
    budget: Budget,
}

impl Budget {
    pub(super) fn charge(&self, bytes: usize) -> Charge {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Charge { bytes, budget: self.clone() }
    }

    pub(super) fn held(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Charge {
    /// More bytes for the same thing.
    pub(super) fn more(&self, bytes: usize) -> Self {
        self.budget.charge(bytes)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
