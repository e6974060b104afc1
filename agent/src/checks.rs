//! What the probes say, taken in; and instances that are critical for too long, removed.

use std::time::Duration;

use muster_healthchecks::Report;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::local::Cause;
use crate::upstream::Upstream;
use crate::{Shared, registration};

/// Between two looks for instances that are critical for too long.
const LOOK: Duration = Duration::from_secs(1);
/// Reports that are taken in at the same time.
const AT_ONCE: usize = 64;

pub(crate) async fn take_reports<U: Upstream>(
    shared: &Shared<U>,
    mut reports: mpsc::Receiver<Report>,
    token: &CancellationToken,
) {
    loop {
        let mut batch = Vec::with_capacity(AT_ONCE);
        let came = tokio::select! {
            () = token.cancelled() => return,
            came = reports.recv_many(&mut batch, AT_ONCE) => came,
        };
        if came == 0 {
            return;
        }
        // Many that turn at the same time share the way to the disk; two of one check have their order.
        let mut taking = JoinSet::new();
        for report in batch {
            let shared = shared.clone();
            taking.spawn(async move { registration::take_report(&shared, report).await });
        }
        while taking.join_next().await.is_some() {}
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
            if let Err(error) = registration::remove_service(shared, &service, Cause::Critical).await {
                tracing::error!(%service, %error, "the instance was not deregistered");
            }
        }
    }
}
