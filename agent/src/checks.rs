//! What the probes say, taken into the local state; and instances that are critical for too long, removed.

use std::time::Duration;

use muster_healthchecks::Report;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::local::Change;
use crate::upstream::Upstream;
use crate::{Shared, registration};

/// Between two looks for instances that are critical for too long.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) async fn take_reports<U: Upstream>(
    shared: &Shared<U>,
    mut reports: mpsc::Receiver<Report>,
    token: &CancellationToken,
) {
    loop {
        let report = tokio::select! {
            () = token.cancelled() => return,
            report = reports.recv() => report,
        };
        let Some(report) = report else { return };
        take(shared, report).await;
    }
}

/// Takes in one report. A transition goes to the catalog at once, and to the disk.
pub(crate) async fn take<U: Upstream>(shared: &Shared<U>, report: Report) {
    let patience = shared.config.output_interval;
    let id = report.id;
    let change = {
        let mut local = shared.local.lock();
        local.report(&id, report.status, report.output, Instant::now(), patience)
    };
    if change == Change::None {
        return;
    }
    shared.touch();
    if change == Change::Status {
        tracing::info!(check = %id, status = %report.status, "a check turned");
        shared.keep_check_file(&id).await;
    }
}

pub(crate) async fn remove_overdue<U: Upstream>(shared: &Shared<U>, token: &CancellationToken) {
    loop {
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let overdue = shared.local.lock().overdue(Instant::now(), shared.config.shortest_deregistration);
        for service in overdue {
            tracing::warn!(%service, "critical for longer than its check allows: the instance is deregistered");
            if let Err(error) = registration::remove_service(shared, &service).await {
                tracing::error!(%service, %error, "the instance was not deregistered");
            }
        }
    }
}
