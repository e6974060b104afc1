//! The health of an instance as its agent sees it.

use muster_healthchecks::Status;

use super::record::LocalCheck;

/// The checks' IDs that mean maintenance begin so.
pub(crate) const NODE_MAINTENANCE: &str = "_node_maintenance";
pub(crate) const SERVICE_MAINTENANCE: &str = "_service_maintenance:";

/// The worst of all, and maintenance above that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aggregate {
    /// All pass.
    Passing,
    /// One warns.
    Warning,
    /// One is critical.
    Critical,
    /// Taken out on purpose.
    Maintenance,
}

impl Aggregate {
    /// The text on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::Maintenance => "maintenance",
        }
    }
}

/// Joins checks into one word.
pub fn aggregate<'c>(checks: impl IntoIterator<Item = &'c LocalCheck>) -> Aggregate {
    let word = |check: &LocalCheck| {
        let id = &check.definition.id;
        if id == NODE_MAINTENANCE || id.starts_with(SERVICE_MAINTENANCE) {
            return Aggregate::Maintenance;
        }
        match check.status {
            Status::Passing => Aggregate::Passing,
            Status::Warning => Aggregate::Warning,
            Status::Critical => Aggregate::Critical,
        }
    };
    checks.into_iter().map(word).max().unwrap_or(Aggregate::Passing)
}
