//! When the log is cut by a snapshot. A snapshot writes the whole state: it waits until the log has grown by as
//! much, so that what a write costs does not grow with the state, and until the disk has room for it.

use std::sync::Arc;
use std::time::Duration;

use openraft::async_runtime::WatchReceiver as _;
use tokio_util::sync::CancellationToken;

use crate::consensus::types::Raft;
use crate::space::Space;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// Takes snapshots when they are due, of at least `after` entries each, until the token ends it.
pub(crate) async fn run(raft: Raft, space: Arc<Space>, after: u64, token: CancellationToken) {
    let mut asked = 0;
    loop {
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let (applied, covered) = {
            let metrics = raft.metrics();
            let metrics = metrics.borrow_watched();
            let index =
                |id: &Option<_>| id.as_ref().map_or(0, |id: &crate::consensus::types::LogId| id.index);
            (index(&metrics.last_applied), index(&metrics.snapshot))
        };
        let (log, snapshot) = space.taken();
        // One that is being built is not asked for again.
        if due(applied - covered.max(asked).min(applied), after, log, snapshot) && space.has_room() {
            asked = applied;
            if raft.trigger().snapshot().await.is_err() {
                return;
            }
        }
    }
}

/// Whether the log is long enough in entries, and in bytes beside the last snapshot.
fn due(entries: u64, after: u64, log: u64, snapshot: u64) -> bool {
    entries >= after && log >= snapshot / 2
}

#[cfg(test)]
mod tests {
    use super::due;

    #[test]
    fn a_large_state_is_written_as_seldom_as_the_log_grows_by_as_much() {
        assert!(due(500, 500, 1 << 20, 0));
        assert!(!due(499, 500, 1 << 30, 0), "too few entries");
        assert!(!due(500, 500, 1 << 20, 1 << 30), "little was written beside so large a state");
        assert!(due(500, 500, 1 << 29, 1 << 30));
    }
}
