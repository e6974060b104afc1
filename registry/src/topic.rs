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
    /// The checks that are in this state, or (None) all checks.
    Checks(Namespace, Option<Status>),
    /// One key.
    Key(Name),
    /// Every key that starts with this. One topic, however many keys there are.
    Prefix(Name),
}

/// The topics of one query: nearly always one.
pub type Topics = Vec<Topic>;
