//! The tree of keys.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::augmented::{AugmentedTree, Item, starts};
use crate::Name;

/// What an entry takes in an answer besides its key and value.
const AROUND: usize = 128;

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

/// A key that is not there any more, and when it went.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lost {
    pub(crate) key: Name,
    pub(crate) index: u64,
}

/// Every key, and when the keys went that are not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tree {
    pub(crate) entries: AugmentedTree<Arc<Entry>>,
    pub(crate) tombstones: AugmentedTree<Lost>,
}

impl Tree {
    /// The keys that start with `prefix`, in order.
    pub(crate) fn under<'v>(&'v self, prefix: &Name) -> impl Iterator<Item = &'v Arc<Entry>> {
        self.entries.from(|key| key < prefix).take_while(|entry| starts(&entry.key, prefix))
    }

    /// The last change under `prefix`, deletions included. Costs the same however many keys are there.
    pub(crate) fn index_under(&self, prefix: &Name) -> u64 {
        self.entries.under(prefix).index.max(self.tombstones.under(prefix).index)
    }
}

impl Item for Arc<Entry> {
    fn key(&self) -> &Name {
        &self.key
    }

    fn index(&self) -> u64 {
        self.modify_index
    }

    fn weight(&self) -> usize {
        AROUND + self.key.text.len() + self.value.len() / 3 * 4
    }
}

impl Item for Lost {
    fn key(&self) -> &Name {
        &self.key
    }

    fn index(&self) -> u64 {
        self.index
    }

    fn weight(&self) -> usize {
        0
    }
}
