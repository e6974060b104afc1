//! What can be seen of a check from outside, for people who ask: when it runs next, and how it went lately. It must
//! never change anything.

use std::time::Duration;

use tokio::time::Instant;

use super::{Phase, Table};
use crate::definition::Work;

/// One look at a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// It runs now.
    pub running: bool,
    /// Until its next run, or until a TTL check lapses; nothing while it runs, and for one that has lapsed.
    pub next: Option<Duration>,
    /// Good results in a row; nothing where it is not known how many there were.
    pub successes: Option<u32>,
    /// Bad results in a row; nothing where it is not known how many there were.
    pub failures: Option<u32>,
}

impl Table {
    /// One look at a check, if it is there.
    pub(crate) fn glance(&self, id: &str, now: Instant) -> Option<Glance> {
        let check = self.checks.get(id)?;
        let (running, next) = match &check.phase {
            Phase::Waiting(at) => (false, Some(at.saturating_duration_since(now))),
            Phase::Ready(_) => (false, Some(Duration::ZERO)),
            Phase::Running { .. } => (true, None),
            Phase::Silent => (false, None),
        };
        let (successes, failures) = match check.definition.work {
            Work::Ttl(_) | Work::Alias(_) => (None, None),
            Work::Probe(_) => check.tally.in_a_row(),
        };
        Some(Glance { running, next, successes, failures })
    }
}
