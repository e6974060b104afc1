//! Takes nodes, services and checks out of the maps. What is not there is no error and moves no index.

use std::sync::Arc;

use super::record::{Check, Service};
use super::state::{LocalId, StateKey};
use super::write::{self, ShownTags};
use crate::{Change, Changes, Name, View};

pub(super) fn node(view: &mut View, index: u64, name: &Arc<str>, changes: &mut Changes) {
    let Some(entry) = view.catalog.nodes.get(name).cloned() else { return };
    let name = entry.node.name.clone();
    for local in entry.services.keys() {
        service(view, index, &name, local, changes);
    }
    for local in entry.checks.keys() {
        check(view, index, &name, local, changes);
    }
    view.catalog.nodes.remove(&name);
    view.catalog.node_ids.remove(&entry.node.id);
    view.catalog.lost_nodes.insert(name.clone(), index);
    changes.touch(Change::Node(name));
    write::touch_nodes(view, index, changes);
}

pub(super) fn service(view: &mut View, index: u64, node: &Arc<str>, local: &LocalId, changes: &mut Changes) {
    let Some(entry) = view.catalog.nodes.get(node).cloned() else { return };
    let Some(held) = entry.services.get(local) else { return };
    let checks: Vec<LocalId> = entry
        .checks_of(&local.0, &local.1)
        .into_iter()
        .map(|check| (check.spec.namespace.clone(), check.spec.id.clone()))
        .collect();
    for id in &checks {
        check(view, index, node, id, changes);
    }
    if let Some(entry) = view.catalog.nodes.get_mut(node) {
        Arc::make_mut(entry).services.remove(local);
    }
    from_service(view, index, &write::name_of(held), held, changes);
    write::touch_node(view, index, &entry.node.name, changes);
}

pub(super) fn check(view: &mut View, index: u64, node: &Arc<str>, local: &LocalId, changes: &mut Changes) {
    let Some(held) = view.catalog.nodes.get(node).and_then(|entry| entry.checks.get(local)).cloned() else {
        return;
    };
    check_links(view, index, &held, changes);
    if let Some(entry) = view.catalog.nodes.get_mut(node) {
        Arc::make_mut(entry).checks.remove(local);
    }
    write::touch_shown_by(view, index, &held, changes);
}

/// Takes a check out of the maps that lead to it; the node still holds the record.
pub(super) fn check_links(view: &mut View, index: u64, held: &Check, changes: &mut Changes) {
    view.catalog.by_state.remove(&StateKey::of(held));
    write::touch_state(view, index, held, changes);
    let owner = (held.spec.namespace.clone(), held.spec.service_id.clone(), held.spec.id.clone());
    if let Some(entry) = view.catalog.nodes.get_mut(&held.node) {
        Arc::make_mut(entry).check_owners.remove(&owner);
    }
    // A check that moves to another owner leaves its mark on the old one too.
    write::touch_shown_by(view, index, held, changes);
}

/// Takes an instance out of its service; the last one takes the service with it.
pub(super) fn from_service(view: &mut View, index: u64, name: &Name, held: &Service, changes: &mut Changes) {
    let shown = ShownTags::of(view, name);
    from_instances(view, name, held);
    if view.catalog.services.get(name).is_some_and(|entry| entry.instances.is_empty()) {
        view.catalog.services.remove(name);
        view.catalog.lost_services.insert(name.clone(), index);
    }
    write::touch_service(view, index, name, changes);
    shown.compare(view, index, name, changes);
}

/// Takes an instance and its tags out of the maps of its service.
pub(super) fn from_instances(view: &mut View, name: &Name, held: &Service) {
    let Some(entry) = view.catalog.services.get_mut(name) else { return };
    let entry = Arc::make_mut(entry);
    entry.instances.remove(&(held.node.clone(), held.spec.id.clone()));
    for tag in &held.spec.tags {
        let left = entry.tags.get(tag).copied().unwrap_or(0).saturating_sub(1);
        if left == 0 {
            entry.tags.remove(tag);
        } else {
            entry.tags.insert(tag.clone(), left);
        }
    }
}
