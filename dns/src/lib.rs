//! Names in, records out, for whatever [`Directory`] it is given. This room knows no HTTP, no consensus, and
//! not who its directory is.

mod answer;
pub mod directory;
mod fit;
mod question;
mod serve;

use std::time::Duration;

pub use directory::{Directory, Health, Instance, NodeFacts};
pub use serve::{Sockets, run};

/// How answers are made.
#[derive(Clone, Debug)]
pub struct Config {
    /// The domain that is ours, without dots at its ends.
    pub domain: String,
    /// The datacenter whose names are answered.
    pub datacenter: String,
    /// Lifetime of answers about nodes.
    pub node_ttl: Duration,
    /// Lifetime of answers about services.
    pub service_ttl: Duration,
    /// Whether an instance that warns is left out.
    pub only_passing: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            domain: "consul".into(),
            datacenter: "dc1".into(),
            node_ttl: Duration::ZERO,
            service_ttl: Duration::ZERO,
            only_passing: false,
        }
    }
}
