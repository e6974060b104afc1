//! `/v1/muster/agent/checks` and `/v1/muster/agent/services`, which Consul does not have: what an agent itself knows
//! of its host. Times are of the host's clock. Whoever reads it must expect more fields and more words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stamp::Stamp;

/// The checks of a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Checks {
    /// The host's node.
    pub node: String,
    /// When this was answered.
    pub at: Stamp,
    /// Its checks, by ID.
    pub checks: Vec<Check>,
}

/// The instances of a host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Services {
    /// The host's node.
    pub node: String,
    /// Its address, which is that of instances that have none of their own.
    pub address: String,
    /// When this was answered.
    pub at: Stamp,
    /// Its instances, by ID.
    pub services: Vec<Service>,
}

/// Where something was defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefinedBy {
    /// Over HTTP.
    #[default]
    Api,
    /// In a configuration file.
    File,
    /// By the registrator, for a container.
    Registrator,
}

impl DefinedBy {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::File => "file",
            Self::Registrator => "registrator",
        }
    }
}

/// A check as its agent knows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Check {
    /// Its ID.
    #[serde(rename = "CheckID")]
    pub id: String,
    /// The name people read.
    pub name: String,
    /// The word for its kind.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Its state.
    pub status: String,
    /// Since when, a restart of the agent notwithstanding; nothing where that is not known.
    pub since: Option<Stamp>,
    /// What it last said.
    pub output: String,
    /// Words about it.
    pub notes: String,
    /// The instance that it is about; empty for the node.
    #[serde(rename = "ServiceID")]
    pub service_id: String,
    /// Its service.
    pub service_name: String,
    /// Who defines it.
    pub defined_by: DefinedBy,
    /// The configuration file that does, if one does.
    pub file: String,
    /// Whether the catalog was told of it as it is.
    pub told: bool,
    /// It runs now.
    pub running: bool,
    /// Milliseconds until it runs next, or until a TTL check lapses.
    pub next_in_ms: Option<u64>,
    /// Good results in a row, as far as they were counted.
    pub successes_in_a_row: Option<u32>,
    /// Bad results in a row, as far as they were counted.
    pub failures_in_a_row: Option<u32>,
    /// Good results in a row that it takes to pass.
    pub success_before_passing: i64,
    /// Bad results in a row that it takes to warn; 0 where it never does on the way.
    pub failures_before_warning: i64,
    /// Bad results in a row that it takes to be critical.
    pub failures_before_critical: i64,
}

/// An instance as its agent knows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Service {
    /// Its service.
    pub service: String,
    /// Its ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its own address, or empty.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its metadata.
    pub meta: BTreeMap<String, String>,
    /// Who defines it.
    pub defined_by: DefinedBy,
    /// The configuration file that does, if one does.
    pub file: String,
    /// Whether the catalog was told of it as it is.
    pub told: bool,
    /// The worst of its checks and the node's; `maintenance` is worse than all.
    pub status: String,
}

/// The marks of the registrator in the metadata of an instance.
pub mod marks {
    /// Which registrator owns it: the name of its host.
    pub const OWNER: &str = "registrator";
    /// Its container's ID.
    pub const CONTAINER: &str = "registrator-container";
    /// Its container's name.
    pub const CONTAINER_NAME: &str = "registrator-container-name";
    /// The name of the check that the registrator keeps of a container.
    pub const STATE: &str = "Container state";
}
