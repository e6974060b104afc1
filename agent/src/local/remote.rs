//! What the catalog says of this node, as far as it is compared with what is true here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What the catalog says of this node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remote {
    /// The node's record, if it is there.
    pub node: Option<RemoteNode>,
    /// Its instances, by ID.
    pub services: BTreeMap<String, RemoteService>,
    /// Its checks, by ID.
    pub checks: BTreeMap<String, RemoteCheck>,
}

/// A node as the catalog shows it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RemoteNode {
    /// Its UUID.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its address.
    pub address: String,
    /// Its metadata.
    pub meta: Option<BTreeMap<String, String>>,
}

/// An instance as the catalog shows it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RemoteService {
    /// Its ID.
    #[serde(rename = "ID")]
    pub id: String,
    pub(super) service: String,
    pub(super) kind: String,
    pub(super) tags: Option<Vec<String>>,
    pub(super) address: String,
    pub(super) tagged_addresses: Option<BTreeMap<String, RemoteAddress>>,
    pub(super) meta: Option<BTreeMap<String, String>>,
    pub(super) port: u16,
    pub(super) weights: RemoteWeights,
    pub(super) enable_tag_override: bool,
    pub(super) proxy: Option<Value>,
    pub(super) connect: Option<Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RemoteAddress {
    pub(super) address: String,
    pub(super) port: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct RemoteWeights {
    pub(super) passing: i64,
    pub(super) warning: i64,
}

/// A check as the catalog shows it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RemoteCheck {
    /// Its ID.
    #[serde(rename = "CheckID")]
    pub id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) notes: String,
    pub(super) output: String,
    #[serde(rename = "ServiceID")]
    pub(super) service_id: String,
}
