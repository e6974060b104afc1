//! What is known of each name that is watched. A version belongs to one content in the whole life of this process: a
//! name that was forgotten and is asked for again must not come back with a version that another content had.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use muster_dns::{Instance, NodeFacts, Owner, Subject};
use parking_lot::RwLock;
use tokio::sync::watch;
use tokio::time::Instant;

/// How many names are kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most names. The lane of watches takes so many calls.
    pub(super) most: usize,
    /// Most of those that are not there, or not known to be: whoever asks for nonsense must not keep the names that
    /// there are from being watched.
    pub(super) most_unproven: usize,
    /// A name that nobody asked for so long is forgotten.
    pub(super) idle: Duration,
    /// One that is not there, much sooner.
    pub(super) idle_unproven: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            most: 2_000,
            most_unproven: 500,
            idle: Duration::from_secs(600),
            idle_unproven: Duration::from_secs(10),
        }
    }
}

/// What is known of a subject.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Known {
    Service(Vec<Instance>),
    Node(Option<NodeFacts>),
    Owners(Vec<Owner>),
}

impl Known {
    fn is_there(&self) -> bool {
        match self {
            Self::Service(instances) => !instances.is_empty(),
            Self::Node(node) => node.is_some(),
            Self::Owners(owners) => !owners.is_empty(),
        }
    }
}

/// The place of one name.
pub(super) struct Slot {
    /// 0 until the first answer.
    version: AtomicU64,
    /// Milliseconds from `began` to the last question.
    asked: AtomicU64,
    /// Changed under the lock of the table alone, which counts them.
    unproven: AtomicBool,
    known: watch::Sender<Option<Arc<Known>>>,
}

impl Slot {
    /// The version of what is known; none where nothing is.
    pub(super) fn version(&self) -> Option<u64> {
        Some(self.version.load(Ordering::Acquire)).filter(|version| *version > 0)
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.borrow().is_some()
    }

    /// What is known, as soon as something is.
    pub(super) async fn known(&self) -> Option<Arc<Known>> {
        self.known.subscribe().wait_for(Option::is_some).await.ok()?.clone()
    }
}

/// Why there is no place.
#[derive(Debug, PartialEq)]
pub(super) struct Full;

/// All names.
pub(super) struct Slots {
    table: RwLock<Table>,
    pub(super) limits: Limits,
    began: Instant,
}

#[derive(Default)]
struct Table {
    slots: HashMap<Subject, Arc<Slot>>,
    unproven: usize,
}

/// A version that nothing had before.
fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

impl Slots {
    pub(super) fn new(limits: Limits) -> Self {
        Self { table: RwLock::default(), limits, began: Instant::now() }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The place of a name that is asked for.
    pub(super) fn find(&self, subject: &Subject) -> Option<Arc<Slot>> {
        let slot = self.table.read().slots.get(subject).cloned()?;
        slot.asked.store(self.now(), Ordering::Relaxed);
        Some(slot)
    }

    /// A place for a name; whether it is a new one. `proof` is what is known of it already.
    pub(super) fn place(&self, subject: &Subject, proof: Option<Known>) -> Result<(Arc<Slot>, bool), Full> {
        let mut table = self.table.write();
        if let Some(slot) = table.slots.get(subject) {
            return Ok((slot.clone(), false));
        }
        let unproven = !proof.as_ref().is_some_and(Known::is_there);
        if table.slots.len() >= self.limits.most || unproven && table.unproven >= self.limits.most_unproven {
            return Err(Full);
        }
        let slot = Arc::new(Slot {
            version: AtomicU64::new(if proof.is_some() { next_version() } else { 0 }),
            asked: AtomicU64::new(self.now()),
            unproven: AtomicBool::new(unproven),
            known: watch::Sender::new(proof.map(Arc::new)),
        });
        table.unproven += usize::from(unproven);
        table.slots.insert(subject.clone(), slot.clone());
        Ok((slot, true))
    }

    /// Another answer came. The version moves last: who reads it before the answer keeps an answer too briefly at
    /// worst.
    pub(super) fn put(&self, slot: &Slot, known: Known) {
        if slot.known.borrow().as_deref() == Some(&known) {
            return;
        }
        let unproven = !known.is_there();
        slot.known.send_replace(Some(Arc::new(known)));
        slot.version.store(next_version(), Ordering::Release);
        if slot.unproven.load(Ordering::Relaxed) != unproven {
            let mut table = self.table.write();
            slot.unproven.store(unproven, Ordering::Relaxed);
            table.unproven = if unproven { table.unproven + 1 } else { table.unproven.saturating_sub(1) };
        }
    }

    /// Forgets the name, if `slot` is still its place.
    pub(super) fn remove(&self, subject: &Subject, slot: &Arc<Slot>) {
        let mut table = self.table.write();
        if table.slots.get(subject).is_some_and(|held| Arc::ptr_eq(held, slot)) {
            table.slots.remove(subject);
            table.unproven =
                table.unproven.saturating_sub(usize::from(slot.unproven.load(Ordering::Relaxed)));
        }
    }

    /// Ends when nobody has asked for long enough.
    pub(super) async fn idle(&self, slot: &Slot) {
        loop {
            let unproven = slot.unproven.load(Ordering::Relaxed);
            let limit = if unproven { self.limits.idle_unproven } else { self.limits.idle };
            let until = Duration::from_millis(slot.asked.load(Ordering::Relaxed)) + limit;
            if self.began.elapsed() >= until {
                return;
            }
            tokio::time::sleep_until(self.began + until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> Subject {
        Subject::Service(name.into())
    }

    fn there() -> Known {
        Known::Owners(vec![Owner::Node("n1".into())])
    }

    #[test]
    fn no_version_comes_twice() {
        let (slots, mut seen) = (Slots::new(Limits::default()), std::collections::HashSet::new());
        for _ in 0..3 {
            let (slot, new) = slots.place(&service("web"), None).unwrap();
            assert!(new && slot.version().is_none());
            slots.put(&slot, there());
            assert!(seen.insert(slot.version().unwrap()));
            slots.put(&slot, there());
            assert!(!seen.insert(slot.version().unwrap()), "the same content has the same version");
            slots.put(&slot, Known::Owners(Vec::new()));
            assert!(seen.insert(slot.version().unwrap()));
            slots.remove(&service("web"), &slot);
            assert!(slots.find(&service("web")).is_none());
        }
    }

    #[test]
    fn names_that_are_not_there_leave_room_for_those_that_are() {
        let limits = Limits { most: 4, most_unproven: 2, ..Limits::default() };
        let slots = Slots::new(limits);
        let places: Vec<_> = ["a", "b"].map(|name| slots.place(&service(name), None).unwrap().0).into();
        assert!(slots.place(&service("c"), None).is_err());
        let (proven, _) = slots.place(&service("c"), Some(there())).unwrap();
        assert_eq!(slots.place(&service("c"), None).map(|(_, new)| new).ok(), Some(false));
        slots.put(&places[0], there());
        let (last, _) = slots.place(&service("d"), None).unwrap();
        assert!(slots.place(&service("e"), Some(there())).is_err(), "all is full");
        slots.put(&proven, Known::Owners(Vec::new()));
        for (name, slot) in [("a", &places[0]), ("b", &places[1]), ("c", &proven), ("d", &last)] {
            slots.remove(&service(name), slot);
        }
        assert_eq!(slots.table.read().unproven, 0, "the count is right");
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_idle_when_nobody_asked_and_sooner_when_it_is_not_there() {
        let slots = Slots::new(Limits::default());
        let began = Instant::now();
        let (slot, _) = slots.place(&service("web"), None).unwrap();
        slots.idle(&slot).await;
        assert_eq!(began.elapsed(), slots.limits.idle_unproven);
        slots.put(&slot, there());
        let asked = async {
            tokio::time::sleep(Duration::from_secs(300)).await;
            slots.find(&service("web"));
        };
        tokio::join!(slots.idle(&slot), asked);
        let longest = slots.limits.idle_unproven + Duration::from_secs(300) + slots.limits.idle;
        assert_eq!(began.elapsed().as_secs(), longest.as_secs());
    }
}
