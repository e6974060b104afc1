//! An ordered map whose every subtree knows the highest index in it: what changed last under a prefix is a
//! look-up, however many keys there are. Persistent: a clone shares everything and a change copies one path. It
//! must never walk what is under a prefix to answer for it.

mod iter;
mod node;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub(crate) use iter::Iter;
use node::{Child, Node};

use crate::Name;

/// What a tree can hold.
pub(crate) trait Item: Clone {
    /// What it is found by.
    fn key(&self) -> &Name;
    /// When it last changed.
    fn index(&self) -> u64;
    /// About how many bytes it has.
    fn weight(&self) -> usize;
}

/// What a subtree knows of the items below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// The highest index.
    pub(crate) index: u64,
    /// The bytes of all together.
    pub(crate) weight: usize,
}

/// The map.
#[derive(Clone)]
pub(crate) struct AugmentedTree<T> {
    root: Arc<Node<T>>,
    len: usize,
}

impl<T: Item> AugmentedTree<T> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The item of this key.
    pub(crate) fn get(&self, key: &Name) -> Option<&T> {
        let mut node = &self.root;
        loop {
            match &**node {
                Node::Leaf(items) => return items.get(node::place(items, key).ok()?),
                Node::Inner(children) => node = &children.get(node::child_for(children, key))?.node,
            }
        }
    }

    /// Puts an item in, in the place of the one with its key.
    pub(crate) fn insert(&mut self, item: T) {
        let (held, right) = node::put(Arc::make_mut(&mut self.root), item, true);
        self.len += usize::from(held.is_none());
        if let Some(right) = right {
            let left = std::mem::take(&mut self.root);
            let both = [Child::of(left), Child::of(Arc::new(right))];
            self.root = Arc::new(Node::Inner(both.into_iter().flatten().collect()));
        }
    }

    /// Takes the item of this key out.
    pub(crate) fn remove(&mut self, key: &Name) {
        if self.get(key).is_none() {
            return;
        }
        node::take(Arc::make_mut(&mut self.root), key);
        self.len -= 1;
        while let Node::Inner(children) = &*self.root {
            match children.as_slice() {
                [] => self.root = Arc::default(),
                [only] => self.root = only.node.clone(),
                _ => break,
            }
        }
    }

    /// Every item in order.
    pub(crate) fn iter(&self) -> Iter<'_, T> {
        self.from(|_| false)
    }

    /// The items in order, from the first whose key is not `before` it. All keys that are stand first.
    pub(crate) fn from(&self, before: impl Fn(&Name) -> bool) -> Iter<'_, T> {
        Iter::from(&self.root, before)
    }

    /// What there is to know of all items whose keys start with `prefix`.
    pub(crate) fn under(&self, prefix: &Name) -> Sum {
        node::under(&self.root, prefix, None)
    }
}

/// Whether `key` is among those under `prefix`.
pub(crate) fn starts(key: &Name, prefix: &Name) -> bool {
    key.namespace == prefix.namespace && key.text.starts_with(&*prefix.text)
}

impl Sum {
    fn of<T: Item>(item: &T) -> Self {
        Self { index: item.index(), weight: item.weight() }
    }

    fn add(&mut self, other: Self) {
        self.index = self.index.max(other.index);
        self.weight += other.weight;
    }
}

impl<T> Default for AugmentedTree<T> {
    fn default() -> Self {
        Self { root: Arc::default(), len: 0 }
    }
}

/// Two are equal that hold the same, however they came by it.
impl<T: Item + PartialEq> PartialEq for AugmentedTree<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Item + fmt::Debug> fmt::Debug for AugmentedTree<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
