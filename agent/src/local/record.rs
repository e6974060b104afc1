//! One service or check of this host.

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_healthchecks::Status;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// A service or a check by its ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An instance.
    Service(String),
    /// A check.
    Check(String),
}

impl Key {
    /// Its ID.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Service(id) | Self::Check(id) => id,
        }
    }
}

/// Who defines something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Somebody over HTTP.
    #[default]
    Api,
    /// A configuration file: then a reload may take it away.
    File,
}

/// Why an instance was taken away, for those who ask the catalog later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// Somebody asked for it.
    #[default]
    Asked,
    /// It was critical for longer than it may be.
    Critical,
    /// The files define it no more.
    Files,
    /// The registrator: its container has gone.
    Registrator,
}

impl Cause {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "agent",
            Self::Critical => "critical",
            Self::Files => "files",
            Self::Registrator => "registrator",
        }
    }
}

/// Whether the catalog says the same as we do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// As far as we know.
    Agreed,
    /// It has yet to be told.
    Differs,
    /// It has yet to forget it.
    Gone,
}

/// An instance that was registered here.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalService {
    /// As it was asked for, without its checks.
    pub definition: ServiceDefinition,
    /// Who defines it.
    pub origin: Origin,
    /// Against the catalog.
    pub agreement: Agreement,
    /// Moves with every change, so that a slow answer of the catalog is not taken for a newer state.
    pub revision: u64,
}

/// A check that was registered here.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalCheck {
    /// As it was asked for, with its ID.
    pub definition: CheckDefinition,
    /// The word for its kind on the wire.
    pub kind: &'static str,
    /// Its health now.
    pub status: Status,
    /// What it last said.
    pub output: String,
    /// Its service's name, or empty.
    pub service_name: String,
    /// Its service's tags.
    pub service_tags: Vec<String>,
    /// When it last turned, in milliseconds since 1970 by this host's clock; 0 where that is not known.
    pub since: u64,
    /// Since when it is critical.
    pub critical_since: Option<Instant>,
    /// A change of the output alone waits until then.
    pub output_due: Option<Instant>,
    /// Who defines it.
    pub origin: Origin,
    /// The order of the last report that counted; an earlier one comes too late.
    pub heard: u64,
    /// Against the catalog.
    pub agreement: Agreement,
    /// It is gone, and the catalog knows it as its instance's: there it goes when that goes.
    pub goes_with_service: bool,
    /// Moves with every change but those of the output alone.
    pub revision: u64,
    /// The revision at which its output last changed alone.
    pub words: u64,
}

impl LocalCheck {
    /// The revision of all that it is and says.
    #[must_use]
    pub fn as_of(&self) -> u64 {
        self.revision.max(self.words)
    }
}
