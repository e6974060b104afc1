//! What is said of the health of a check, taken into the local state and, where it turned, to the disk: in the turn
//! of the check, so that none comes back by its last word.

use muster_api::{ApiError, Stamp};
use muster_healthchecks::{Report, Status};
use tokio::time::Instant;

use super::{in_turn, write};
use crate::Shared;
use crate::local::{Change, Key};
use crate::persist::Record;
use crate::turns::Turn;
use crate::upstream::Upstream;

/// The word of a service about itself. When this returns it counts, and outlives a restart.
pub(crate) async fn heartbeat<U: Upstream>(
    shared: &Shared<U>,
    id: &str,
    status: Status,
    output: String,
) -> Result<(), ApiError> {
    let turn = shared.turns.take([&Key::Check(id.to_owned())]).await;
    let report = shared.runner.ttl(id, status, output);
    let report = report.map_err(|error| ApiError::Internal(error.to_string()))?;
    take_in(shared, turn, report).await;
    Ok(())
}

/// Takes in what the runner says.
pub(crate) async fn take_report<U: Upstream>(shared: &Shared<U>, report: Report) {
    let turn = shared.turns.take([&Key::Check(report.id.clone())]).await;
    take_in(shared, turn, report).await;
}

/// A transition goes to the catalog at once, and to the disk.
async fn take_in<U: Upstream>(shared: &Shared<U>, turn: Turn, report: Report) {
    let (id, status) = (report.id.clone(), report.status);
    let change = {
        let mut local = shared.local.lock();
        let change = local.report(report, Instant::now(), shared.config.output_interval);
        if change == Change::Status {
            local.turned(&id, Stamp::now().millis());
        }
        change
    };
    if change == Change::None {
        return;
    }
    shared.touch();
    if change != Change::Status {
        return;
    }
    tracing::info!(check = %id, %status, "a check turned");
    let kept = in_turn(shared, turn, move |shared| {
        let record = {
            let local = shared.local.lock();
            let held = local.check(&id);
            held.map(|held| {
                let (status, output) = (held.status.as_str(), &held.output);
                Record::check(&held.definition, held.origin, status, output).since(held.since)
            })
        };
        write(shared, record.as_slice())
    });
    if let Err(error) = kept.await {
        tracing::warn!(%error, "the status of a check was not kept on disk");
    }
}
