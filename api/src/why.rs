//! `/v1/muster/why/<name or ID>`, which Consul does not have: why an instance is, or is not, in an answer.
//! Times are of the leader's clock. Whoever reads it must expect more fields and more words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stamp::Stamp;

/// The whole answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Why {
    /// What was asked for.
    pub name: String,
    /// Only instances with all these tags were asked for.
    pub tags: Vec<String>,
    /// When this was answered, by the clock of the server that answered.
    pub at: Stamp,
    /// No leader was known: this is what the server last knew.
    pub stale: bool,
    /// The instances that are registered.
    pub instances: Vec<Instance>,
    /// How many more there are than are explained here.
    pub more: usize,
    /// Those that went lately and are not back, the last one first.
    pub departed: Vec<Departed>,
    /// What is remembered of departures reaches back to here; nothing where none was forgotten.
    pub remembered_since: Option<Stamp>,
    /// Where nothing is registered: services whose names are like it.
    pub similar: Vec<String>,
    /// Where nothing is registered: a node has this name.
    pub is_node: bool,
}

/// One instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Instance {
    /// Its service.
    pub service: String,
    /// Its ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// Where it runs.
    pub node: String,
    /// Its own address, or its node's.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its metadata.
    pub meta: BTreeMap<String, String>,
    /// Which answers it is in.
    pub found: Found,
    /// Why it is not in one of them; empty where it is in all.
    pub reasons: Vec<Reason>,
    /// The checks that count for it.
    pub checks: Vec<Check>,
    /// The lease of its node's agent.
    pub lease: Lease,
}

/// Which answers an instance is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Found {
    /// `/v1/health/service/<name>?passing`.
    pub passing: bool,
    /// DNS.
    #[serde(rename = "DNS")]
    pub dns: bool,
    /// DNS where `dns_config.only_passing` is set.
    #[serde(rename = "DNSOnlyPassing")]
    pub dns_only_passing: bool,
}

/// One reason why an instance is not in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reason {
    /// Of which sort.
    pub kind: ReasonKind,
    /// In plain words.
    pub text: String,
    /// The check behind it, or empty.
    #[serde(rename = "CheckID", default)]
    pub check_id: String,
}

/// The sorts of reasons, the one that explains most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// It has not the tags that were asked for.
    Tag,
    /// The agent of its node does not renew its lease.
    LeaseLost,
    /// Its node is in maintenance.
    NodeMaintenance,
    /// It is in maintenance itself.
    ServiceMaintenance,
    /// Its container is being stopped.
    Draining,
    /// A check is critical.
    Critical,
    /// A check warns.
    Warning,
    /// DNS cannot ask for such a name.
    DnsName,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

/// One check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Check {
    /// Its ID.
    #[serde(rename = "CheckID")]
    pub id: String,
    /// The name people read.
    pub name: String,
    /// `http`, `ttl`, …, where the agent says so.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Its state.
    pub status: String,
    /// Since when; nothing where it has not turned since servers note times.
    pub since: Option<Stamp>,
    /// What it last said.
    pub output: String,
    /// Words about it.
    pub notes: String,
    /// It is the node's, and counts for all that is on it.
    pub of_node: bool,
}

/// The lease of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Lease {
    /// Whether it is held.
    pub state: LeaseState,
    /// Since when, as the catalog has it.
    pub since: Option<Stamp>,
    /// How long ago the leader last heard the agent, in milliseconds; nothing where the leader could not say.
    pub heard_ms_ago: Option<u64>,
}

/// Whether an agent is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaseState {
    /// The node has no agent: whoever registered it answers for it.
    #[default]
    None,
    /// It is renewed.
    Held,
    /// It is not.
    Lost,
}

/// An instance that went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Departed {
    /// Its service; empty where the node itself was asked for.
    pub service: String,
    /// Its ID.
    #[serde(rename = "ID")]
    pub id: String,
    /// Where it ran.
    pub node: String,
    /// Its own address, if it had one.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// Its metadata.
    pub meta: BTreeMap<String, String>,
    /// When.
    pub at: Option<Stamp>,
    /// What it is owed to: `catalog`, `agent`, `critical`, `files`, `registrator`, `left`, `force-leave`, `reaped`,
    /// `renamed`; empty where nobody said.
    pub by: String,
    /// The same in plain words.
    pub text: String,
}
