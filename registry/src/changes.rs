//! What one apply touched, exactly.

use std::sync::Arc;

use crate::{Name, Namespace, Status};

/// One thing that changed. Prefix topics are matched against [`Change::Key`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The node list or a node's own record.
    Nodes,
    /// Something of this node.
    Node(Arc<str>),
    /// A service appeared or went, or the union of its tags changed.
    Services(Namespace),
    /// Something that an answer about this service shows.
    Service(Name),
    /// The set of checks in this state, or one of them.
    Checks(Namespace, Status),
    /// A key.
    Key(Name),
    /// Everything: the state was replaced by a snapshot.
    Restored,
}

/// The changes of one apply: sorted, without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes(pub std::collections::BTreeSet<Change>);

impl Changes {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes in order.
    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// Takes in the changes of another apply.
    pub fn merge(&mut self, other: Changes) {
        self.0.extend(other.0);
    }
}

impl Changes {
    pub(crate) fn touch(&mut self, change: Change) {
        self.0.insert(change);
    }
}
