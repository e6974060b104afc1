//! Puts nodes, services and checks into the maps. What is already so moves no index.

use std::sync::Arc;

use imbl::OrdMap;

use super::record::{Check, Node, Service};
use super::state::{NodeEntry, StateKey};
use super::{departed, remove};
use crate::command::{CheckSpec, Registration, ServiceSpec};
use crate::{Cause, Change, Changes, Name, View};

pub(super) fn node(view: &mut View, index: u64, asked: &Registration, changes: &mut Changes) {
    // Who leaves the record of a node as it is leaves every other node as it is, too.
    if asked.skip_node_update && view.catalog.nodes.contains_key(&asked.node) {
        return;
    }
    let mut create_index = index;
    // The same ID under another name is the same node renamed: the old name goes with all it had.
    if !asked.node_id.is_empty()
        && let Some(old) = view.catalog.node_ids.get(&asked.node_id).cloned()
        && old != asked.node
    {
        create_index = view.node(&old).map_or(index, |node| node.create_index);
        departed::node(view, index, Cause::Renamed, &old);
        remove::node(view, index, &old, changes);
    }
    let held = view.catalog.nodes.get(&asked.node);
    let fresh = Node {
        name: held.map_or_else(|| asked.node.clone(), |entry| entry.node.name.clone()),
        // Who gives none takes it away, as in Consul: an agent puts its own back.
        id: asked.node_id.clone(),
        address: asked.address.clone(),
        tagged_addresses: asked.tagged_addresses.clone(),
        meta: asked.node_meta.clone(),
        create_index: held.map_or(create_index, |entry| entry.node.create_index),
        modify_index: index,
    };
    if held.is_some_and(|entry| same_node(&entry.node, &fresh)) {
        return;
    }
    if let Some(old) = held.map(|entry| entry.node.id.clone()) {
        view.catalog.node_ids.remove(&old);
    }
    if !fresh.id.is_empty() {
        view.catalog.node_ids.insert(fresh.id.clone(), fresh.name.clone());
    }
    let name = fresh.name.clone();
    let fresh = Arc::new(fresh);
    match view.catalog.nodes.get_mut(&name) {
        Some(entry) => Arc::make_mut(entry).node = fresh,
        None => {
            view.catalog.lost_nodes.remove(&name);
            let entry = NodeEntry {
                node: fresh,
                services: imbl::OrdMap::new(),
                checks: imbl::OrdMap::new(),
                check_owners: imbl::OrdSet::new(),
                index,
            };
            view.catalog.nodes.insert(name.clone(), Arc::new(entry));
        }
    }
    touch_nodes(view, index, changes);
    touch_node(view, index, &name, changes);
    touch_all_on(view, index, &name, changes);
}

pub(super) fn service(
    view: &mut View,
    index: u64,
    node: &Arc<str>,
    spec: &ServiceSpec,
    changes: &mut Changes,
) {
    let local = (spec.namespace.clone(), spec.id.clone());
    let Some(entry) = view.catalog.nodes.get(node) else { return };
    let node = entry.node.name.clone();
    let held = entry.services.get(&local).cloned();
    if held.as_ref().is_some_and(|held| held.spec == *spec) {
        return;
    }
    let name = Name { namespace: spec.namespace.clone(), text: spec.name.clone() };
    let shown = ShownTags::of(view, &name);
    if let Some(old) = &held {
        let old_name = name_of(old);
        if old_name == name {
            remove::from_instances(view, &name, old);
        } else {
            departed::service(view, index, Cause::Renamed, &node, &local);
            remove::from_service(view, index, &old_name, old, changes);
            rename_checks(view, index, &node, &local, &name, changes);
        }
    }
    let mut spec = spec.clone();
    share_texts(view, &name, &mut spec);
    let record = Arc::new(Service {
        node: node.clone(),
        create_index: held.map_or(index, |held| held.create_index),
        modify_index: index,
        spec,
    });
    if let Some(entry) = view.catalog.nodes.get_mut(&node) {
        Arc::make_mut(entry).services.insert(local, record.clone());
    }
    join_service(view, index, &name, &record, changes);
    shown.compare(view, index, &name, changes);
    touch_node(view, index, &node, changes);
}

pub(super) fn check(view: &mut View, index: u64, node: &Arc<str>, spec: &CheckSpec, changes: &mut Changes) {
    let local = (spec.namespace.clone(), spec.id.clone());
    let Some(entry) = view.catalog.nodes.get(node) else { return };
    let node = entry.node.name.clone();
    let service = entry.services.get(&(spec.namespace.clone(), spec.service_id.clone()));
    let (service_name, service_tags) = service
        .map_or_else(|| (Arc::from(""), Vec::new()), |held| (held.spec.name.clone(), held.spec.tags.clone()));
    let held = entry.checks.get(&local).cloned();
    if held.as_ref().is_some_and(|held| {
        held.spec == *spec && held.service_name == service_name && held.service_tags == service_tags
    }) {
        return;
    }
    let mut spec = spec.clone();
    if let Some(held) = service {
        spec.service_id = held.spec.id.clone();
    }
    let record = Arc::new(Check {
        node: node.clone(),
        service_name,
        service_tags,
        create_index: held.as_ref().map_or(index, |held| held.create_index),
        modify_index: index,
        // Only a turn is one: what is said of a state that lasts leaves its time as it is.
        since: held
            .as_ref()
            .filter(|held| held.spec.status == spec.status)
            .map_or(view.time, |held| held.since),
        spec,
    });
    if let Some(old) = &held {
        remove::check_links(view, index, old, changes);
    }
    put_check(view, index, record, changes);
}

/// Puts `record` into every map and touches what shows it.
fn put_check(view: &mut View, index: u64, record: Arc<Check>, changes: &mut Changes) {
    let spec = &record.spec;
    view.catalog.by_state.insert(StateKey::of(&record), record.clone());
    touch_state(view, index, &record, changes);
    if let Some(entry) = view.catalog.nodes.get_mut(&record.node) {
        let entry = Arc::make_mut(entry);
        entry.check_owners.insert((spec.namespace.clone(), spec.service_id.clone(), spec.id.clone()));
        entry.checks.insert((spec.namespace.clone(), spec.id.clone()), record.clone());
    }
    touch_shown_by(view, index, &record, changes);
}

fn rename_checks(
    view: &mut View,
    index: u64,
    node: &Arc<str>,
    local: &(crate::Namespace, Arc<str>),
    name: &Name,
    changes: &mut Changes,
) {
    let Some(entry) = view.catalog.nodes.get(node) else { return };
    let checks: Vec<Arc<Check>> = entry.checks_of(&local.0, &local.1).into_iter().cloned().collect();
    for old in checks {
        remove::check_links(view, index, &old, changes);
        let renamed = Check { service_name: name.text.clone(), modify_index: index, ..(*old).clone() };
        put_check(view, index, Arc::new(renamed), changes);
    }
}

fn join_service(view: &mut View, index: u64, name: &Name, record: &Arc<Service>, changes: &mut Changes) {
    view.catalog.lost_services.remove(name);
    let entry = Arc::make_mut(view.catalog.services.entry(name.clone()).or_default());
    for tag in &record.spec.tags {
        *entry.tags.entry(tag.clone()).or_insert(0) += 1;
    }
    entry.instances.insert((record.node.clone(), record.spec.id.clone()), record.clone());
    touch_service(view, index, name, changes);
}

/// The tags that the list of services shows of a service; nothing where the service is not there.
pub(super) struct ShownTags(Option<OrdMap<Arc<str>, u32>>);

impl ShownTags {
    pub(super) fn of(view: &View, name: &Name) -> Self {
        Self(view.catalog.services.get(name).map(|entry| entry.tags.clone()))
    }

    /// Touches the list of services if it shows something else now. What goes and comes back is no change.
    pub(super) fn compare(&self, view: &mut View, index: u64, name: &Name, changes: &mut Changes) {
        let same = match (&self.0, view.catalog.services.get(name).map(|entry| &entry.tags)) {
            (Some(before), Some(now)) => before.keys().eq(now.keys()),
            (before, now) => before.is_none() == now.is_none(),
        };
        if !same {
            touch_names(view, index, name, changes);
        }
    }
}

/// Texts that many instances share are held once.
fn share_texts(view: &View, name: &Name, spec: &mut ServiceSpec) {
    let Some((held_name, entry)) = view.catalog.services.get_key_value(name) else { return };
    spec.name = held_name.text.clone();
    for tag in &mut spec.tags {
        if let Some((held, _)) = entry.tags.get_key_value(tag) {
            *tag = held.clone();
        }
    }
    if let Some((_, sibling)) = entry.instances.get_min() {
        for (mine, theirs) in
            [(&mut spec.proxy, &sibling.spec.proxy), (&mut spec.connect, &sibling.spec.connect)]
        {
            if mine == theirs {
                *mine = theirs.clone();
            }
        }
        if spec.meta == sibling.spec.meta {
            spec.meta = sibling.spec.meta.clone();
        }
    }
}

pub(super) fn touch_nodes(view: &mut View, index: u64, changes: &mut Changes) {
    view.catalog.nodes_index = index;
    changes.touch(Change::Nodes);
}

pub(super) fn touch_node(view: &mut View, index: u64, node: &Arc<str>, changes: &mut Changes) {
    if let Some(entry) = view.catalog.nodes.get_mut(node) {
        Arc::make_mut(entry).index = index;
    }
    changes.touch(Change::Node(node.clone()));
}

fn touch_names(view: &mut View, index: u64, name: &Name, changes: &mut Changes) {
    view.catalog.services_index.insert(name.namespace.clone(), index);
    changes.touch(Change::Services(name.namespace.clone()));
}

pub(super) fn touch_state(view: &mut View, index: u64, check: &Check, changes: &mut Changes) {
    let (namespace, status) = (check.spec.namespace.clone(), check.spec.status);
    view.catalog.state_index.insert((namespace.clone(), status), index);
    changes.touch(Change::Checks(namespace, status));
}

/// A node's own record and its own checks show in the answers of every service on it.
fn touch_all_on(view: &mut View, index: u64, node: &Arc<str>, changes: &mut Changes) {
    let Some(entry) = view.catalog.nodes.get(node).cloned() else { return };
    for service in entry.services.values() {
        touch_service(view, index, &name_of(service), changes);
    }
    for check in entry.checks.values() {
        touch_state(view, index, check, changes);
    }
}

pub(super) fn touch_service(view: &mut View, index: u64, name: &Name, changes: &mut Changes) {
    if let Some(entry) = view.catalog.services.get_mut(name) {
        Arc::make_mut(entry).index = index;
    }
    view.catalog.instances_changed(&name.namespace, index, view.floor);
    changes.touch(Change::Service(name.clone()));
}

pub(super) fn touch_shown_by(view: &mut View, index: u64, check: &Check, changes: &mut Changes) {
    touch_node(view, index, &check.node, changes);
    let Some(entry) = view.catalog.nodes.get(&check.node).cloned() else { return };
    if check.spec.service_id.is_empty() {
        // A service shows the checks of its own tenant.
        let shows = |service: &&Arc<Service>| service.spec.namespace == check.spec.namespace;
        for service in entry.services.values().filter(shows) {
            touch_service(view, index, &name_of(service), changes);
        }
    } else if let Some(service) =
        entry.services.get(&(check.spec.namespace.clone(), check.spec.service_id.clone()))
    {
        touch_service(view, index, &name_of(service), changes);
    }
}

pub(super) fn name_of(service: &Service) -> Name {
    Name { namespace: service.spec.namespace.clone(), text: service.spec.name.clone() }
}

fn same_node(a: &Node, b: &Node) -> bool {
    a.id == b.id && a.address == b.address && a.tagged_addresses == b.tagged_addresses && a.meta == b.meta
}
