//! The tree against the plain map that it stands for.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::node::FULL;
use super::*;

#[derive(Clone, Debug, PartialEq)]
struct Mark(Name, u64);

impl Item for Mark {
    fn key(&self) -> &Name {
        &self.0
    }

    fn index(&self) -> u64 {
        self.1
    }

    fn weight(&self) -> usize {
        1
    }
}

/// Holds what every node says of itself against what is below it.
fn sound(node: &Node<Mark>, root: bool) -> usize {
    assert!(node.len() <= FULL && (root || node.len() > 0), "{} in a node", node.len());
    let Node::Inner(children) = node else { return 1 };
    let depths: Vec<usize> = children.iter().map(|child| sound(&child.node, false)).collect();
    assert!(depths.windows(2).all(|two| two[0] == two[1]), "leaves at {depths:?}");
    for (at, child) in children.iter().enumerate() {
        assert_eq!(child.sum, child.node.sum());
        let end = children.get(at + 1).map(|next| &next.least);
        let least = match &*child.node {
            Node::Leaf(items) => items[0].key(),
            Node::Inner(children) => &children[0].least,
        };
        assert!(child.least <= *least && end.is_none_or(|end| child.least < *end));
    }
    1 + depths[0]
}

fn key(number: u16) -> Name {
    let namespace =
        if number.is_multiple_of(5) { crate::Namespace::new("blue") } else { crate::Namespace::DEFAULT };
    // Names of several lengths, many of which are beginnings of others.
    let text: String = number.to_string().chars().flat_map(|digit| [digit, '/']).collect();
    Name { namespace, text: text.into() }
}

fn agree(tree: &AugmentedTree<Mark>, map: &BTreeMap<Name, u64>, prefix: &Name) {
    let below = || map.iter().filter(|(key, _)| starts(key, prefix));
    let index = below().map(|(_, index)| *index).max().unwrap_or(0);
    assert_eq!(tree.under(prefix), Sum { index, weight: below().count() }, "under {prefix:?}");
    let listed: Vec<_> = tree
        .from(|key| key < prefix)
        .take_while(|mark| starts(&mark.0, prefix))
        .map(|mark| &mark.0)
        .collect();
    assert_eq!(listed, below().map(|(key, _)| key).collect::<Vec<_>>());
    assert_eq!(tree.get(prefix).map(|mark| mark.1), map.get(prefix).copied());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn it_is_a_map_that_knows_its_highest_index(
        steps in proptest::collection::vec((0u16..3000, 0u8..5), 1..3000), in_order: bool,
    ) {
        let (mut tree, mut map) = (AugmentedTree::default(), BTreeMap::new());
        let mut kept = Vec::new();
        for (index, (number, what)) in (1u64..).zip(&steps) {
            // Now and then many that stand side by side go, so that nodes become thin.
            if *what == 0 && !in_order {
                for number in *number..number.saturating_add(40) {
                    tree.remove(&key(number));
                    map.remove(&key(number));
                }
            } else {
                let name = if in_order { Name::new(&format!("{index:08}")) } else { key(*number) };
                // An old index, as a snapshot brings them.
                let index = if *what == 1 { index / 2 } else { index };
                tree.insert(Mark(name.clone(), index));
                map.insert(name, index);
            }
            if index % 700 == 0 {
                kept.push((tree.clone(), map.clone()));
            }
        }
        kept.push((tree, map));
        // A tree that was taken away earlier is what it was.
        for (tree, map) in &kept {
            sound(&tree.root, true);
            prop_assert_eq!(tree.len(), map.len());
            prop_assert!(tree.iter().map(|mark| (&mark.0, &mark.1)).eq(map));
            for prefix in ["", "1", "1/", "1/2/", "2/9/9/", "9/9/9/9/", "z"] {
                for namespace in [crate::Namespace::DEFAULT, crate::Namespace::new("blue")] {
                    agree(tree, map, &Name { namespace, text: prefix.into() });
                }
            }
        }
    }
}

#[test]
fn keys_that_come_in_order_fill_their_leaves() {
    let mut tree = AugmentedTree::default();
    for number in 0..10_000 {
        tree.insert(Mark(Name::new(&format!("{number:08}")), number));
    }
    let Node::Inner(children) = &*tree.root else { panic!("a leaf of 10,000") };
    assert!(children.len() <= 10_000 / FULL / FULL + 1, "{} children", children.len());
}

#[test]
fn all_can_go_again() {
    let mut tree = AugmentedTree::default();
    (0..5000).for_each(|number| tree.insert(Mark(key(number), 1)));
    (0..5000).for_each(|number| tree.remove(&key(number)));
    assert_eq!((tree.len(), tree.iter().count()), (0, 0));
    assert!(matches!(&*tree.root, Node::Leaf(items) if items.is_empty()));
}
