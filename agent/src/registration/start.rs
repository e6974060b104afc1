//! The beginning of a life: what is on disk and what the files define make what is defined. The plan is pure; then it
//! is written down, and only then in force.

use std::collections::{HashMap, HashSet};

use muster_api::ApiError;
use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_healthchecks::{Scripts, Status};

use super::change::{is_recorded, start};
use super::judged::{JudgedCheck, JudgedFiles};
use super::maintenance::put_maintenance;
use super::{scripts, write};
use crate::Shared;
use crate::definition;
use crate::local::{Key, Origin};
use crate::persist::{Found, Record, StoredCheck};
use crate::upstream::Upstream;

/// A check's health from before.
type Known = Option<(Status, String)>;

/// What a life begins with.
#[derive(Debug, Default)]
struct Beginning {
    /// In force, the files' last.
    services: Vec<(ServiceDefinition, Origin)>,
    checks: Vec<(JudgedCheck, Known, Origin)>,
    maintenance: Vec<CheckDefinition>,
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
    let mut health: HashMap<Key, Known> = HashMap::new();
    for stored in found.checks {
        let key = Key::Check(stored.definition.id.clone());
        if of_files.contains(&key) {
            let known = (!stored.gone).then(|| (status(&stored.status), stored.output));
            health.insert(key, known);
            continue;
        }
        let owner = &stored.definition.service_id;
        let orphan = !owner.is_empty() && !defined.contains(owner);
        if stored.gone || stored.origin == Origin::File || orphan {
            beginning.lose(key, stored.gone);
        } else if definition::is_maintenance(&stored.definition) {
            beginning.maintenance.push(stored.definition);
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
    let StoredCheck { definition: check, status: was, output, .. } = stored;
    match muster_healthchecks::read(&check, scripts) {
        Ok(probe) => {
            let known = Some((status(&was), output));
            beginning.checks.push((JudgedCheck { check, probe }, known, Origin::Api));
        }
        Err(error) => {
            tracing::warn!(check = check.id, %error, "a check from before may not run any more and is removed");
            beginning.lose(Key::Check(check.id), false);
        }
    }
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
    let mut records: Vec<Record> = beginning.newly_gone.iter().map(Record::gone).collect();
    let new = |key: &Key, origin| origin == Origin::File && !is_recorded(shared, key, origin);
    for (service, origin) in &beginning.services {
        if new(&Key::Service(service.id.clone()), *origin) {
            records.push(Record::service(service, *origin));
        }
    }
    for (judged, known, origin) in &beginning.checks {
        if new(&judged.key(), *origin) {
            let (status, output) =
                known.as_ref().map_or((judged.probe.initial, ""), |(status, output)| (*status, output));
            records.push(Record::check(&judged.check, *origin, status.as_str(), output));
        }
    }
    write(shared, &records)?;
    let mut local = shared.local.lock();
    for (service, origin) in beginning.services {
        local.put_service(service, origin);
    }
    for (judged, known, origin) in beginning.checks {
        start(shared, &mut local, judged, known, origin);
    }
    beginning.maintenance.into_iter().for_each(|check| put_maintenance(&mut local, check));
    beginning.gone.into_iter().for_each(|key| local.recall_gone(key));
    drop(local);
    shared.touch();
    Ok(())
}

#[cfg(test)]
mod tests;
