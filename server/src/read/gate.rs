//! The gate of a read that has waited: what was true before the wait says nothing of now. Many wake at once, and in
//! the modes that ask the leader they pass in rounds: one asks for all who came before it did.

use std::sync::Arc;

use muster_api::consistency::ReadMode;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::consensus::{Consensus, ReadStamp, Unavailable};

type Round = OnceCell<Result<ReadStamp, Unavailable>>;

/// The rounds that have not begun.
#[derive(Default)]
pub(super) struct Gate {
    default: Mutex<Option<Arc<Round>>>,
    consistent: Mutex<Option<Arc<Round>>>,
}

impl Gate {
    /// Returns when the local view may answer in this mode, with a stamp of now.
    pub(super) async fn after_wait(
        &self,
        consensus: &Consensus,
        mode: ReadMode,
    ) -> Result<ReadStamp, Unavailable> {
        let next = match mode {
            ReadMode::Stale { .. } => return consensus.gate(mode).await,
            ReadMode::Default if consensus.rules_alone() => return consensus.gate(mode).await,
            ReadMode::Default => &self.default,
            ReadMode::Consistent => &self.consistent,
        };
        let round = next.lock().get_or_insert_default().clone();
        let pass = || async {
            // Those who woke with this one come too.
            tokio::task::yield_now().await;
            // Begun: who comes from now on joins the next.
            next.lock().take_if(|next| Arc::ptr_eq(next, &round));
            consensus.gate(mode).await
        };
        round.get_or_init(pass).await.clone()
    }
}
