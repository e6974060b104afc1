//! What went lately, and why: a bounded memory for those who ask where something is. Nothing else depends on it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::record::Service;
use super::state::LocalId;
use crate::{Cause, View};

/// How many departures are remembered; the oldest go first.
pub const DEPARTURES: usize = 1024;

/// An instance, or a node, that went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Departure {
    /// When, in milliseconds since 1970 by the leader's clock; 0 where it is not known.
    pub at: u64,
    /// By which entry of the log.
    pub index: u64,
    /// What it is owed to.
    pub by: Cause,
    /// The node, or the node on which it was.
    pub node: Arc<str>,
    /// The instance as it was; nothing where the node itself went.
    pub service: Option<Arc<Service>>,
}

/// Notes that a node goes, and all its instances with it. It must still be there.
pub(super) fn node(view: &mut View, index: u64, by: Cause, name: &Arc<str>) {
    let Some(entry) = view.catalog.nodes.get(name).cloned() else { return };
    for service in entry.services.values() {
        note(view, index, by, &entry.node.name, Some(service.clone()));
    }
    note(view, index, by, &entry.node.name, None);
}

/// Notes that an instance goes. It must still be there.
pub(super) fn service(view: &mut View, index: u64, by: Cause, node: &Arc<str>, local: &LocalId) {
    let held = view.catalog.nodes.get(node).and_then(|entry| entry.services.get(local)).cloned();
    if let Some(held) = held {
        let node = held.node.clone();
        note(view, index, by, &node, Some(held));
    }
}

fn note(view: &mut View, index: u64, by: Cause, node: &Arc<str>, service: Option<Arc<Service>>) {
    let departure = Departure { at: view.time, index, by, node: node.clone(), service };
    let departed = &mut view.catalog.departed;
    departed.push_back(Arc::new(departure));
    while departed.len() > DEPARTURES {
        departed.pop_front();
    }
}
