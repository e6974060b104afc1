//! What was asked, what was acknowledged, what failed, and whether a failure is explained.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// A restart explains the failures of requests that ran in its time: until the server answers again, and until
/// the others have noticed.
const AFTERMATH: Duration = Duration::from_secs(3);

/// What is known of one key, whose only writer is one worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key {
    /// The last acknowledged value; none is a deletion.
    pub(crate) acknowledged: Option<u64>,
    /// Values of which nobody knows whether they were written.
    pub(crate) unknown: Vec<Option<u64>>,
}

impl Key {
    /// Whether the key may show this value now.
    pub(crate) fn allows(&self, value: Option<u64>) -> bool {
        value == self.acknowledged || self.unknown.contains(&value)
    }
}

/// Everything that is counted. Shared by all workers.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) keys: Mutex<BTreeMap<String, Key>>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
    outages: Mutex<Vec<(Instant, Option<Instant>)>>,
    failures: Mutex<Vec<Failure>>,
    /// The longest that this machine's disk took for a small flush, and when; not a fault of anybody here.
    slowest_flush: Mutex<(Duration, Option<Instant>)>,
    /// What must never be, whenever it is seen.
    violations: Mutex<Vec<String>>,
}

#[derive(Clone)]
struct Failure {
    began: Instant,
    ended: Instant,
    text: String,
}

impl Ledger {
    pub(crate) fn count(&self, what: &'static str) {
        *self.counts.lock().entry(what).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.counts.lock().clone()
    }

    pub(crate) fn outage_begins(&self) {
        self.outages.lock().push((Instant::now(), None));
    }

    pub(crate) fn outage_ends(&self) {
        if let Some((_, end)) = self.outages.lock().last_mut() {
            *end = Some(Instant::now());
        }
    }

    pub(crate) fn failed(&self, began: Instant, text: String) {
        self.count("failed");
        self.failures.lock().push(Failure { began, ended: Instant::now(), text });
    }

    pub(crate) fn flushed(&self, took: Duration) {
        let mut slowest = self.slowest_flush.lock();
        if took > slowest.0 {
            *slowest = (took, Some(Instant::now()));
        }
    }

    pub(crate) fn slowest_flush(&self) -> (Duration, Option<Instant>) {
        *self.slowest_flush.lock()
    }

    pub(crate) fn violated(&self, text: String) {
        eprintln!("soak: VIOLATION: {text}");
        self.violations.lock().push(text);
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.violations.lock().clone()
    }

    /// The failures by their words: those in the time of a restart, and those that nothing explains.
    pub(crate) fn judge(&self) -> (BTreeMap<String, usize>, Vec<(Instant, String)>) {
        let outages = self.outages.lock().clone();
        let (mut explained, mut unexplained) = (BTreeMap::new(), Vec::new());
        for failure in self.failures.lock().iter() {
            let within = outages.iter().any(|(from, to)| {
                failure.ended >= *from && to.is_none_or(|to| failure.began <= to + AFTERMATH)
            });
            if within && is_outage(&failure.text) {
                *explained.entry(without_numbers(&failure.text)).or_default() += 1;
            } else {
                unexplained.push((failure.ended, failure.text.clone()));
            }
        }
        (explained, unexplained)
    }
}

/// What a client may be told while a server is away. Anything else is a fault at any time.
fn is_outage(text: &str) -> bool {
    text.starts_with("no answer")
        || text.contains("No cluster leader")
        || text.contains("rpc error making call")
        || text.contains("this server is stopping")
        || text.contains("this agent is stopping")
}

fn without_numbers(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).take(160).collect()
}
