//! The nodes: how items come in and go, and what each subtree knows of what is below. Must keep all leaves equally
//! deep and every sum true.

use std::sync::Arc;

use super::{Item, Sum, starts};
use crate::Name;

/// Most items of a leaf and most children of a node.
pub(super) const FULL: usize = 32;
/// A node with fewer is joined with its neighbour.
const THIN: usize = FULL / 4;

#[derive(Clone)]
pub(super) enum Node<T> {
    Leaf(Vec<T>),
    Inner(Vec<Child<T>>),
}

#[derive(Clone)]
pub(super) struct Child<T> {
    /// No key below is less than this.
    pub(super) least: Name,
    pub(super) sum: Sum,
    pub(super) node: Arc<Node<T>>,
}

/// `end`: no key in `node` is equal to it or above it.
pub(super) fn under<T: Item>(node: &Node<T>, prefix: &Name, end: Option<&Name>) -> Sum {
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
pub(super) fn put<T: Item>(node: &mut Node<T>, item: T, last: bool) -> (Option<T>, Option<Node<T>>) {
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
pub(super) fn take<T: Item>(node: &mut Node<T>, key: &Name) -> Option<T> {
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

pub(super) fn place<T: Item>(items: &[T], key: &Name) -> Result<usize, usize> {
    items.binary_search_by(|item| item.key().cmp(key))
}

pub(super) fn child_for<T>(children: &[Child<T>], key: &Name) -> usize {
    children.partition_point(|child| child.least <= *key).saturating_sub(1)
}

impl<T: Item> Node<T> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Leaf(items) => items.len(),
            Self::Inner(children) => children.len(),
        }
    }

    pub(super) fn sum(&self) -> Sum {
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
    pub(super) fn of(node: Arc<Node<T>>) -> Option<Self> {
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

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}
