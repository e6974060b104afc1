//! The runner: one timer, one set of running probes, one table of checks, for thousands of checks.
//!
//! ```text
//!  Runner (handles) ──▶ Table ◀── driver ──▶ JoinSet of runs (at most `max_concurrent`)
//!                                    └─────▶ reports
//! ```
//!
//! It must never hold the table's lock across an await, and never wait for a probe or the listener while a
//! check is due.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::{
    sync::{Notify, mpsc},
    task::{self, JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    alias::Target,
    definition::{Definition, Limits, NotTtl, Report, Status},
    probe::{Outcome, Reach},
    table::{Glance, Launch, Table},
};

#[cfg(test)]
mod tests;

/// Runs checks; a cheap handle, all clones of which mean the same checks.
#[derive(Clone, Debug)]
pub struct Runner {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    table: Mutex<Table>,
    /// Something changed that the driver could not foresee.
    changed: Notify,
}

impl Runner {
    /// Makes a runner without checks. Nothing happens until the future is driven; it ends soon after `token`
    /// is cancelled or the receiver of `reports` is dropped, and takes all running scripts with it. `owner` is this
    /// agent's own word among all that use one container engine, the same in all its lives: what carries it there at
    /// the start was left behind, and goes.
    pub fn start(
        owner: &str,
        limits: Limits,
        reports: mpsc::Sender<Report>,
        token: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let shared = Arc::new(Shared::default());
        let driver = Driver {
            shared: shared.clone(),
            reach: Arc::new(Reach::of(owner)),
            runs: JoinSet::new(),
            flights: HashMap::new(),
            max_concurrent: limits.max_concurrent.max(1),
        };
        (Self { shared }, driver.drive(reports, token))
    }

    /// Adds a check, or changes it. One whose definition is the same goes on undisturbed. `known` is the
    /// status and output from before (a restart): nothing is reported until it differs, and thresholds
    /// count from it. Without it a changed check keeps its status, and a new one has the initial one and
    /// believes its first result. Reports with a lower order than what comes back are of an earlier life.
    pub fn put(&self, id: &str, definition: Definition, known: Option<(Status, String)>) -> u64 {
        let order = self.shared.table.lock().put(id, definition, known, Instant::now());
        self.shared.changed.notify_one();
        order
    }

    /// Removes a check. A run of it is stopped and never reported; a report on its way may still arrive.
    pub fn remove(&self, id: &str) {
        self.shared.table.lock().remove(id);
        self.shared.changed.notify_one();
    }

    /// The word of a service about itself: the heartbeat of a TTL check. What it comes to is given back and not
    /// sent as a report besides, so that the caller can answer when it is taken in.
    ///
    /// # Errors
    /// Where the check does not live by heartbeats, or is not there.
    pub fn ttl(&self, id: &str, status: Status, output: String) -> Result<Report, NotTtl> {
        let report = self.shared.table.lock().heartbeat(id, status, output, Instant::now())?;
        self.shared.changed.notify_one();
        Ok(report)
    }

    /// One look at a check, if it is there.
    #[must_use]
    pub fn glance(&self, id: &str) -> Option<Glance> {
        self.shared.table.lock().glance(id, Instant::now())
    }

    /// The checks that have the health of another, by ID, and whose it is.
    #[must_use]
    pub fn aliases(&self) -> BTreeMap<Arc<str>, Target> {
        self.shared.table.lock().aliases().clone()
    }

    /// The health of what an alias stands for. As with a heartbeat, what it comes to is given back; nothing where that
    /// is known, or the alias is gone.
    #[must_use]
    pub fn follow(&self, id: &str, status: Status, output: String) -> Option<Report> {
        self.shared.table.lock().follow(id, status, output)
    }

    /// The number of checks.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.table.lock().len()
    }

    /// Whether there is no check.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Owns what runs.
struct Driver {
    shared: Arc<Shared>,
    reach: Arc<Reach>,
    runs: JoinSet<Option<Outcome>>,
    /// Whose run a task is; kept apart from the task, which may panic.
    flights: HashMap<task::Id, (Arc<str>, u64)>,
    max_concurrent: usize,
}

impl Driver {
    async fn drive(mut self, reports: mpsc::Sender<Report>, token: CancellationToken) {
        self.reach.begin();
        loop {
            let (next, has_reports) = self.launch();
            tokio::select! {
                () = token.cancelled() => break,
                () = reports.closed() => break,
                Some(ended) = self.runs.join_next_with_id() => self.land(ended),
                () = self.shared.changed.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
                Ok(place) = reports.reserve(), if has_reports => {
                    if let Some(report) = self.shared.table.lock().report() {
                        place.send(report);
                    }
                }
            }
        }
        // Dropping a run kills what it started; waiting here makes sure that it happened.
        self.runs.shutdown().await;
        self.reach.engine.settle().await;
    }

    /// Starts what is due, and says when something will be, and whether there is something to tell.
    fn launch(&mut self) -> (Option<Instant>, bool) {
        let places = self.max_concurrent.saturating_sub(self.flights.len());
        let mut table = self.shared.table.lock();
        let launches = table.due(Instant::now(), places);
        let rest = (table.next(), table.has_reports());
        drop(table);
        for Launch { id, generation, definition, stop } in launches {
            let reach = self.reach.clone();
            let run = async move { stop.run_until_cancelled(reach.run(&definition)).await };
            let task = self.runs.spawn(run).id();
            self.flights.insert(task, (id, generation));
        }
        rest
    }

    fn land(&mut self, ended: Result<(task::Id, Option<Outcome>), JoinError>) {
        let (task, outcome) = match ended {
            Ok((task, outcome)) => (task, outcome),
            Err(error) => {
                tracing::error!(%error, "a probe broke down");
                (error.id(), None)
            }
        };
        if let Some((id, generation)) = self.flights.remove(&task) {
            self.shared.table.lock().finish(&id, generation, outcome, Instant::now());
        }
    }
}
