//! Maintenance: a critical check of the node or of an instance that nobody runs.

use muster_api::check::CheckDefinition;
use muster_api::{ApiError, Stamp};
use muster_healthchecks::Status;
use tokio::time::Instant;

use super::change::remove_check;
use super::{in_turn, write};
use crate::Shared;
use crate::definition::{self, MAINTENANCE};
use crate::local::{Key, LocalState, Origin};
use crate::persist::Record;
use crate::upstream::Upstream;

/// Puts a check that stands for maintenance in force, or takes it away.
pub(crate) async fn set_maintenance<U: Upstream>(
    shared: &Shared<U>,
    check: CheckDefinition,
    on: bool,
) -> Result<(), ApiError> {
    if !on {
        return remove_check(shared, &check.id).await.map(drop);
    }
    let mut keys = vec![Key::Check(check.id.clone())];
    if !check.service_id.is_empty() {
        keys.push(Key::Service(check.service_id.clone()));
    }
    let turn = shared.turns.take(&keys).await;
    in_turn(shared, turn, move |shared| {
        {
            let local = shared.local.lock();
            if local.check(&check.id).is_some() {
                return Ok(());
            }
            if !check.service_id.is_empty() && local.service(&check.service_id).is_none() {
                return Err(definition::no_service(&check.service_id));
            }
        }
        let now = Stamp::now().millis();
        write(shared, &[Record::check(&check, Origin::Api, Status::Critical.as_str(), "").since(now)])?;
        put_maintenance(&mut shared.local.lock(), check, now);
        shared.touch();
        Ok(())
    })
    .await
}

/// A check that stands for maintenance is never run. `since` is in milliseconds since 1970.
pub(super) fn put_maintenance(local: &mut LocalState, check: CheckDefinition, since: u64) {
    let critical = (Status::Critical, String::new());
    let id = check.id.clone();
    local.put_check(check, MAINTENANCE, critical, Origin::Api, Instant::now());
    local.turned(&id, since);
}
