//! The tree of keys.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::Name;

/// One key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub key: Name,
    /// Its value.
    pub value: Arc<[u8]>,
    /// The client's own number beside it.
    pub flags: u64,
    /// How often it was locked.
    pub lock_index: u64,
    /// The session that holds it, or empty.
    pub session: Arc<str>,
    /// The index at which it came.
    pub create_index: u64,
    /// The index at which it last changed.
    pub modify_index: u64,
}

/// Every key, and when the keys went that are not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tree {
    pub(crate) entries: OrdMap<Name, Arc<Entry>>,
    pub(crate) tombstones: OrdMap<Name, u64>,
}

impl Tree {
    /// The keys that start with `prefix`, in order.
    pub(crate) fn under<'v>(&'v self, prefix: &'v Name) -> impl Iterator<Item = &'v Arc<Entry>> + 'v {
        self.entries
            .range(prefix.clone()..)
            .take_while(|(key, _)| starts(key, prefix))
            .map(|(_, entry)| entry)
    }

    /// The last change under `prefix`, deletions included.
    pub(crate) fn index_under(&self, prefix: &Name) -> u64 {
        let live = self.under(prefix).map(|entry| entry.modify_index).max().unwrap_or(0);
        let gone = self
            .tombstones
            .range(prefix.clone()..)
            .take_while(|(key, _)| starts(key, prefix))
            .map(|(_, index)| *index)
            .max()
            .unwrap_or(0);
        live.max(gone)
    }
}

fn starts(key: &Name, prefix: &Name) -> bool {
    key.namespace == prefix.namespace && key.text.starts_with(&*prefix.text)
}
