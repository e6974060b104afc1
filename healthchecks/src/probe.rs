//! One run of one check, whatever its kind. What all runs share (the way to peers, TLS) lives here; it must
//! never know thresholds, schedules or other checks.

use tokio::time::Instant;

use crate::{
    definition::{Definition, ProbeSpec, Status},
    dial::Dialer,
    http::{self, Tls},
    output, script, tcp, ttl,
};

/// What one run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) output: String,
}

impl Outcome {
    pub(crate) fn new(status: Status, output: impl Into<String>) -> Self {
        Self { status, output: output.into() }
    }

    pub(crate) fn critical(output: impl Into<String>) -> Self {
        Self::new(Status::Critical, output)
    }
}

/// Runs probes.
#[derive(Debug)]
pub(crate) struct Prober {
    dialer: Dialer,
    tls: Tls,
}

impl Prober {
    pub(crate) fn new() -> Self {
        Self { dialer: Dialer::new(), tls: Tls::new() }
    }

    /// One run. It ends soon after the timeout at the latest; dropping it leaves nothing behind.
    pub(crate) async fn run(&self, definition: &Definition) -> Outcome {
        let limit = output::limit(definition.output_limit);
        let timeout = definition.effective_timeout();
        let deadline = crate::schedule::later(Instant::now(), timeout);
        match &definition.probe {
            ProbeSpec::Script { args } => script::probe(args, limit, timeout, deadline).await,
            ProbeSpec::Tcp { address } => tcp::probe(address, &self.dialer, deadline).await,
            ProbeSpec::Http { .. } => {
                http::probe(&definition.probe, limit, &self.dialer, &self.tls, deadline).await
            }
            // Never scheduled as a run; were it, silence is what it has to say.
            ProbeSpec::Ttl { .. } => Outcome::critical(ttl::expired("")),
        }
    }
}
