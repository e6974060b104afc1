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

/// What can be waited for: the part of a query that a waiter and a kept answer need, whatever the answer is.
pub trait Watched {
    /// What it depends on.
    fn topics(&self) -> Topics;
    /// The index of the answer, without making the answer. An answer is the same while its index is.
    fn index(&self, view: &View) -> u64;
    /// About how many bytes the answer may have, or is made from; costs a look-up, as the index does.
    fn size(&self, view: &View) -> usize;
}

/// A question about the state.
pub trait Query: Watched {
    /// Its answer, borrowed from the view.
    type Answer<'v>;
    /// Makes the answer. Total and pure.
    fn answer<'v>(&self, view: &'v View) -> Self::Answer<'v>;

    /// The answer with its index.
    fn run<'v>(&self, view: &'v View) -> Indexed<Self::Answer<'v>> {
        Indexed { index: self.index(view), answer: self.answer(view) }
    }
}
