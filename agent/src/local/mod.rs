//! What is true on this host: pure, driven by hand in tests. Time is an argument.

mod health;
mod record;
mod remote;
mod state;
mod sync;

pub use health::{Aggregate, aggregate};
pub(crate) use health::{NODE_MAINTENANCE, SERVICE_MAINTENANCE};
pub use record::{Agreement, Cause, Key, LocalCheck, LocalService, Origin};
pub use remote::{Remote, RemoteCheck, RemoteNode, RemoteService};
pub use state::{Change, LocalState};
pub use sync::{Action, Identity, compare, plan};
