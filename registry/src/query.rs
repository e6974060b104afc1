//! The keystone: a query names what it depends on and runs on a view.
//!
//! Two promises, proven by one property test over all queries: if an answer differs between two views, the
//! changes between them touch one of its topics and its index moved (no lost wake-up); if no topic was
//! touched, answer and index are the same (no herd).

use crate::{Topics, View};

/// An answer with the index that belongs to what was asked, never to the whole table.
#[derive(Clone, Debug, PartialEq)]
pub struct Indexed<A> {
    /// The last index at which this answer may have changed. 0 only where nothing ever was.
    pub index: u64,
    /// The answer.
    pub answer: A,
}

/// A question about the state.
pub trait Query {
    /// Its answer, borrowed from the view.
    type Answer<'v>;
    /// What it depends on.
    fn topics(&self) -> Topics;
    /// Runs it. Total and pure.
    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>>;
}
