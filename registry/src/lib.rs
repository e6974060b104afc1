//! What the catalog and the KV store *mean*: the replicated state machine of Muster.
//!
//! Commands go in; a response and the exact set of what changed come out. This crate knows no clock,
//! no chance, no I/O, no async and no JSON: time and identifiers arrive inside the command, so that the
//! same commands give the same bytes on every replica.

mod applied;
pub mod catalog;
pub mod cause;
pub mod changes;
pub mod command;
pub mod health;
pub mod kv;
pub mod name;
pub mod query;
pub mod response;
pub mod snapshot;
pub mod status;
pub mod topic;
pub mod view;

pub use applied::{Applied, Registry};
pub use cause::Cause;
pub use changes::{Change, Changes};
pub use command::{Command, Single};
pub use name::{Name, Namespace};
pub use query::{Indexed, Query, Watched};
pub use response::{Rejected, Response};
pub use status::Status;
pub use topic::{Topic, Topics};
pub use view::View;
