//! A read that is ready to be asked: what it depends on, and how its answer is made from a view. It has taken
//! all that it needs from the request, so that it can be kept and asked again. It must never hold a view.

use std::sync::Arc;

use muster_api::{ApiError, Reply};
use muster_registry::{Topics, View, Watched};

type Render = dyn Fn(&View) -> Result<Reply, ApiError> + Send + Sync;

/// What an endpoint makes of a request that reads.
pub(crate) struct Question {
    watched: Arc<dyn Watched + Send + Sync>,
    render: Box<Render>,
    /// Bytes that it holds beyond what its words account for.
    weight: usize,
}

impl Question {
    /// A question that depends on what `query` depends on, and whose answer `render` makes.
    pub(crate) fn new<Q, F>(query: Q, render: F) -> Self
    where
        Q: Watched + Send + Sync + 'static,
        F: Fn(&Q, &View) -> Result<Reply, ApiError> + Send + Sync + 'static,
    {
        let query = Arc::new(query);
        Self { watched: query.clone(), render: Box::new(move |view| render(&query, view)), weight: 0 }
    }

    /// The same question, which holds so many bytes besides.
    pub(crate) fn weighing(self, bytes: usize) -> Self {
        Self { weight: self.weight + bytes, ..self }
    }

    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    pub(super) fn topics(&self) -> Topics {
        self.watched.topics()
    }

    /// The index of the answer. While it is the same, so is the answer.
    pub(super) fn index(&self, view: &View) -> u64 {
        self.watched.index(view)
    }

    /// About how many bytes the answer has, without making it.
    pub(super) fn size(&self, view: &View) -> usize {
        self.watched.size(view)
    }

    pub(crate) fn render(&self, view: &View) -> Result<Reply, ApiError> {
        (self.render)(view)
    }
}
