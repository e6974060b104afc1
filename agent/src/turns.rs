//! Who may change an ID now. From the write to the disk to the change in memory an ID has one owner, so that both
//! say the same in the end; different IDs do not wait for each other. Nobody asks for a turn who holds one.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::local::Key;

/// Turns that there are: IDs share them by chance. Many more than there are requests at a time.
const TURNS: usize = 1024;

/// All turns.
pub(crate) struct Turns {
    each: Vec<Arc<Mutex<()>>>,
    hasher: RandomState,
}

/// Some turns, held until this is dropped.
pub(crate) struct Turn(#[expect(dead_code, reason = "held, not read")] Vec<OwnedMutexGuard<()>>);

impl Default for Turns {
    fn default() -> Self {
        let each = (0..TURNS).map(|_| Arc::default()).collect();
        Self { each, hasher: RandomState::new() }
    }
}

impl Turns {
    /// Waits for the turns of all these IDs. They are taken in one order by everybody, so that no two wait for each
    /// other.
    pub(crate) async fn take<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) -> Turn {
        let mut places: Vec<usize> = keys.into_iter().map(|key| self.place(key)).collect();
        places.sort_unstable();
        places.dedup();
        let mut held = Vec::with_capacity(places.len());
        for place in places {
            if let Some(turn) = self.each.get(place) {
                held.push(turn.clone().lock_owned().await);
            }
        }
        Turn(held)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
    fn place(&self, key: &Key) -> usize {
        (self.hasher.hash_one(key) % TURNS as u64) as usize
    }
}
