//! A walk over the items in order.

use std::slice;

use super::Item;
use super::node::{Child, Node};
use crate::Name;

/// Items in order.
pub(crate) struct Iter<'t, T> {
    above: Vec<slice::Iter<'t, Child<T>>>,
    leaf: slice::Iter<'t, T>,
}

impl<'t, T: Item> Iter<'t, T> {
    /// From the first item whose key is not `before` the start.
    pub(super) fn from(root: &'t Node<T>, before: impl Fn(&Name) -> bool) -> Self {
        let mut iter = Self { above: Vec::new(), leaf: [].iter() };
        let mut node = root;
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
