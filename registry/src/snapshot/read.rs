//! Records as a state again: whole, or not at all.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

use super::Record;
use crate::catalog::state::{NodeEntry, StateKey};
use crate::catalog::{Check, Node, Service};
use crate::kv::Lost;
use crate::{Name, Registry, View};

/// Why a stream of records is no state.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError<E> {
    /// The stream itself failed.
    #[error(transparent)]
    Source(E),
    /// It does not begin as a snapshot does.
    #[error("snapshot does not start with its first record")]
    NoBegin,
    /// It ends too early, or holds another number of records than it says.
    #[error("snapshot is torn: {found} records, its end says {said:?}")]
    Torn {
        /// Records read.
        found: u64,
        /// What the last record says, if it came.
        said: Option<u64>,
    },
    /// A service or check names a node that did not come before it.
    #[error("snapshot has an orphan: {0}")]
    Orphan(String),
}

impl Registry {
    /// Builds a registry from the records of [`View::records`].
    ///
    /// # Errors
    /// Where the stream fails, is torn, or contradicts itself. Nothing is kept of it then.
    pub fn restore<E>(records: impl IntoIterator<Item = Result<Record, E>>) -> Result<Self, RestoreError<E>> {
        let mut records = records.into_iter();
        let mut view = View::default();
        match records.next().transpose().map_err(RestoreError::Source)? {
            Some(Record::Begin { index, floor, nodes_index }) => {
                view.index = index;
                view.floor = floor;
                view.catalog.nodes_index = nodes_index;
            }
            _ => return Err(RestoreError::NoBegin),
        }
        let mut found = 1;
        let mut said = None;
        for record in records {
            match record.map_err(RestoreError::Source)? {
                Record::End { records } => {
                    said = Some(records);
                    break;
                }
                record => take(&mut view, record).map_err(RestoreError::Orphan)?,
            }
            found += 1;
        }
        if said != Some(found) {
            return Err(RestoreError::Torn { found, said });
        }
        Ok(Self::from_view(view))
    }
}

fn take(view: &mut View, record: Record) -> Result<(), String> {
    let catalog = &mut view.catalog;
    match record {
        Record::Begin { .. } | Record::End { .. } => return Err("a second beginning".into()),
        Record::Node(node, index) => take_node(view, node, index),
        Record::Service(service) => take_service(view, service)?,
        Record::ServiceIndex(name, index) => match catalog.services.get_mut(&name) {
            Some(entry) => {
                Arc::make_mut(entry).index = index;
                catalog.instances_changed(&name.namespace, index, view.floor);
            }
            None => return Err(format!("index of service {name}")),
        },
        Record::Check(check) => take_check(view, check)?,
        Record::Time(time) => view.time = time,
        Record::CheckSince(mut check, since) => {
            Arc::make_mut(&mut check).since = since;
            take_check(view, check)?;
        }
        Record::Departed(departure) => catalog.departed.push_back(departure),
        Record::Key(entry) => view.kv.entries.insert(entry),
        Record::ServicesIndex(space, index) => {
            catalog.services_index.insert(space, index);
        }
        Record::StateIndex(space, status, index) => {
            catalog.state_index.insert((space, status), index);
        }
        Record::LostNode(name, index) => {
            catalog.lost_nodes.insert(name, index);
        }
        Record::LostService(name, index) => {
            catalog.instances_changed(&name.namespace, index, view.floor);
            catalog.lost_services.insert(name, index);
        }
        Record::LostKey(key, index) => view.kv.tombstones.insert(Lost { key, index }),
    }
    Ok(())
}

fn take_node(view: &mut View, node: Arc<Node>, index: u64) {
    if !node.id.is_empty() {
        view.catalog.node_ids.insert(node.id.clone(), node.name.clone());
    }
    let entry = NodeEntry {
        services: OrdMap::new(),
        checks: OrdMap::new(),
        check_owners: OrdSet::new(),
        index,
        node: node.clone(),
    };
    view.catalog.nodes.insert(node.name.clone(), Arc::new(entry));
}

fn take_service(view: &mut View, service: Arc<Service>) -> Result<(), String> {
    let spec = &service.spec;
    let Some(home) = view.catalog.nodes.get_mut(&service.node) else {
        return Err(format!("service {} on node {}", spec.id, service.node));
    };
    Arc::make_mut(home).services.insert((spec.namespace.clone(), spec.id.clone()), service.clone());
    let name = Name { namespace: spec.namespace.clone(), text: spec.name.clone() };
    let entry = Arc::make_mut(view.catalog.services.entry(name).or_default());
    for tag in &spec.tags {
        *entry.tags.entry(tag.clone()).or_insert(0) += 1;
    }
    entry.instances.insert((service.node.clone(), spec.id.clone()), service.clone());
    Ok(())
}

fn take_check(view: &mut View, check: Arc<Check>) -> Result<(), String> {
    let spec = &check.spec;
    let Some(home) = view.catalog.nodes.get_mut(&check.node) else {
        return Err(format!("check {} on node {}", spec.id, check.node));
    };
    let home = Arc::make_mut(home);
    home.check_owners.insert((spec.namespace.clone(), spec.service_id.clone(), spec.id.clone()));
    home.checks.insert((spec.namespace.clone(), spec.id.clone()), check.clone());
    view.catalog.by_state.insert(StateKey::of(&check), check.clone());
    Ok(())
}
