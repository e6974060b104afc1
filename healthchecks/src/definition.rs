//! What is asked of the runner and what it says: definitions in, reports out. Plain data; it must never act.

use std::{fmt, sync::Arc, time::Duration};

use crate::{alias::Target, probe::Probe};

/// The health of one check, best first.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All is well.
    Passing,
    /// It works, but somebody should look.
    Warning,
    /// It does not work.
    Critical,
}

impl Status {
    /// The text form that the HTTP API uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The status that a definition names for the beginning; critical where it names none.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "" | "critical" => Some(Self::Critical),
            "warning" => Some(Self::Warning),
            "passing" => Some(Self::Passing),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One check: what to do for it, how often, and when to believe it. [`crate::read`] makes it.
#[derive(Clone, Debug)]
pub struct Definition {
    pub(crate) work: Work,
    /// The same for two definitions by which the same is done.
    pub(crate) fingerprint: u64,
    /// From one run to the next; never less than [`crate::MIN_INTERVAL`]. Only probes have one.
    pub(crate) interval: Duration,
    /// At most so much is added to each interval, by chance.
    pub(crate) jitter: Duration,
    /// How long failures do not count in the beginning, unless a success comes before.
    pub(crate) start_period: Duration,
    /// How long one run may take.
    pub(crate) timeout: Duration,
    /// A run that passes and takes longer is a warning.
    pub(crate) warn_slower_than: Option<Duration>,
    /// How many results in a row it takes to change the status.
    pub(crate) thresholds: Thresholds,
    /// The most bytes of output that are kept; zero means [`crate::DEFAULT_OUTPUT_LIMIT`],
    /// and there is never more than [`crate::MAX_OUTPUT_LIMIT`].
    pub(crate) output_limit: usize,
    /// The status before the first result.
    pub initial: Status,
}

impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Definition {}

/// What is done for a check.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// It is asked how it is, again and again.
    Probe(Arc<dyn Probe>),
    /// The service itself says how it is, and each word holds so long.
    Ttl(Duration),
    /// Somebody else says how it is: it has the health of this one.
    Alias(Target),
}

/// How many results in a row it takes to change a status. Zero and one mean "at once".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Thresholds {
    /// Good results (passing or warning) before a critical check is believed to have recovered.
    pub(crate) success_before_passing: u32,
    /// Bad results before the check turns to warning; zero means that it never does on the way to critical.
    pub(crate) failures_before_warning: u32,
    /// Bad results before the check turns critical.
    pub(crate) failures_before_critical: u32,
}

/// What is known about a check from now on; sent only if it differs from what was said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The check.
    pub id: String,
    /// Its status, thresholds applied.
    pub status: Status,
    /// The output of the result that the status comes from.
    pub output: String,
    /// Grows with everything that is said: of two reports the one with the larger order is the later one.
    pub order: u64,
}

/// What one runner may use of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Probes that may run at the same time; the others wait in the order in which they were due.
    pub max_concurrent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_concurrent: 256 }
    }
}

/// A heartbeat came for a check that does not live by heartbeats, or is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CheckID \"{id}\" does not have associated TTL")]
pub struct NotTtl {
    /// The check that was named.
    pub id: String,
}
