//! The beginning of a life: what is on disk and what the files define make what is defined. The plan is pure; then it
//! is written down, and only then in force.

use std::collections::{HashMap, HashSet};

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_api::{ApiError, Stamp};
use muster_healthchecks::{Scripts, Status};

use super::change::{Known, is_recorded, start};
use super::judged::{JudgedCheck, JudgedFiles};
use super::maintenance::put_maintenance;
use super::{scripts, write};
use crate::Shared;
use crate::definition;
use crate::local::{Cause, Key, Origin};
use crate::persist::{Found, Record, StoredCheck};
use crate::upstream::Upstream;

/// What a life begins with.
#[derive(Debug, Default)]
struct Beginning {
    /// In force, the files' last.
    services: Vec<(ServiceDefinition, Origin)>,
    checks: Vec<(JudgedCheck, Option<Known>, Origin)>,
    /// With the milliseconds since 1970 at which it began.
    maintenance: Vec<(CheckDefinition, u64)>,
    /// The catalog may have it, and nobody defines it.
    gone: Vec<Key>,
    /// Of these the disk does not say yet that they are gone.
    newly_gone: Vec<Key>,
}

impl Beginning {
    fn lose(&mut self, key: Key, known: bool) {
        if !known {
            self.newly_gone.push(key.clone());
        }
        self.gone.push(key);
    }
}

/// What becomes of all that is known. What a file defines is the file's; what one defined and none does is gone, and
/// so are checks that may not run or whose instance is.
fn plan(found: Found, files: JudgedFiles, scripts: Scripts) -> Beginning {
    let mut beginning = Beginning::default();
    let of_files = files.keys();
    let mut defined: HashSet<String> =
        files.services.iter().map(|judged| judged.service.id.clone()).collect();
    for stored in found.services {
        let key = Key::Service(stored.definition.id.clone());
        if of_files.contains(&key) {
            continue;
        }
        if stored.gone || stored.origin == Origin::File {
            beginning.lose(key, stored.gone);
        } else {
            defined.insert(stored.definition.id.clone());
            beginning.services.push((stored.definition, Origin::Api));
        }
    }
    let mut health: HashMap<Key, Option<Known>> = HashMap::new();
    for stored in found.checks {
        let key = Key::Check(stored.definition.id.clone());
        if of_files.contains(&key) {
            let known = (!stored.gone).then(|| known(&stored));
            health.insert(key, known);
            continue;
        }
        let owner = &stored.definition.service_id;
        let orphan = !owner.is_empty() && !defined.contains(owner);
        if stored.gone || stored.origin == Origin::File || orphan {
            beginning.lose(key, stored.gone);
        } else if definition::is_maintenance(&stored.definition) {
            beginning.maintenance.push((stored.definition, stored.since));
        } else {
            restore(&mut beginning, stored, scripts);
        }
    }
    let mut of_file = |check: JudgedCheck| {
        let known = health.remove(&check.key()).flatten();
        (check, known, Origin::File)
    };
    for service in files.services {
        beginning.services.push((service.service, Origin::File));
        beginning.checks.extend(service.checks.into_iter().map(&mut of_file));
    }
    beginning.checks.extend(files.checks.into_iter().map(&mut of_file));
    beginning
}

fn restore(beginning: &mut Beginning, stored: StoredCheck, scripts: Scripts) {
    let known = known(&stored);
    let check = stored.definition;
    match muster_healthchecks::read(&check, scripts) {
        Ok(probe) => {
            beginning.checks.push((JudgedCheck { check, probe }, Some(known), Origin::Api));
        }
        Err(error) => {
            tracing::warn!(check = check.id, %error, "a check from before may not run any more and is removed");
            beginning.lose(Key::Check(check.id), false);
        }
    }
}

fn known(stored: &StoredCheck) -> Known {
    Known { status: status(&stored.status), output: stored.output.clone(), since: stored.since }
}

fn status(text: &str) -> Status {
    match text {
        "passing" => Status::Passing,
        "warning" => Status::Warning,
        _ => Status::Critical,
    }
}

/// Begins the life of an agent. Nothing else changes anything yet.
pub(super) async fn begin<U: Upstream>(
    shared: &Shared<U>,
    found: Found,
    files: JudgedFiles,
) -> Result<(), ApiError> {
    let beginning = plan(found, files, scripts(shared, Origin::Api));
    let turn = shared.turns.take([]).await;
    super::in_turn(shared, turn, move |shared| enact(shared, beginning)).await
}

fn enact<U: Upstream>(shared: &Shared<U>, beginning: Beginning) -> Result<(), ApiError> {
    let now = Stamp::now();
    let mut records: Vec<Record> = beginning.newly_gone.iter().map(Record::gone).collect();
    let new = |key: &Key, origin| origin == Origin::File && !is_recorded(shared, key, origin);
    for (service, origin) in &beginning.services {
        if new(&Key::Service(service.id.clone()), *origin) {
            records.push(Record::service(service, *origin));
        }
    }
    for (judged, known, origin) in &beginning.checks {
        if new(&judged.key(), *origin) {
            let fresh = (judged.probe.initial, "", now.millis());
            let (status, output, since) =
                known.as_ref().map_or(fresh, |known| (known.status, &*known.output, known.since));
            records.push(Record::check(&judged.check, *origin, status.as_str(), output).since(since));
        }
    }
    write(shared, &records)?;
    let mut local = shared.local.lock();
    for (service, origin) in beginning.services {
        local.put_service(service, origin);
    }
    for (judged, known, origin) in beginning.checks {
        start(shared, &mut local, judged, known, origin, now);
    }
    beginning.maintenance.into_iter().for_each(|(check, since)| put_maintenance(&mut local, check, since));
    beginning.gone.into_iter().for_each(|key| local.recall_gone(key));
    // Of instances these are what files defined.
    beginning.newly_gone.iter().for_each(|key| local.owe(key.id(), Cause::Files));
    drop(local);
    shared.touch();
    Ok(())
}

#[cfg(test)]
mod tests;
