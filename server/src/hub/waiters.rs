//! Who waits for which topic. A change finds its waiters by look-up, not by asking each of them; a prefix is
//! one topic, and a changed key finds it through the lengths of the prefixes that are watched. The table is in
//! parts with a lock each, held for one look-up: who comes to wait and who wakes seldom meet.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use muster_registry::{Change, Changes, Name, Topic, Topics};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Parts of the table.
const PARTS: usize = 16;

/// All waiters, by topic. Waiters of the same topic share one bell.
#[derive(Default)]
pub(super) struct Waiters {
    table: Arc<Table>,
}

#[derive(Default)]
struct Table {
    parts: [Mutex<HashMap<Topic, Bell>>; PARTS],
    hasher: RandomState,
    /// How many bells of prefixes have each length.
    lengths: Mutex<BTreeMap<usize, usize>>,
    waiting: AtomicUsize,
}

struct Bell {
    notify: Arc<Notify>,
    waiters: usize,
}

/// A place in the table; gives it up when dropped.
pub struct Waiter {
    topics: Topics,
    bells: Vec<Arc<Notify>>,
    table: Arc<Table>,
}

impl Waiters {
    pub(super) fn subscribe(&self, topics: Topics) -> Waiter {
        self.table.waiting.fetch_add(1, Ordering::Relaxed);
        let bells = topics.iter().map(|topic| self.table.join(topic)).collect();
        // Either the waker sees that somebody waits, or who waits sees the view that was published before.
        fence(Ordering::SeqCst);
        Waiter { topics, bells, table: self.table.clone() }
    }

    pub(super) fn wake(&self, changes: &Changes) {
        fence(Ordering::SeqCst);
        if changes.is_empty() || self.len() == 0 {
            return;
        }
        if changes.iter().any(|change| *change == Change::Restored) {
            for part in &self.table.parts {
                let bells: Vec<_> = part.lock().values().map(|bell| bell.notify.clone()).collect();
                bells.iter().for_each(|bell| bell.notify_waiters());
            }
            return;
        }
        for topic in self.table.touched(changes) {
            // Rung when the lock is free again: those who wake come back to it.
            let bell = self.table.part(&topic).lock().get(&topic).map(|bell| bell.notify.clone());
            if let Some(bell) = bell {
                bell.notify_waiters();
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.waiting.load(Ordering::Relaxed)
    }
}

impl Table {
    fn part(&self, topic: &Topic) -> &Mutex<HashMap<Topic, Bell>> {
        let hash = usize::try_from(self.hasher.hash_one(topic) % PARTS as u64).unwrap_or(0);
        &self.parts[hash]
    }

    fn join(&self, topic: &Topic) -> Arc<Notify> {
        let mut part = self.part(topic).lock();
        if let Some(bell) = part.get_mut(topic) {
            bell.waiters += 1;
            return bell.notify.clone();
        }
        if let Topic::Prefix(prefix) = topic {
            *self.lengths.lock().entry(prefix.text.len()).or_default() += 1;
        }
        let notify = Arc::new(Notify::new());
        part.insert(topic.clone(), Bell { notify: notify.clone(), waiters: 1 });
        notify
    }

    fn leave(&self, topic: &Topic) {
        let mut part = self.part(topic).lock();
        let Some(bell) = part.get_mut(topic) else { return };
        bell.waiters -= 1;
        if bell.waiters > 0 {
            return;
        }
        part.remove(topic);
        if let Topic::Prefix(prefix) = topic {
            let mut lengths = self.lengths.lock();
            if let Some(count) = lengths.get_mut(&prefix.text.len()) {
                *count -= 1;
                if *count == 0 {
                    lengths.remove(&prefix.text.len());
                }
            }
        }
    }

    /// The topics that `changes` touch, watched or not; of prefixes those of a watched length.
    fn touched(&self, changes: &Changes) -> BTreeSet<Topic> {
        let lengths: Vec<usize> = self.lengths.lock().keys().copied().collect();
        let mut topics = BTreeSet::new();
        for change in changes.iter() {
            touched_by(change, &lengths, &mut topics);
        }
        topics
    }
}

fn touched_by(change: &Change, lengths: &[usize], topics: &mut BTreeSet<Topic>) {
    match change {
        Change::Restored => {}
        Change::Nodes => drop(topics.insert(Topic::Nodes)),
        Change::Node(name) => drop(topics.insert(Topic::Node(name.clone()))),
        Change::Services(space) => drop(topics.insert(Topic::Services(space.clone()))),
        Change::Service(name) => {
            topics.insert(Topic::Service(name.clone()));
            topics.insert(Topic::Instances(name.namespace.clone()));
        }
        Change::Checks(space, status) => {
            topics.insert(Topic::Checks(space.clone(), Some(*status)));
            topics.insert(Topic::Checks(space.clone(), None));
        }
        Change::Key(key) => {
            topics.insert(Topic::Key(key.clone()));
            for length in lengths.iter().take_while(|length| **length <= key.text.len()) {
                if let Some(text) = key.text.get(..*length) {
                    let prefix = Name { namespace: key.namespace.clone(), text: text.into() };
                    topics.insert(Topic::Prefix(prefix));
                }
            }
        }
    }
}

impl Waiter {
    /// Runs `step` until it gives something, each time after one of the topics was touched. `step` runs once
    /// at first; the bell is armed before each run, so that a change during it is not missed.
    pub async fn until<T>(&self, mut step: impl FnMut() -> Option<T>) -> T {
        if let [bell] = self.bells.as_slice() {
            // Nearly every query has one topic, and then nothing is put on the heap.
            loop {
                let mut ring = pin!(bell.notified());
                ring.as_mut().enable();
                if let Some(done) = step() {
                    return done;
                }
                ring.await;
            }
        }
        loop {
            let mut rings: Vec<_> = self.bells.iter().map(|bell| Box::pin(bell.notified())).collect();
            for ring in &mut rings {
                ring.as_mut().enable();
            }
            if let Some(done) = step() {
                return done;
            }
            if rings.is_empty() {
                std::future::pending::<()>().await;
            }
            futures_util::future::select_all(rings).await;
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.topics.iter().for_each(|topic| self.table.leave(topic));
        self.table.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(keys: &[&str]) -> Changes {
        Changes(keys.iter().map(|key| Change::Key(Name::new(key))).collect())
    }

    #[test]
    fn the_look_up_agrees_with_the_rule() {
        let waiters = Waiters::default();
        let prefixes = ["", "a", "a/", "a/b", "é", "z"];
        let topics: Vec<Topic> = prefixes
            .iter()
            .flat_map(|text| [Topic::Prefix(Name::new(text)), Topic::Key(Name::new(text))])
            .collect();
        let _waiting: Vec<Waiter> =
            topics.iter().map(|topic| waiters.subscribe(vec![topic.clone()])).collect();
        for key in ["", "a", "a/", "a/b/c", "b", "éa", "zz"] {
            let changes = changed(&[key]);
            for topic in &topics {
                let rule = changes.iter().any(|change| topic.touched_by(change));
                assert_eq!(waiters.table.touched(&changes).contains(topic), rule, "{topic:?} by {key:?}");
            }
        }
    }

    #[test]
    fn nothing_is_left_of_those_who_went() {
        let waiters = Waiters::default();
        let prefix = || vec![Topic::Prefix(Name::new("a"))];
        let (one, two) = (waiters.subscribe(prefix()), waiters.subscribe(prefix()));
        assert_eq!(waiters.len(), 2);
        drop(one);
        assert_eq!(waiters.table.lengths.lock().len(), 1);
        drop(two);
        assert_eq!(waiters.len(), 0);
        assert!(waiters.table.lengths.lock().is_empty());
        assert!(waiters.table.parts.iter().all(|part| part.lock().is_empty()));
    }

    #[tokio::test]
    async fn a_change_during_the_step_is_not_missed() {
        let waiters = Waiters::default();
        let waiter = waiters.subscribe(vec![Topic::Key(Name::new("k"))]);
        let mut runs = 0;
        let runs = waiter
            .until(|| {
                runs += 1;
                if runs == 1 {
                    waiters.wake(&changed(&["k"]));
                    return None;
                }
                Some(runs)
            })
            .await;
        assert_eq!(runs, 2);
    }
}
