//! What a reader can wait for.

use std::sync::Arc;

use crate::{Name, Namespace, Status};

/// One thing whose change may change an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The list of nodes with their own records.
    Nodes,
    /// One node and all that it has: services and checks.
    Node(Arc<str>),
    /// Which services there are, and their tags.
    Services(Namespace),
    /// Everything an answer about one service shows: instances, their nodes, their checks.
    Service(Name),
    /// Everything an answer about any service of a namespace shows.
    Instances(Namespace),
    /// The checks that are in this state, or (None) all checks.
    Checks(Namespace, Option<Status>),
    /// One key.
    Key(Name),
    /// Every key that starts with this. One topic, however many keys there are.
    Prefix(Name),
}

/// The topics of one query: nearly always one.
pub type Topics = Vec<Topic>;

impl Topic {
    /// Whether `change` may change the answer of a query that waits for this topic.
    #[must_use]
    pub fn touched_by(&self, change: &crate::Change) -> bool {
        use crate::Change;
        match (self, change) {
            (_, Change::Restored) | (Self::Nodes, Change::Nodes) => true,
            (Self::Node(mine), Change::Node(theirs)) => mine == theirs,
            (Self::Services(mine), Change::Services(theirs)) => mine == theirs,
            (Self::Instances(mine), Change::Service(theirs)) => *mine == theirs.namespace,
            (Self::Service(mine), Change::Service(theirs)) | (Self::Key(mine), Change::Key(theirs)) => {
                mine == theirs
            }
            (Self::Checks(mine, state), Change::Checks(theirs, status)) => {
                mine == theirs && state.is_none_or(|state| state == *status)
            }
            (Self::Prefix(prefix), Change::Key(key)) => {
                prefix.namespace == key.namespace && key.text.starts_with(&*prefix.text)
            }
            _ => false,
        }
    }
}
