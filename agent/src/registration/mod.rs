//! Taking definitions in and away. Each is judged first; then, in the turn of its ID, it goes to the disk, into the
//! local state and to the runner, in this order and in one piece: who asked for it may go away meanwhile, and what
//! was begun is still finished.

mod change;
mod files;
mod health;
mod judged;
mod maintenance;
mod start;

use std::io;

use muster_api::ApiError;
use muster_healthchecks::Scripts;

pub(crate) use change::{OtherChecks, drop_marks, put_check, put_service, remove_check, remove_service};
pub(crate) use health::{heartbeat, take_report};
pub(crate) use maintenance::set_maintenance;

use crate::local::Origin;
use crate::persist::{Record, Store};
use crate::turns::Turn;
use crate::upstream::Upstream;
use crate::{Inner, Shared};

/// Most definitions of each sort on one host.
const MOST: usize = 100_000;

fn scripts<U>(shared: &Inner<U>, origin: Origin) -> Scripts {
    let allowed = match origin {
        Origin::Api => shared.config.scripts_from_api,
        Origin::File => shared.config.scripts_from_files || shared.config.scripts_from_api,
    };
    Scripts { allowed }
}

fn not_kept(error: impl std::fmt::Display) -> ApiError {
    ApiError::Internal(format!("the definition could not be kept on disk: {error}"))
}

/// Runs `work` while `turn` is held, where there is a disk apart from the threads that serve. It runs to its end
/// even where nobody waits for it any more.
async fn in_turn<U: Upstream, T: Send + 'static>(
    shared: &Shared<U>,
    turn: Turn,
    work: impl FnOnce(&Shared<U>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if shared.store.is_none() {
        return work(shared);
    }
    let shared = shared.clone();
    let running = tokio::task::spawn_blocking(move || {
        let done = work(&shared);
        drop(turn);
        done
    });
    running.await.map_err(not_kept)?
}

/// Writes records, where there is a disk.
fn write<U>(shared: &Inner<U>, records: &[Record]) -> Result<(), ApiError> {
    let written: io::Result<()> = shared.store.as_ref().map_or(Ok(()), |store: &Store| store.put(records));
    written.map_err(not_kept)
}
