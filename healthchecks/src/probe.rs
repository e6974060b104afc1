//! What all kinds of probes have in common: one run, what it may use, and what it finds. It must never know a kind,
//! a threshold, a schedule or another check.

use std::{fmt::Debug, future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::Instant};

use crate::{
    definition::{Definition, Status, Work},
    dial::Dialer,
    docker::Engine,
    output,
    tls::Tls,
};

#[cfg(test)]
mod tests;

/// What is asked, and how. Made once for a check; each run starts from nothing.
pub(crate) trait Probe: Debug + Send + Sync {
    /// One run. It ends soon after the deadline at the latest; dropping it leaves nothing behind.
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r>;
}

/// A run on its way.
pub(crate) type Running<'r> = Pin<Box<dyn Future<Output = Outcome> + Send + 'r>>;

/// What one run may use.
#[derive(Debug)]
pub(crate) struct Run<'r> {
    /// The way to peers.
    pub(crate) reach: &'r Reach,
    /// The most bytes of output that are kept.
    pub(crate) output_limit: usize,
    /// How long it may take.
    pub(crate) time: Duration,
    /// When that is over.
    pub(crate) deadline: Instant,
}

impl<'r> Run<'r> {
    /// A run that begins now.
    pub(crate) fn new(reach: &'r Reach, output_limit: usize, time: Duration) -> Self {
        let output_limit = output::limit(output_limit);
        Self { reach, output_limit, time, deadline: crate::schedule::later(Instant::now(), time) }
    }
}

/// The way to peers, shared by all runs.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) dialer: Dialer,
    pub(crate) tls: Tls,
    pub(crate) engine: Engine,
    /// Turns for what is matched on a thread of its own, which cannot be told to stop.
    pub(crate) matchers: Arc<Semaphore>,
}

/// So many threads at once may match. One that takes long leaves the other to all the rest.
const MATCHERS: usize = 2;

impl Reach {
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self::of("")
    }

    /// What belongs to `owner` at a container engine is this agent's.
    pub(crate) fn of(owner: &str) -> Self {
        let matchers = Arc::new(Semaphore::new(MATCHERS));
        Self { dialer: Dialer::new(), tls: Tls::new(), engine: Engine::new(owner), matchers }
    }

    /// Removes what an earlier life of this agent has left, beside the first runs.
    pub(crate) fn begin(&self) {
        if self.engine.is_expected() {
            let engine = self.engine.clone();
            self.engine.clean(async move {
                crate::docker::begin(&engine).await;
                crate::container::begin(&engine).await;
            });
        }
    }

    /// One run of a check.
    pub(crate) async fn run(&self, definition: &Definition) -> Outcome {
        let Work::Probe(probe) = &definition.work else {
            // Never scheduled as a run; were it, there is nothing to ask.
            return Outcome::critical("there is nothing to run for this check");
        };
        let begun = Instant::now();
        let outcome = probe.run(&Run::new(self, definition.output_limit, definition.timeout)).await;
        let slow = definition.warn_slower_than.filter(|limit| begun.elapsed() > *limit);
        outcome.warned(slow.map(|limit| {
            format!("slower than {}: {} ms", output::duration(limit), begun.elapsed().as_millis())
        }))
    }
}

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

    /// What passes is a warning where there is a reason for one; the reason stands first.
    pub(crate) fn warned(self, why: Option<String>) -> Self {
        match (self.status, why) {
            (Status::Passing | Status::Warning, Some(why)) => {
                Self::new(Status::Warning, format!("{why}; {}", self.output))
            }
            _ => self,
        }
    }
}
