//! The newest entries of the log, as they came: replication and apply ask for them at once, and find them here
//! without an iterator and a decoding each. Whoever needs older ones asks RocksDB. Never a second truth: what
//! is here is what RocksDB holds from its first index to the log's end, or nothing.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::consensus::types::Entry;

/// Most encoded bytes of the entries that are kept.
const BOUND: usize = 1 << 20;

/// An entry and its encoded size in bytes.
type Sized = (Entry, usize);

/// The end of the log, bounded by [`BOUND`].
#[derive(Default)]
pub(super) struct Tail(Mutex<Held>);

#[derive(Default)]
struct Held {
    entries: VecDeque<Sized>,
    bytes: usize,
}

impl Tail {
    /// `entries` stand at the log's end now.
    pub(super) fn append(&self, entries: Vec<Sized>) {
        let mut held = self.0.lock();
        for (entry, size) in entries {
            if held.last().is_some_and(|last| entry.log_id.index != last + 1) {
                *held = Held::default();
            }
            held.bytes += size;
            held.entries.push_back((entry, size));
        }
        while held.bytes > BOUND && held.pop_front() {}
    }

    /// The log ends before `from` now.
    pub(super) fn truncate(&self, from: u64) {
        let mut held = self.0.lock();
        while held.last().is_some_and(|last| last >= from) {
            let gone = held.entries.pop_back().map_or(0, |(_, size)| size);
            held.bytes -= gone;
        }
    }

    /// The log begins behind `index` now.
    pub(super) fn purge(&self, index: u64) {
        let mut held = self.0.lock();
        while held.first().is_some_and(|first| first <= index) && held.pop_front() {}
    }

    /// The entries from `from` to before `end`, fewer where they exceed `limit` bytes; `None` where some of
    /// them are older than what is held.
    pub(super) fn read(&self, from: u64, end: u64, limit: usize) -> Option<Vec<Entry>> {
        let held = self.0.lock();
        let skipped = usize::try_from(from.checked_sub(held.first()?)?).ok()?;
        let (mut entries, mut size) = (Vec::new(), 0);
        for (entry, bytes) in held.entries.range(skipped.min(held.entries.len())..) {
            if entry.log_id.index >= end || size > limit {
                break;
            }
            size += bytes;
            entries.push(entry.clone());
        }
        Some(entries)
    }
}

impl Held {
    fn first(&self) -> Option<u64> {
        self.entries.front().map(|(entry, _)| entry.log_id.index)
    }

    fn last(&self) -> Option<u64> {
        self.entries.back().map(|(entry, _)| entry.log_id.index)
    }

    fn pop_front(&mut self) -> bool {
        let popped = self.entries.pop_front();
        self.bytes -= popped.as_ref().map_or(0, |(_, size)| *size);
        popped.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use openraft::entry::RaftEntry as _;
    use openraft::vote::RaftLeaderIdExt as _;
    use proptest::prelude::*;

    use super::*;
    use crate::consensus::types::LogId;

    fn entry(index: u64) -> Entry {
        let leader = openraft::alias::LeaderIdOf::<crate::consensus::types::TypeConfig>::new_committed(1, 1);
        Entry::new_blank(LogId::new(leader, index))
    }

    #[derive(Clone, Debug)]
    enum Step {
        Append(u64, usize),
        Truncate(u64),
        Purge(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..5_u64, 1..BOUND / 3).prop_map(|(count, size)| Step::Append(count, size)),
            (0..6_u64).prop_map(Step::Truncate),
            (0..9_u64).prop_map(Step::Purge),
        ]
    }

    proptest! {
        #[test]
        fn what_it_gives_is_what_the_log_holds(steps in prop::collection::vec(step(), 1..40)) {
            let (tail, mut log) = (Tail::default(), BTreeMap::new());
            let mut next = 1;
            for step in steps {
                match step {
                    Step::Append(count, size) => {
                        let new: Vec<u64> = (next..next + count).collect();
                        next += count;
                        log.extend(new.iter().map(|index| (*index, size)));
                        tail.append(new.into_iter().map(|index| (entry(index), size)).collect());
                    }
                    Step::Truncate(back) => {
                        next = next.saturating_sub(back).max(1);
                        log.retain(|index, _| *index < next);
                        tail.truncate(next);
                    }
                    Step::Purge(ahead) => {
                        let purged = log.keys().next().copied().unwrap_or(0) + ahead;
                        log.retain(|index, _| *index > purged);
                        tail.purge(purged);
                        next = next.max(purged + 1);
                    }
                }
                let kept = tail.0.lock().entries.len();
                prop_assert!(tail.0.lock().bytes <= BOUND, "it is bounded");
                for from in 1..next + 2 {
                    if let Some(given) = tail.read(from, next, usize::MAX).filter(|_| kept > 0 && !log.is_empty()) {
                        let given: Vec<u64> = given.iter().map(|entry| entry.log_id.index).collect();
                        let held: Vec<u64> = log.range(from..).map(|(index, _)| *index).collect();
                        prop_assert_eq!(given, held);
                    }
                }
            }
        }
    }

    #[test]
    fn a_limit_lets_one_entry_through_at_least() {
        let tail = Tail::default();
        tail.append((1..=5).map(|index| (entry(index), 100)).collect());
        assert_eq!(tail.read(1, 6, 1).unwrap().len(), 1);
        assert_eq!(tail.read(1, 6, 150).unwrap().len(), 2);
        assert_eq!(tail.read(2, 4, 1000).unwrap().len(), 2);
        assert!(tail.read(0, 6, 1000).is_none(), "it is not here that older ones are missed");
        assert!(tail.read(9, 12, 1000).unwrap().is_empty());
    }
}
