//! How many results in a row it takes before a status changes. Pure: no clock, no I/O, and it must never
//! look at what a result says, only at whether it is good or bad.

use crate::definition::{Status, Thresholds};

#[cfg(test)]
mod tests;

/// The results in a row of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    successes: u32,
    failures: u32,
}

impl Tally {
    /// Nothing is known: the very first result is believed at once, whatever it is (as Consul does), for a
    /// new check would otherwise keep a status that nobody ever measured.
    pub(crate) fn fresh() -> Self {
        Self { successes: u32::MAX, failures: u32::MAX }
    }

    /// The status is known from before (a restart, a changed definition): only results in a row change it.
    pub(crate) fn known(status: Status) -> Self {
        match status {
            Status::Passing | Status::Warning => Self { successes: u32::MAX, failures: 0 },
            Status::Critical => Self { successes: 0, failures: u32::MAX },
        }
    }

    /// Good and bad results in a row, as far as they were counted here.
    pub(crate) fn in_a_row(&self) -> (Option<u32>, Option<u32>) {
        let counted = |count: u32| (count < u32::MAX).then_some(count);
        (counted(self.successes), counted(self.failures))
    }

    /// Counts one result and says which status follows; `None` while there were too few in a row.
    /// Warning counts as good: it passes through as it is.
    pub(crate) fn count(&mut self, result: Status, thresholds: &Thresholds) -> Option<Status> {
        match result {
            Status::Passing | Status::Warning => {
                self.failures = 0;
                self.successes = self.successes.saturating_add(1);
                (self.successes >= thresholds.success_before_passing).then_some(result)
            }
            Status::Critical => {
                self.successes = 0;
                self.failures = self.failures.saturating_add(1);
                if self.failures >= thresholds.failures_before_critical {
                    return Some(Status::Critical);
                }
                let warning = thresholds.failures_before_warning;
                (warning > 0 && self.failures >= warning).then_some(Status::Warning)
            }
        }
    }
}
