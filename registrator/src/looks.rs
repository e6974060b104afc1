//! Where to look next: what the engine's events name, each container once, however often it was named.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::engine::{Event, What};

/// Most containers that wait for a look; beyond, all are looked at.
const MOST: usize = 65_536;

/// What waits.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// These have to be looked at.
    pub(crate) containers: BTreeSet<String>,
    /// What was said of them besides, last: a signal with its time in nanoseconds, or that what they were sent is over.
    pub(crate) said: BTreeMap<String, Option<(i32, i64)>>,
    /// There were too many to be named.
    pub(crate) all: bool,
}

/// A board on which the one who listens writes and the one who works reads.
#[derive(Default)]
pub(crate) struct Looks {
    pending: Mutex<Pending>,
    /// The time of the last event, by the engine's clock.
    last: Mutex<Option<i64>>,
    pub(crate) ring: Notify,
}

impl Looks {
    /// Takes an event in.
    pub(crate) fn note(&self, event: Event) {
        *self.last.lock() = Some(event.at);
        let mut pending = self.pending.lock();
        match event.what {
            What::Signalled(signal) => {
                pending.said.insert(event.container.clone(), Some((signal, event.at)));
            }
            What::Settled => {
                pending.said.insert(event.container.clone(), None);
            }
            What::Other => {}
        }
        pending.containers.insert(event.container);
        if pending.containers.len() > MOST {
            pending.containers.clear();
            pending.said.clear();
            pending.all = true;
        }
        self.ring.notify_one();
    }

    /// The time of the last event.
    pub(crate) fn last(&self) -> Option<i64> {
        *self.last.lock()
    }

    /// All that waits.
    pub(crate) fn take(&self) -> Pending {
        std::mem::take(&mut *self.pending.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_looked_at_once_and_the_last_word_counts() {
        let looks = Looks::default();
        for (container, what, at) in [
            ("a", What::Signalled(15), 1),
            ("b", What::Other, 2),
            ("a", What::Settled, 3),
            ("b", What::Signalled(9), 4),
            ("a", What::Other, 5),
        ] {
            looks.note(Event { container: container.into(), what, at });
        }
        let pending = looks.take();
        assert_eq!(pending.containers, ["a".to_owned(), "b".to_owned()].into());
        assert_eq!(pending.said, [("a".to_owned(), None), ("b".to_owned(), Some((9, 4)))].into());
        assert_eq!(looks.last(), Some(5));
        assert!(looks.take().containers.is_empty());
    }

    #[test]
    fn too_many_names_mean_all() {
        let looks = Looks::default();
        for number in 0..=MOST {
            looks.note(Event { container: number.to_string(), what: What::Other, at: 0 });
        }
        let pending = looks.take();
        assert!(pending.all && pending.containers.is_empty());
    }
}
