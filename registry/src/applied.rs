//! The state machine itself: one command in, one response and its changes out.

use crate::catalog::apply as catalog;
use crate::command::{Command, Dated, Order};
use crate::kv::apply as kv;
use crate::{Cause, Changes, Response, View};

/// What one apply gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The answer for whoever proposed the command.
    pub response: Response,
    /// What it touched, exactly.
    pub changes: Changes,
}

/// The replicated state and its only writer.
#[derive(Debug, Default)]
pub struct Registry {
    view: View,
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A registry that goes on from `view`.
    #[must_use]
    pub fn from_view(view: View) -> Self {
        Self { view }
    }

    /// The state now. Cloning it costs the same however much it holds.
    #[must_use]
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Applies `command` as entry `index` of the log. Total and deterministic: the same index and command
    /// on the same state give the same bytes on every replica. A refusal is a response and changes nothing.
    pub fn apply(&mut self, index: u64, command: &Command) -> Applied {
        let mut changes = Changes::default();
        self.view.index = self.view.index.max(index);
        let response =
            run(&mut self.view, index, command, Cause::Unsaid, &mut changes, |view, singles, by, changes| {
                let mut last = Response::Done;
                for single in singles {
                    last = run(view, index, single, by, changes, |_, never, _, _| match *never {});
                }
                last
            });
        Applied { response, changes }
    }
}

fn run<B>(
    view: &mut View,
    index: u64,
    order: &Order<B>,
    by: Cause,
    changes: &mut Changes,
    batch: impl Fn(&mut View, &B, Cause, &mut Changes) -> Response,
) -> Response {
    match order {
        Order::Noop => Response::Done,
        Order::Register(registration) => catalog::register(view, index, registration, changes),
        Order::Deregister(which) => catalog::deregister(view, index, which, by, changes),
        Order::Kv(change) => kv::apply(view, index, change, changes),
        Order::CompactTombstones { up_to } => {
            view.forget_tombstones(*up_to);
            Response::Done
        }
        Order::Batch(orders) => {
            batch(view, orders, by, changes);
            Response::Done
        }
        Order::SetCheck(set) => catalog::set_check(view, index, set, changes),
        Order::Dated(Dated { at, by, orders }) => {
            view.time = view.time.max(*at);
            batch(view, orders, *by, changes)
        }
    }
}
