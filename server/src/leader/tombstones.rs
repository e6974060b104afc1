//! Forgets deletions that are old: who waited for one since before then is told to look again by the index.

use std::collections::VecDeque;
use std::time::Duration;

use muster_registry::{Single, View};
use tokio::time::Instant;

/// So many marks of time lie within the time that deletions are remembered.
const MARKS: u32 = 30;

pub(super) struct Tombstones {
    keep: Duration,
    /// What the index was at what time, oldest first.
    marks: VecDeque<(Instant, u64)>,
}

impl Tombstones {
    pub(super) fn new(keep: Duration) -> Self {
        Self { keep, marks: VecDeque::new() }
    }

    pub(super) fn due(&mut self, view: &View, now: Instant) -> Option<Single> {
        if self.marks.back().is_none_or(|(at, _)| now - *at >= self.keep / MARKS) {
            self.marks.push_back((now, view.index()));
        }
        let mut up_to = None;
        while let Some((_, index)) = self.marks.front().filter(|(at, _)| now - *at >= self.keep) {
            up_to = Some(*index);
            self.marks.pop_front();
        }
        let up_to = up_to.filter(|up_to| *up_to > view.floor() && view.counts().tombstones > 0)?;
        Some(Single::CompactTombstones { up_to })
    }
}

#[cfg(test)]
mod tests {
    use muster_registry::command::KvCommand;
    use muster_registry::{Command, Name, Registry};

    use super::*;

    #[test]
    fn a_deletion_is_remembered_for_its_time_and_then_forgotten() {
        let (mut registry, mut now) = (Registry::new(), Instant::now());
        let key = Name::new("k");
        let set = KvCommand::Set { key: key.clone(), value: [1].into(), flags: 0, cas: None };
        registry.apply(1, &Command::Kv(set));
        registry.apply(2, &Command::Kv(KvCommand::Delete { key, cas: None }));
        let (keep, step) = (Duration::from_secs(900), Duration::from_secs(10));
        let mut tombstones = Tombstones::new(keep);
        let began = now;
        let due = loop {
            if let Some(due) = tombstones.due(registry.view(), now) {
                break due;
            }
            now += step;
            assert!(now - began < 2 * keep, "never forgotten");
        };
        assert!(now - began >= keep);
        registry.apply(3, &Command::Batch(vec![due]));
        assert_eq!(registry.view().counts().tombstones, 0);
    }
}
