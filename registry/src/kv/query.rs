//! Questions about keys.

use std::sync::Arc;

use super::augmented::{Item, starts};
use super::tree::Entry;
use crate::{Name, Query, Topic, Topics, View, Watched};

/// One key.
#[derive(Clone, Debug)]
pub struct Get {
    /// Which.
    pub key: Name,
}

impl Watched for Get {
    fn topics(&self) -> Topics {
        vec![Topic::Key(self.key.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        match view.kv.entries.get(&self.key) {
            Some(entry) => entry.modify_index,
            None => view.kv.tombstones.get(&self.key).map_or(0, |lost| lost.index).max(view.floor),
        }
    }

    fn size(&self, view: &View) -> usize {
        view.kv.entries.get(&self.key).map_or(0, Item::weight)
    }
}

impl Query for Get {
    type Answer<'v> = Option<&'v Arc<Entry>>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        view.kv.entries.get(&self.key)
    }
}

/// Every key that starts with a prefix, in order.
#[derive(Clone, Debug)]
pub struct List {
    /// The prefix, which may be empty.
    pub prefix: Name,
}

impl Watched for List {
    fn topics(&self) -> Topics {
        vec![Topic::Prefix(self.prefix.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.kv.index_under(&self.prefix).max(view.floor)
    }

    fn size(&self, view: &View) -> usize {
        view.kv.entries.under(&self.prefix).weight
    }
}

impl Query for List {
    type Answer<'v> = Vec<&'v Arc<Entry>>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        view.kv.under(&self.prefix).collect()
    }
}

/// The names of the keys that start with a prefix, cut after the first separator behind it, without repeats.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The prefix, which may be empty.
    pub prefix: Name,
    /// Where to cut, if at all.
    pub separator: Option<Arc<str>>,
}

impl Watched for Keys {
    fn topics(&self) -> Topics {
        vec![Topic::Prefix(self.prefix.clone())]
    }

    fn index(&self, view: &View) -> u64 {
        view.kv.index_under(&self.prefix).max(view.floor)
    }

    fn size(&self, view: &View) -> usize {
        view.kv.entries.under(&self.prefix).weight
    }
}

impl Query for Keys {
    type Answer<'v> = Vec<&'v str>;

    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v> {
        let mut names: Vec<&str> = Vec::new();
        let mut rest = view.kv.entries.from(|key| *key < self.prefix);
        while let Some(entry) = rest.next().filter(|entry| starts(&entry.key, &self.prefix)) {
            let cut = self.cut(&entry.key.text);
            if names.last() == Some(&cut) {
                // The rest of what is cut to the same name is not walked but passed over.
                rest = view.kv.entries.from(|key| *key <= entry.key || cut_to(key, &self.prefix, cut));
            } else {
                names.push(cut);
            }
        }
        names
    }
}

impl Keys {
    fn cut<'v>(&self, key: &'v str) -> &'v str {
        let Some(separator) = self.separator.as_deref().filter(|text| !text.is_empty()) else { return key };
        let behind = self.prefix.text.len();
        match key.get(behind..).and_then(|rest| rest.find(separator)) {
            Some(at) => &key[..behind + at + separator.len()],
            None => key,
        }
    }
}

/// Whether `key` is one of those of the prefix's tenant that start with `cut`.
fn cut_to(key: &Name, prefix: &Name, cut: &str) -> bool {
    key.namespace == prefix.namespace && key.text.starts_with(cut)
}
