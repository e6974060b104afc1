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
    /// What was said of them besides.
    pub(crate) said: BTreeMap<String, Said>,
    /// There were too many to be named.
    pub(crate) all: bool,
}

impl Pending {
    fn add(&mut self, container: String) {
        self.containers.insert(container);
        if self.containers.len() > MOST {
            *self = Self { all: true, ..Self::default() };
        }
    }
}

/// What was said of a container besides where to look.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// What it was sent before is over.
    pub(crate) settled: bool,
    /// The signals that it was sent since, each with its last time in nanoseconds.
    pub(crate) signals: BTreeMap<i32, i64>,
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
                let said = pending.said.entry(event.container.clone()).or_default();
                said.signals.insert(signal, event.at);
            }
            What::Settled => {
                let said = Said { settled: true, ..Said::default() };
                pending.said.insert(event.container.clone(), said);
            }
            What::Other => {}
        }
        pending.add(event.container);
        self.ring.notify_one();
    }

    /// Takes in that a container has to be looked at.
    pub(crate) fn look(&self, container: String) {
        self.pending.lock().add(container);
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
    fn a_container_is_looked_at_once_and_no_signal_is_lost() {
        let looks = Looks::default();
        for (container, what, at) in [
            ("a", What::Signalled(15), 1),
            ("b", What::Other, 2),
            ("a", What::Settled, 3),
            ("b", What::Signalled(15), 4),
            ("b", What::Signalled(1), 5),
            ("a", What::Other, 6),
        ] {
            looks.note(Event { container: container.into(), what, at });
        }
        let pending = looks.take();
        assert_eq!(pending.containers, ["a".to_owned(), "b".to_owned()].into());
        let said =
            |settled, signals: &[(i32, i64)]| Said { settled, signals: signals.iter().copied().collect() };
        let expected = [("a".to_owned(), said(true, &[])), ("b".to_owned(), said(false, &[(15, 4), (1, 5)]))];
        assert_eq!(pending.said, expected.into());
        assert_eq!(looks.last(), Some(6));
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
