//! One definition in or away. The functions that end in `_now` hold the turns of all that they touch.

use std::collections::BTreeSet;

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_api::{ApiError, Stamp};
use muster_healthchecks::Status;
use tokio::time::Instant;

use super::judged::{self, JudgedCheck, JudgedService, no_owner};
use super::{MOST, in_turn, scripts, write};
use crate::definition::MAINTENANCE;
use crate::local::{Cause, Key, LocalState, Origin};
use crate::persist::Record;
use crate::turns::Turn;
use crate::upstream::Upstream;
use crate::{Inner, Shared};

/// What becomes of checks that an instance has and that its new definition does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherChecks {
    /// They stay: they may have been registered by themselves.
    Stay,
    /// They go (`?replace-existing-checks`).
    Go,
}

/// Registers an instance with its checks.
pub(crate) async fn put_service<U: Upstream>(
    shared: &Shared<U>,
    asked: ServiceDefinition,
    origin: Origin,
    others: OtherChecks,
) -> Result<(), ApiError> {
    let judged = judged::service(asked, scripts(shared, origin))?;
    put_judged_service(shared, judged, origin, others).await
}

pub(super) async fn put_judged_service<U: Upstream>(
    shared: &Shared<U>,
    judged: JudgedService,
    origin: Origin,
    others: OtherChecks,
) -> Result<(), ApiError> {
    let named: BTreeSet<Key> = judged.checks.iter().map(JudgedCheck::key).chain([judged.key()]).collect();
    let turn = match others {
        OtherChecks::Stay => shared.turns.take(&named).await,
        OtherChecks::Go => turn_with_checks(shared, &judged.service.id, &named).await,
    };
    in_turn(shared, turn, move |shared| put_service_now(shared, judged, origin, others)).await
}

/// The turns of an instance, of the checks that it has, and of some more.
async fn turn_with_checks<U: Upstream>(shared: &Shared<U>, service: &str, more: &BTreeSet<Key>) -> Turn {
    let wanted = || {
        let local = shared.local.lock();
        let held = checks_of(&local, service).map(Key::Check);
        held.chain(more.iter().cloned()).chain([Key::Service(service.to_owned())]).collect::<BTreeSet<Key>>()
    };
    let mut keys = wanted();
    loop {
        let turn = shared.turns.take(&keys).await;
        let now = wanted();
        // Who gives the instance another check needs the turn that is held here.
        if now.is_subset(&keys) {
            return turn;
        }
        drop(turn);
        keys = now;
    }
}

fn checks_of<'s>(local: &'s LocalState, service: &'s str) -> impl Iterator<Item = String> + 's {
    let own = local.checks().filter(move |held| held.definition.service_id == service);
    own.map(|held| held.definition.id.clone())
}

fn put_service_now<U: Upstream>(
    shared: &Shared<U>,
    judged: JudgedService,
    origin: Origin,
    others: OtherChecks,
) -> Result<(), ApiError> {
    let now = Stamp::now();
    let (records, former) = {
        let local = shared.local.lock();
        if local.service(&judged.service.id).is_none() && local.has_services(MOST) {
            return Err(ApiError::TooMany(format!("this agent has {MOST} services and takes no more")));
        }
        let former = match others {
            OtherChecks::Stay => Vec::new(),
            OtherChecks::Go => unnamed_checks(&local, &judged),
        };
        let mut records: Vec<Record> = judged
            .checks
            .iter()
            .filter_map(|check| check_record(shared, &local, check, origin, now))
            .collect();
        if !is_recorded(shared, &judged.key(), origin) {
            records.push(Record::service(&judged.service, origin));
        }
        records.extend(former.iter().map(Record::gone));
        (records, former)
    };
    write(shared, &records)?;
    let mut local = shared.local.lock();
    local.put_service(judged.service, origin);
    for check in judged.checks {
        start(shared, &mut local, check, None, origin, now);
    }
    for check in former {
        local.remove_check(check.id());
        shared.runner.remove(check.id());
    }
    drop(local);
    shared.touch();
    Ok(())
}

/// The checks that an instance has and that its new definition does not name; maintenance stays.
fn unnamed_checks(local: &LocalState, judged: &JudgedService) -> Vec<Key> {
    let own = local.checks().filter(|held| held.definition.service_id == judged.service.id);
    own.filter(|held| held.kind != MAINTENANCE)
        .map(|held| held.definition.id.clone())
        .filter(|held| !judged.names(held))
        .map(Key::Check)
        .collect()
}

/// Whether the disk knows already that a file defines this.
pub(super) fn is_recorded<U>(shared: &Inner<U>, key: &Key, origin: Origin) -> bool {
    origin == Origin::File && shared.store.as_ref().is_some_and(|store| store.is_of_file(key))
}

/// What has to be written for a check so that it comes back with the health that it has from now on.
fn check_record<U>(
    shared: &Inner<U>,
    local: &LocalState,
    judged: &JudgedCheck,
    origin: Origin,
    now: Stamp,
) -> Option<Record> {
    if is_recorded(shared, &judged.key(), origin) {
        return None;
    }
    let held = local.check(&judged.check.id);
    let (status, output, since) = held.map_or((judged.probe.initial, "", now.millis()), |held| {
        (held.status, held.output.as_str(), held.since)
    });
    Some(Record::check(&judged.check, origin, status.as_str(), output).since(since))
}

/// A check's health from before a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) status: Status,
    pub(super) output: String,
    /// When it last turned, in milliseconds since 1970; 0 where that is not known.
    pub(super) since: u64,
}

/// Puts a check into the local state and the runner. `known` is its health from before a restart; one that is new is as
/// it is since `now`, as its record says.
pub(super) fn start<U>(
    shared: &Inner<U>,
    local: &mut LocalState,
    judged: JudgedCheck,
    known: Option<Known>,
    origin: Origin,
    now: Stamp,
) {
    let JudgedCheck { check, probe } = judged;
    let (id, kind) = (check.id.clone(), muster_healthchecks::word(&check));
    let existed = local.check(&id).is_some();
    let restored = known.is_some();
    let fresh = || Known { status: probe.initial, output: String::new(), since: now.millis() };
    let Known { status, output, since } = known.unwrap_or_else(fresh);
    local.put_check(check, kind, (status, output), origin, Instant::now());
    if !existed {
        local.turned(&id, since);
    }
    // The runner counts from what is known. Of a new check nothing is: its first result is believed.
    let held = local.check(&id).filter(|_| existed || restored);
    let held = held.map(|held| (held.status, held.output.clone()));
    let order = shared.runner.put(&id, probe, held);
    local.hear_from(&id, order);
}

/// Takes an instance away with its checks; whether it was there.
pub(crate) async fn remove_service<U: Upstream>(
    shared: &Shared<U>,
    id: &str,
    cause: Cause,
) -> Result<bool, ApiError> {
    let turn = turn_with_checks(shared, id, &BTreeSet::new()).await;
    let key = Key::Service(id.to_owned());
    in_turn(shared, turn, move |shared| {
        let checks: Vec<Key> = checks_of(&shared.local.lock(), key.id()).map(Key::Check).collect();
        if shared.local.lock().service(key.id()).is_none() {
            return remove_unread_now(shared, key);
        }
        let records: Vec<Record> = [&key].into_iter().chain(&checks).map(Record::gone).collect();
        write(shared, &records)?;
        {
            let mut local = shared.local.lock();
            local.remove_service(key.id());
            local.owe(key.id(), cause);
        }
        checks.iter().for_each(|check| shared.runner.remove(check.id()));
        shared.touch();
        Ok(true)
    })
    .await
}

/// What nobody can read cannot be run; it can be taken away all the same.
fn remove_unread_now<U: Upstream>(shared: &Shared<U>, key: Key) -> Result<bool, ApiError> {
    if !shared.store.as_ref().is_some_and(|store| store.is_aside(&key)) {
        return Ok(false);
    }
    write(shared, &[Record::gone(&key)])?;
    shared.local.lock().recall_gone(key);
    shared.touch();
    Ok(true)
}

/// Registers a check of the node or of one of its instances.
pub(crate) async fn put_check<U: Upstream>(
    shared: &Shared<U>,
    asked: CheckDefinition,
    origin: Origin,
) -> Result<(), ApiError> {
    let judged = judged::check(asked, scripts(shared, origin))?;
    put_judged_check(shared, judged, origin).await
}

pub(super) async fn put_judged_check<U: Upstream>(
    shared: &Shared<U>,
    judged: JudgedCheck,
    origin: Origin,
) -> Result<(), ApiError> {
    let keys: Vec<Key> = [judged.key()].into_iter().chain(judged.owner()).collect();
    let turn = shared.turns.take(&keys).await;
    in_turn(shared, turn, move |shared| {
        let now = Stamp::now();
        let record = {
            let local = shared.local.lock();
            if let Some(owner) = judged.owner().filter(|owner| local.service(owner.id()).is_none()) {
                return Err(no_owner(owner.id()));
            }
            if local.check(&judged.check.id).is_none() && local.has_checks(MOST) {
                return Err(ApiError::TooMany(format!("this agent has {MOST} checks and takes no more")));
            }
            check_record(shared, &local, &judged, origin, now)
        };
        write(shared, record.as_slice())?;
        start(shared, &mut shared.local.lock(), judged, None, origin, now);
        shared.touch();
        Ok(())
    })
    .await
}

/// Takes a check away; whether it was there.
pub(crate) async fn remove_check<U: Upstream>(shared: &Shared<U>, id: &str) -> Result<bool, ApiError> {
    let key = Key::Check(id.to_owned());
    let turn = shared.turns.take([&key]).await;
    in_turn(shared, turn, move |shared| {
        if shared.local.lock().check(key.id()).is_none() {
            return remove_unread_now(shared, key);
        }
        write(shared, &[Record::gone(&key)])?;
        shared.local.lock().remove_check(key.id());
        shared.runner.remove(key.id());
        shared.touch();
        Ok(true)
    })
    .await
}

/// The catalog has forgotten these: so may the disk.
pub(crate) async fn drop_marks<U: Upstream>(shared: &Shared<U>, settled: Vec<Key>) {
    if shared.store.is_none() {
        return;
    }
    for key in settled {
        let turn = shared.turns.take([&key]).await;
        let done = in_turn(shared, turn, move |shared| {
            let Some(store) = &shared.store else { return Ok(()) };
            // It may be back, and gone once more: that mark is still needed.
            if shared.local.lock().is_gone(&key) {
                return Ok(());
            }
            store.forget_gone(&key).map_err(super::not_kept)
        });
        if let Err(error) = done.await {
            tracing::warn!(%error, "the mark of something that is gone stays on disk");
        }
    }
}
