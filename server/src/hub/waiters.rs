//! Who waits for which topic. A change finds its waiters by look-up, not by asking each of them; a prefix is
//! one topic, and a changed key finds it through the lengths of the prefixes that are watched.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Weak};

use muster_registry::{Change, Changes, Name, Topic, Topics};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// All waiters, by topic. Waiters of the same topic share one bell.
#[derive(Default)]
pub(super) struct Waiters {
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    bells: HashMap<Topic, Bell>,
    /// How many watched prefixes have each length.
    lengths: BTreeMap<usize, usize>,
}

struct Bell {
    notify: Arc<Notify>,
    waiters: usize,
}

/// A place in the table; gives it up when dropped.
pub struct Waiter {
    topics: Topics,
    bells: Vec<Arc<Notify>>,
    table: Weak<Mutex<Table>>,
}

impl Waiters {
    pub(super) fn subscribe(&self, topics: Topics) -> Waiter {
        let mut table = self.table.lock();
        let bells = topics.iter().map(|topic| table.join(topic)).collect();
        Waiter { topics, bells, table: Arc::downgrade(&self.table) }
    }

    pub(super) fn wake(&self, changes: &Changes) {
        if changes.is_empty() {
            return;
        }
        let table = self.table.lock();
        if table.bells.is_empty() {
            return;
        }
        if changes.iter().any(|change| *change == Change::Restored) {
            table.bells.values().for_each(|bell| bell.notify.notify_waiters());
            return;
        }
        let mut topics = BTreeSet::new();
        changes.iter().for_each(|change| table.touched(change, &mut topics));
        for topic in &topics {
            if let Some(bell) = table.bells.get(topic) {
                bell.notify.notify_waiters();
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.lock().bells.values().map(|bell| bell.waiters).sum()
    }
}

impl Table {
    fn join(&mut self, topic: &Topic) -> Arc<Notify> {
        let lengths = &mut self.lengths;
        let bell = self.bells.entry(topic.clone()).or_insert_with(|| {
            if let Topic::Prefix(prefix) = topic {
                *lengths.entry(prefix.text.len()).or_default() += 1;
            }
            Bell { notify: Arc::new(Notify::new()), waiters: 0 }
        });
        bell.waiters += 1;
        bell.notify.clone()
    }

    fn leave(&mut self, topic: &Topic) {
        let Some(bell) = self.bells.get_mut(topic) else { return };
        bell.waiters -= 1;
        if bell.waiters > 0 {
            return;
        }
        self.bells.remove(topic);
        if let Topic::Prefix(prefix) = topic
            && let Some(count) = self.lengths.get_mut(&prefix.text.len())
        {
            *count -= 1;
            if *count == 0 {
                self.lengths.remove(&prefix.text.len());
            }
        }
    }

    fn touched(&self, change: &Change, topics: &mut BTreeSet<Topic>) {
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
                for length in self.lengths.keys().take_while(|length| **length <= key.text.len()) {
                    if let Some(text) = key.text.get(..*length) {
                        let prefix = Name { namespace: key.namespace.clone(), text: text.into() };
                        topics.insert(Topic::Prefix(prefix));
                    }
                }
            }
        }
    }
}

impl Waiter {
    /// Runs `step` until it gives something, each time after one of the topics was touched. `step` runs once
    /// at first; the bell is armed before each run, so that a change during it is not missed.
    pub async fn until<T>(&self, mut step: impl FnMut() -> Option<T>) -> T {
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
        if let Some(table) = self.table.upgrade() {
            let mut table = table.lock();
            self.topics.iter().for_each(|topic| table.leave(topic));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(keys: &[&str]) -> Changes {
        Changes(keys.iter().map(|key| Change::Key(Name::new(key))).collect())
    }

    /// Whether `topic` is among what `changes` touch, as the table finds it.
    fn woken(waiters: &Waiters, topic: &Topic, changes: &Changes) -> bool {
        let table = waiters.table.lock();
        let mut topics = BTreeSet::new();
        changes.iter().for_each(|change| table.touched(change, &mut topics));
        topics.contains(topic)
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
                assert_eq!(woken(&waiters, topic, &changes), rule, "{topic:?} by {key:?}");
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
        assert_eq!(waiters.table.lock().lengths.len(), 1);
        drop(two);
        assert_eq!(waiters.len(), 0);
        assert!(waiters.table.lock().lengths.is_empty());
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
