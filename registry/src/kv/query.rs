//! Questions about keys.

use std::sync::Arc;

use super::tree::Entry;
use crate::{Indexed, Name, Query, Topic, Topics, View};

/// One key.
#[derive(Clone, Debug)]
pub struct Get {
    /// Which.
    pub key: Name,
}

impl Query for Get {
    type Answer<'v> = Option<&'v Arc<Entry>>;

    fn topics(&self) -> Topics {
        vec![Topic::Key(self.key.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        match view.kv.entries.get(&self.key) {
            Some(entry) => Indexed { index: entry.modify_index, answer: Some(entry) },
            None => {
                let gone = view.kv.tombstones.get(&self.key).copied().unwrap_or(0);
                Indexed { index: gone.max(view.floor), answer: None }
            }
        }
    }
}

/// Every key that starts with a prefix, in order.
#[derive(Clone, Debug)]
pub struct List {
    /// The prefix, which may be empty.
    pub prefix: Name,
}

impl Query for List {
    type Answer<'v> = Vec<&'v Arc<Entry>>;

    fn topics(&self) -> Topics {
        vec![Topic::Prefix(self.prefix.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let from = self.prefix.clone();
        let answer: Vec<_> = view
            .kv
            .entries
            .range(from..)
            .take_while(|(key, _)| {
                key.namespace == self.prefix.namespace && key.text.starts_with(&*self.prefix.text)
            })
            .map(|(_, entry)| entry)
            .collect();
        Indexed { index: view.kv.index_under(&self.prefix).max(view.floor), answer }
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

impl Query for Keys {
    type Answer<'v> = Vec<&'v str>;

    fn topics(&self) -> Topics {
        vec![Topic::Prefix(self.prefix.clone())]
    }

    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        let listed = List { prefix: self.prefix.clone() }.run(view);
        let mut names: Vec<&str> = Vec::with_capacity(listed.answer.len());
        for entry in listed.answer {
            let cut = self.cut(&entry.key.text);
            if names.last() != Some(&cut) {
                names.push(cut);
            }
        }
        Indexed { index: listed.index, answer: names }
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
