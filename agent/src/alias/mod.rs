//! Aliases: checks that have the health of another instance or node. Those of this host follow what is true here at
//! once; others follow the catalog. An alias says nothing else, and never counts itself.

mod far;
mod near;

use std::sync::Arc;

use muster_healthchecks::Status;
use tokio_util::sync::CancellationToken;

use crate::upstream::Upstream;
use crate::{Shared, registration};

/// Keeps every alias in accord with what it stands for, until `token` ends it.
pub(crate) async fn follow<U: Upstream>(shared: &Shared<U>, token: &CancellationToken) {
    let mut changed = shared.version.subscribe();
    let mut far = far::Far::new();
    loop {
        // What changes from here on leads to another round.
        changed.borrow_and_update();
        let aliases = shared.runner.aliases();
        far.keep(shared, &aliases);
        let mut verdicts: Vec<(Arc<str>, Status, String)> = Vec::new();
        if !aliases.is_empty() {
            verdicts.extend(near::verdicts(&shared.local.lock(), &aliases));
        }
        for (id, target) in aliases.iter().filter(|(_, target)| !target.node.is_empty()) {
            let verdict = far.verdict(target, (&shared.config.node, &aliases));
            verdicts.extend(verdict.map(|(status, text)| (id.clone(), status, text)));
        }
        for (id, status, text) in verdicts {
            if let Some(report) = shared.runner.follow(&id, status, text) {
                registration::take_report(shared, report).await;
            }
        }
        tokio::select! {
            () = token.cancelled() => return,
            left = changed.changed() => if left.is_err() { return },
            () = far.news() => {}
        }
    }
}
