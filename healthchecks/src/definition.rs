//! What is asked of the runner and what it says: definitions in, reports out. Plain data; it must never act.

use std::{collections::BTreeMap, fmt, time::Duration};

use crate::output::DEFAULT_OUTPUT_LIMIT;

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
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One check: what to probe, how often, and when to believe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What is probed, and how.
    pub probe: ProbeSpec,
    /// From one run to the next; never less than [`crate::MIN_INTERVAL`]. A TTL check ignores it.
    pub interval: Duration,
    /// How long one run may take; zero means the default of the kind ([`ProbeSpec::default_timeout`]).
    pub timeout: Duration,
    /// How many results in a row it takes to change the status.
    pub thresholds: Thresholds,
    /// The most bytes of output that are kept; zero means [`DEFAULT_OUTPUT_LIMIT`],
    /// and there is never more than [`crate::MAX_OUTPUT_LIMIT`].
    pub output_limit: usize,
    /// The status before the first result.
    pub initial: Status,
}

impl Definition {
    /// A definition with the defaults of its kind: no thresholds, critical until the first result.
    #[must_use]
    pub fn new(probe: ProbeSpec, interval: Duration) -> Self {
        Self {
            timeout: probe.default_timeout(),
            probe,
            interval,
            thresholds: Thresholds::default(),
            output_limit: DEFAULT_OUTPUT_LIMIT,
            initial: Status::Critical,
        }
    }

    /// The time that one run has, the default of the kind filled in.
    pub(crate) fn effective_timeout(&self) -> Duration {
        if self.timeout.is_zero() { self.probe.default_timeout() } else { self.timeout }
    }
}

/// How many results in a row it takes to change a status. Zero and one mean "at once".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Good results (passing or warning) before a critical check is believed to have recovered.
    pub success_before_passing: u32,
    /// Bad results before the check turns to warning; zero means that it never does on the way to critical.
    pub failures_before_warning: u32,
    /// Bad results before the check turns critical.
    pub failures_before_critical: u32,
}

/// What is probed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeSpec {
    /// A command on this host: exit code 0 is passing, 1 is warning, everything else is critical.
    Script {
        /// The program and its arguments; there is no shell unless one is named here.
        args: Vec<String>,
    },
    /// An HTTP request: 2xx is passing, 429 is warning, everything else is critical.
    Http {
        /// `http://…` or `https://…`.
        url: String,
        /// The method as it goes out; empty means `GET`.
        method: String,
        /// Headers of the request; `Host`, `User-Agent` and `Accept` replace the usual ones.
        header: BTreeMap<String, Vec<String>>,
        /// The body of the request; may be empty.
        body: String,
        /// Accept any certificate.
        tls_skip_verify: bool,
        /// The name that the certificate must carry instead of the URL's host; empty means the host.
        tls_server_name: String,
        /// Judge a redirect itself instead of where it leads.
        disable_redirects: bool,
    },
    /// A TCP connection: passing if it opens.
    Tcp {
        /// `host:port`; an IPv6 address stands in brackets.
        address: String,
    },
    /// No probe at all: the service itself says how it is, and falls critical if it is silent for too long.
    Ttl {
        /// How long one word of the service holds.
        ttl: Duration,
    },
}

impl ProbeSpec {
    /// How long one run may take if nothing else is asked: 30 s for a script, 10 s for the others.
    #[must_use]
    pub fn default_timeout(&self) -> Duration {
        match self {
            Self::Script { .. } => Duration::from_secs(30),
            Self::Http { .. } | Self::Tcp { .. } | Self::Ttl { .. } => Duration::from_secs(10),
        }
    }
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
