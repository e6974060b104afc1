//! An ordered map whose every subtree knows the highest index in it: what changed last under a prefix is a
//! look-up, however many keys there are. Persistent: a clone shares everything and a change copies one path. It
//! must never walk what is under a prefix to answer for it.

use std::fmt;
use std::slice;
use std::sync::Arc;

use crate::Name;

/// Most items of a leaf and most children of a node.
const FULL: usize = 32;
/// A node with fewer is joined with its neighbour.
const THIN: usize = FULL / 4;

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

#[derive(Clone)]
enum Node<T> {
    Leaf(Vec<T>),
    Inner(Vec<Child<T>>),
}

#[derive(Clone)]
struct Child<T> {
    /// No key below is less than this.
    least: Name,
    sum: Sum,
    node: Arc<Node<T>>,
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
                Node::Leaf(items) => return items.get(place(items, key).ok()?),
                Node::Inner(children) => node = &children.get(child_for(children, key))?.node,
            }
        }
    }

    /// Puts an item in, in the place of the one with its key.
    pub(crate) fn insert(&mut self, item: T) {
        let (held, right) = put(Arc::make_mut(&mut self.root), item, true);
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
        take(Arc::make_mut(&mut self.root), key);
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
        let mut iter = Iter { above: Vec::new(), leaf: [].iter() };
        let mut node = &*self.root;
        loop {
            match node {
                Node::Leaf(items) => {
                    let start = items.partition_point(|item| before(item.key()));
                    iter.leaf = items[start..].iter();
                    return iter;
                }
                Node::Inner(children) => {
                    let at = children.partition_point(|child| before(&child.least)).saturating_sub(1);
                    let mut rest = children[at..].iter();
                    let Some(first) = rest.next() else { return iter };
                    iter.above.push(rest);
                    node = &*first.node;
                }
            }
        }
    }

    /// What there is to know of all items whose keys start with `prefix`.
    pub(crate) fn under(&self, prefix: &Name) -> Sum {
        under(&self.root, prefix, None)
    }
}

/// Whether `key` is among those under `prefix`.
pub(crate) fn starts(key: &Name, prefix: &Name) -> bool {
    key.namespace == prefix.namespace && key.text.starts_with(&*prefix.text)
}

/// `end`: no key in `node` is equal to it or above it.
fn under<T: Item>(node: &Node<T>, prefix: &Name, end: Option<&Name>) -> Sum {
    let mut sum = Sum::default();
    match node {
        Node::Leaf(items) => {
            let from = items.partition_point(|item| item.key() < prefix);
            for item in items[from..].iter().take_while(|item| starts(item.key(), prefix)) {
                sum.add(Sum::of(item));
            }
        }
        Node::Inner(children) => {
            let from = children.partition_point(|child| child.least < *prefix).saturating_sub(1);
            for (at, child) in children.iter().enumerate().skip(from) {
                if child.least > *prefix && !starts(&child.least, prefix) {
                    break;
                }
                let end = children.get(at + 1).map(|next| &next.least).or(end);
                // What lies between two keys that start with the prefix starts with it too.
                let whole = child.least >= *prefix && end.is_some_and(|end| starts(end, prefix));
                sum.add(if whole { child.sum } else { under(&child.node, prefix, end) });
            }
        }
    }
    sum
}

/// Puts `item` below `node`; gives what it replaced, and the right half where the node became too full. `last`:
/// nothing stands right of this node.
fn put<T: Item>(node: &mut Node<T>, item: T, last: bool) -> (Option<T>, Option<Node<T>>) {
    match node {
        Node::Leaf(items) => match place(items, item.key()) {
            Ok(at) => (Some(std::mem::replace(&mut items[at], item)), None),
            Err(at) => {
                let grows_in_order = last && at == items.len();
                items.reserve_exact(1);
                items.insert(at, item);
                (None, halve(items, grows_in_order).map(Node::Leaf))
            }
        },
        Node::Inner(children) => {
            let at = child_for(children, item.key());
            let last = last && at + 1 == children.len();
            let Some(child) = children.get_mut(at) else {
                *node = Node::Leaf(vec![item]);
                return (None, None);
            };
            if *item.key() < child.least {
                child.least = item.key().clone();
            }
            let new = Sum::of(&item);
            let (held, right) = put(Arc::make_mut(&mut child.node), item, last);
            child.put(new, held.as_ref());
            if let Some(right) = right {
                child.sum = child.node.sum();
                if let Some(right) = Child::of(Arc::new(right)) {
                    children.insert(at + 1, right);
                }
            }
            (held, halve(children, last).map(Node::Inner))
        }
    }
}

/// Takes the item of `key` out from below `node`.
fn take<T: Item>(node: &mut Node<T>, key: &Name) -> Option<T> {
    match node {
        Node::Leaf(items) => place(items, key).ok().map(|at| items.remove(at)),
        Node::Inner(children) => {
            let at = child_for(children, key);
            let child = children.get_mut(at)?;
            let taken = take(Arc::make_mut(&mut child.node), key)?;
            child.sum.weight -= taken.weight();
            if taken.index() >= child.sum.index {
                child.sum = child.node.sum();
            }
            if child.node.len() < THIN {
                join_neighbours(children, at);
            }
            Some(taken)
        }
    }
}

/// Joins the thin child at `at` with a neighbour, and halves what became too full.
fn join_neighbours<T: Item>(children: &mut Vec<Child<T>>, at: usize) {
    let left = at.saturating_sub(1);
    if left + 1 >= children.len() {
        children.retain(|child| child.node.len() > 0);
        return;
    }
    let right = Arc::unwrap_or_clone(children.remove(left + 1).node);
    let Some(joined) = children.get_mut(left) else { return };
    let half = match (Arc::make_mut(&mut joined.node), right) {
        (Node::Leaf(items), Node::Leaf(more)) => {
            items.extend(more);
            halve(items, false).map(Node::Leaf)
        }
        (Node::Inner(children), Node::Inner(more)) => {
            children.extend(more);
            halve(children, false).map(Node::Inner)
        }
        // All leaves are equally deep.
        (_, other) => Some(other),
    };
    joined.sum = joined.node.sum();
    if let Some(half) = half.and_then(|half| Child::of(Arc::new(half))) {
        children.insert(left + 1, half);
    }
}

/// Cuts off the right half of what is too full. Where keys come in order the left part stays full.
fn halve<I>(list: &mut Vec<I>, in_order: bool) -> Option<Vec<I>> {
    let at = if in_order { FULL } else { list.len() / 2 };
    (list.len() > FULL).then(|| list.split_off(at))
}

fn place<T: Item>(items: &[T], key: &Name) -> Result<usize, usize> {
    items.binary_search_by(|item| item.key().cmp(key))
}

fn child_for<T>(children: &[Child<T>], key: &Name) -> usize {
    children.partition_point(|child| child.least <= *key).saturating_sub(1)
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

impl<T: Item> Node<T> {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(items) => items.len(),
            Self::Inner(children) => children.len(),
        }
    }

    fn sum(&self) -> Sum {
        let mut sum = Sum::default();
        match self {
            Self::Leaf(items) => items.iter().for_each(|item| sum.add(Sum::of(item))),
            Self::Inner(children) => children.iter().for_each(|child| sum.add(child.sum)),
        }
        sum
    }
}

impl<T: Item> Child<T> {
    /// `node` as a child; none where nothing is in it.
    fn of(node: Arc<Node<T>>) -> Option<Self> {
        let least = match &*node {
            Node::Leaf(items) => items.first()?.key().clone(),
            Node::Inner(children) => children.first()?.least.clone(),
        };
        Some(Self { least, sum: node.sum(), node })
    }

    /// Something came in, perhaps in the place of `held`. Looks below only where the highest index went.
    fn put(&mut self, new: Sum, held: Option<&T>) {
        let highest_went = held.is_some_and(|held| held.index() == self.sum.index);
        if new.index < self.sum.index && highest_went {
            self.sum = self.node.sum();
            return;
        }
        self.sum.index = self.sum.index.max(new.index);
        self.sum.weight = self.sum.weight + new.weight - held.map_or(0, Item::weight);
    }
}

/// Items in order.
pub(crate) struct Iter<'t, T> {
    above: Vec<slice::Iter<'t, Child<T>>>,
    leaf: slice::Iter<'t, T>,
}

impl<'t, T> Iterator for Iter<'t, T> {
    type Item = &'t T;

    fn next(&mut self) -> Option<&'t T> {
        loop {
            if let Some(item) = self.leaf.next() {
                return Some(item);
            }
            match self.above.last_mut()?.next().map(|child| &*child.node) {
                Some(Node::Leaf(items)) => self.leaf = items.iter(),
                Some(Node::Inner(children)) => self.above.push(children.iter()),
                None => drop(self.above.pop()),
            }
        }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self::Leaf(Vec::new())
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

#[cfg(test)]
mod tests;
