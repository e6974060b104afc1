//! What registering and deregistering mean: checked first, then done whole.

use std::sync::Arc;

use super::{departed, remove, write};
use crate::command::{CheckSpec, Deregistration, Registration, SetCheck};
use crate::{Cause, Changes, Namespace, Rejected, Response, Status, View};

/// The check by which a node is known to live. The name is part of the wire contract.
const LIVENESS: &str = "serfHealth";

pub(crate) fn register(
    view: &mut View,
    index: u64,
    registration: &Registration,
    changes: &mut Changes,
) -> Response {
    if let Err(refusal) = admissible(view, registration) {
        return Response::Rejected(refusal);
    }
    write::node(view, index, registration, changes);
    if let Some(spec) = &registration.service {
        write::service(view, index, &registration.node, spec, changes);
    }
    for check in &registration.checks {
        write::check(view, index, &registration.node, check, changes);
    }
    Response::Done
}

pub(crate) fn deregister(
    view: &mut View,
    index: u64,
    which: &Deregistration,
    by: Cause,
    changes: &mut Changes,
) -> Response {
    let id = |id: &Arc<str>| (which.namespace.clone(), id.clone());
    if !which.service_id.is_empty() {
        let local = id(&which.service_id);
        departed::service(view, index, by, &which.node, &local);
        remove::service(view, index, &which.node, &local, changes);
    } else if !which.check_id.is_empty() {
        remove::check(view, index, &which.node, &id(&which.check_id), changes);
    } else {
        departed::node(view, index, by, &which.node);
        remove::node(view, index, &which.node, changes);
    }
    Response::Done
}

/// Only what is there is set: a node that went meanwhile does not come back by what is said of it.
pub(crate) fn set_check(view: &mut View, index: u64, set: &SetCheck, changes: &mut Changes) -> Response {
    let local = (set.namespace.clone(), set.check_id.clone());
    let held = view.catalog.nodes.get(&set.node).and_then(|entry| entry.checks.get(&local)).cloned();
    if let Some(held) = held {
        let spec = CheckSpec { status: set.status, output: set.output.clone(), ..held.spec.clone() };
        write::check(view, index, &set.node, &spec, changes);
    }
    Response::Done
}

fn admissible(view: &View, registration: &Registration) -> Result<(), Rejected> {
    let held = view.catalog.nodes.get(&registration.node);
    if let Some(entry) = held
        && !registration.skip_node_update
        && !registration.node_id.is_empty()
        && !entry.node.id.is_empty()
        && entry.node.id != registration.node_id
        && lives(view, &registration.node)
    {
        return Err(Rejected::NodeNameTaken {
            node: registration.node.to_string(),
            holder: entry.node.id.to_string(),
        });
    }
    for check in registration.checks.iter().filter(|check| !check.service_id.is_empty()) {
        let named_here = registration
            .service
            .as_ref()
            .is_some_and(|spec| spec.id == check.service_id && spec.namespace == check.namespace);
        let there = held.is_some_and(|entry| {
            entry.services.contains_key(&(check.namespace.clone(), check.service_id.clone()))
        });
        if !named_here && !there {
            return Err(Rejected::MissingService);
        }
    }
    Ok(())
}

fn lives(view: &View, node: &str) -> bool {
    view.catalog
        .nodes
        .get(node)
        .and_then(|entry| entry.checks.get(&(Namespace::DEFAULT, LIVENESS.into())))
        .is_some_and(|check| check.spec.status != Status::Critical)
}
