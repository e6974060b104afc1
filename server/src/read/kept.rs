//! The table of questions that were asked before, by their words, so that they are not made anew and their answers
//! are shared. An answer is good for as long as its index is, so nothing has to be told when the state changes: it
//! is compared when it is asked for. Looking takes no lock. The table must never hold more than its budget, whatever
//! clients ask: words that are long and answers that are large are answered and not kept.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use muster_api::ApiError;
use muster_registry::View;

use super::aside::Aside;
use super::budget::Budget;
use super::rendered::Answer;
use super::slot::Slot;

/// So many places share a hash; each bucket is searched whole.
const WAYS: usize = 4;
const BUCKETS: usize = 1024;
/// Most bytes that are kept. When there are more, one question after another is forgotten and made again on demand.
const BUDGET: usize = 64 << 20;
/// No question or answer takes more of it than this.
const SHARE: usize = BUDGET / 8;
/// Longer words are not kept.
const LONGEST: usize = 1 << 10;

/// The table. It holds at most `WAYS * BUCKETS` questions.
pub(super) struct Kept {
    places: Box<[ArcSwapOption<Slot>]>,
    hasher: RandomState,
    budget: Budget,
    /// Which way of a full bucket gives place next.
    turn: AtomicUsize,
    /// Which place is forgotten next when the budget is spent.
    hand: AtomicUsize,
}

impl Default for Kept {
    fn default() -> Self {
        let places = (0..WAYS * BUCKETS).map(|_| ArcSwapOption::empty()).collect();
        Self {
            places,
            hasher: RandomState::new(),
            budget: Budget::default(),
            turn: AtomicUsize::new(0),
            hand: AtomicUsize::new(0),
        }
    }
}

impl Kept {
    fn bucket(&self, words: &str) -> &[ArcSwapOption<Slot>] {
        let hash = usize::try_from(self.hasher.hash_one(words) % BUCKETS as u64).unwrap_or(0);
        &self.places[hash * WAYS..(hash + 1) * WAYS]
    }

    /// The question that is asked in these words, if it is kept.
    pub(super) fn find(&self, words: &str) -> Option<Arc<Slot>> {
        if words.len() > LONGEST {
            return None;
        }
        let found = |place: &ArcSwapOption<Slot>| {
            let slot = place.load();
            slot.as_ref().filter(|slot| slot.words == words).cloned()
        };
        self.bucket(words).iter().find_map(found)
    }

    /// Keeps a question, if need be in the place of another; one that takes too much is only given back.
    pub(super) fn keep(&self, slot: Slot) -> Arc<Slot> {
        let slot = Arc::new(slot);
        if slot.words.len() > LONGEST || slot.weight() > SHARE {
            return slot;
        }
        slot.enter(&self.budget);
        let bucket = self.bucket(&slot.words);
        let free = bucket.iter().find(|place| place.load().is_none());
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % WAYS;
        if let Some(place) = free.or_else(|| bucket.get(turn))
            && let Some(gone) = place.swap(Some(slot.clone()))
        {
            gone.leave();
        }
        self.make_room();
        slot
    }

    /// The answer at `view`, made if need be.
    pub(super) async fn answer(
        &self,
        slot: &Arc<Slot>,
        view: &Arc<View>,
        aside: &Aside,
    ) -> Result<Arc<Answer>, ApiError> {
        let answer = slot.answer(view, SHARE, aside).await;
        self.make_room();
        answer
    }

    /// Forgets questions in turn until what is left is within the budget.
    fn make_room(&self) {
        for _ in 0..self.places.len() {
            if self.budget.held() <= BUDGET {
                return;
            }
            let at = self.hand.fetch_add(1, Ordering::Relaxed) % self.places.len();
            if let Some(gone) = self.places.get(at).and_then(|place| place.swap(None)) {
                gone.leave();
            }
        }
    }
}

#[cfg(test)]
mod tests;
