//! How fresh a read must be.

use std::time::Duration;

/// The three modes of a read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadMode {
    /// As fresh as the leader within its lease.
    #[default]
    Default,
    /// Confirmed by a quorum for this very read.
    Consistent,
    /// Whatever the server at hand has.
    Stale {
        /// Not older than this, if given.
        max_stale: Option<Duration>,
    },
}
