//! Aliases of instances of this host, from what is true here. Pure.
//!
//! An alias may stand for an instance whose own check is an alias, even in a circle. So none counts what another one
//! last said: what really was measured spreads from the instances that have it to all that depend on them. A circle is
//! as healthy as what is measured in it, and recovers when that does.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use muster_healthchecks::Status;
use muster_healthchecks::alias::{Counted, Target, fine};

use crate::local::LocalState;

/// The checks of the node count for all its instances.
const NODE: &str = "";

/// What each of the aliases that name no node says, by its ID.
pub(super) fn verdicts(
    local: &LocalState,
    aliases: &BTreeMap<Arc<str>, Target>,
) -> Vec<(Arc<str>, Status, String)> {
    let near = || aliases.iter().filter(|(_, target)| target.node.is_empty());
    // By the instance that an alias stands for, those whose health that is too.
    let mut dependents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, target) in near() {
        let owner = local.check(id).map(|held| held.definition.service_id.as_str());
        dependents.entry(&target.service).or_default().extend(owner);
    }
    let (mut has_checks, mut bad) = (HashSet::new(), Vec::new());
    for held in local.checks() {
        let owner = held.definition.service_id.as_str();
        if owner != NODE && !dependents.contains_key(owner) {
            continue;
        }
        has_checks.insert(owner);
        let is_near = aliases.get(held.definition.id.as_str()).is_some_and(|target| target.node.is_empty());
        if held.status != Status::Passing && !is_near {
            let counted = Counted { name: &held.definition.name, status: held.status, output: &held.output };
            bad.push((owner, held.status, counted.failing()));
        }
    }
    for target in dependents.keys().filter(|target| local.service(target).is_none()) {
        bad.push((target, Status::Critical, missing(target, "")));
    }
    let worst = spread(&dependents, bad);
    let verdict = |target: &Target| match worst.get(target.service.as_str()) {
        Some((status, text)) => (*status, text.to_string()),
        None => {
            let has_checks = has_checks.contains(NODE) || has_checks.contains(target.service.as_str());
            (Status::Passing, fine(has_checks).to_owned())
        }
    };
    near()
        .map(|(id, target)| (id.clone(), verdict(target)))
        .map(|(id, (status, text))| (id, status, text))
        .collect()
}

/// What an alias says of an instance that is not there.
pub(super) fn missing(service: &str, node: &str) -> String {
    format!("Service {service} could not be found on node {node}")
}

/// Carries what is bad to all that depend on it, the worst first; each is visited once.
fn spread<'l>(
    dependents: &BTreeMap<&'l str, Vec<&'l str>>,
    mut bad: Vec<(&'l str, Status, String)>,
) -> HashMap<&'l str, (Status, Arc<str>)> {
    // The order among equals is that of the checks' IDs.
    bad.sort_by_key(|(_, status, _)| std::cmp::Reverse(*status));
    let mut worst: HashMap<&str, (Status, Arc<str>)> = HashMap::new();
    for (owner, status, text) in bad {
        let (mut queue, text): (VecDeque<&str>, Arc<str>) = (VecDeque::from([owner]), text.into());
        while let Some(service) = queue.pop_front() {
            if worst.contains_key(service) {
                continue;
            }
            worst.insert(service, (status, text.clone()));
            queue.extend(dependents.get(service).into_iter().flatten());
            if service == NODE {
                queue.extend(dependents.keys());
            }
        }
    }
    worst
}

#[cfg(test)]
mod tests;
