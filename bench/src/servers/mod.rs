//! Servers under measurement: started, waited for, weighed and ended.

pub(crate) mod cluster;
pub(crate) mod floor;
pub(crate) mod knot;
pub(crate) mod nginx;
mod ports;
mod process;

pub(crate) use process::Process;

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// Ours.
    Muster,
    /// The real one.
    Consul,
    /// The fastest server of the same bytes: nginx for HTTP, Knot for DNS, a bare disk for single writes.
    Ceiling,
}
