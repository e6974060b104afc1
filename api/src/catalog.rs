//! Catalog registrations as they arrive. Fields that clients send back because they read them are taken and
//! left aside (`_…`); any other unknown field is refused by name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// `PUT /v1/catalog/register`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registration {
    /// The datacenter that is meant; ours if empty.
    pub datacenter: String,
    /// The node's UUID.
    pub id: String,
    /// The node's name.
    pub node: String,
    /// The node's address.
    pub address: String,
    /// Its other addresses by name.
    #[serde(rename = "taggedaddresses")]
    pub tagged_addresses: Option<BTreeMap<String, String>>,
    /// Its metadata.
    #[serde(rename = "nodemeta")]
    pub node_meta: Option<BTreeMap<String, String>>,
    /// Leave the node's own record as it is.
    #[serde(rename = "skipnodeupdate")]
    pub skip_node_update: bool,
    /// An instance on it.
    pub service: Option<Service>,
    /// A check of either.
    pub check: Option<Check>,
    /// More checks.
    pub checks: Option<Vec<Check>>,
    namespace: IgnoredAny,
    token: IgnoredAny,
    writerequest: IgnoredAny,
}

/// `PUT /v1/catalog/deregister`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deregistration {
    /// The datacenter that is meant; ours if empty.
    pub datacenter: String,
    /// The node's name.
    pub node: String,
    /// The instance to remove, if only that.
    #[serde(rename = "serviceid")]
    pub service_id: String,
    /// The check to remove, if only that.
    #[serde(rename = "checkid")]
    pub check_id: String,
    address: IgnoredAny,
    namespace: IgnoredAny,
    token: IgnoredAny,
    writerequest: IgnoredAny,
}

/// An instance.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// Its ID; the name if empty.
    pub id: String,
    /// Its service's name.
    pub service: String,
    /// Consul's kind.
    pub kind: String,
    /// Its tags.
    pub tags: Option<Vec<String>>,
    /// Its own address; the node's if empty.
    pub address: String,
    /// Its other addresses by name.
    #[serde(rename = "taggedaddresses")]
    pub tagged_addresses: Option<BTreeMap<String, Address>>,
    /// Its metadata.
    pub meta: Option<BTreeMap<String, String>>,
    /// Its port; 0 for none.
    pub port: u16,
    /// Its weights in SRV answers.
    pub weights: Option<Weights>,
    /// Whether others may change its tags.
    #[serde(rename = "enabletagoverride")]
    pub enable_tag_override: bool,
    /// Kept as it came.
    pub proxy: Option<Value>,
    /// Kept as it came.
    pub connect: Option<Value>,
    createindex: IgnoredAny,
    modifyindex: IgnoredAny,
    namespace: IgnoredAny,
}

/// An address with its port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    /// An IP address or a name.
    pub address: String,
    /// A port.
    pub port: u16,
}

/// Weights in SRV answers. Where the whole block is missing both are 1; a part that is missing is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// While passing.
    pub passing: i64,
    /// While warning.
    pub warning: i64,
}

impl Weights {
    /// Those of an instance that names none.
    pub const NONE_GIVEN: Self = Self { passing: 1, warning: 1 };
}

/// A check of a node or an instance.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Check {
    /// The node, which must be the registration's.
    pub node: String,
    /// Its ID; the name if empty.
    #[serde(rename = "checkid")]
    pub check_id: String,
    /// Its name.
    pub name: String,
    /// `passing`, `warning` or `critical`; critical if empty.
    pub status: String,
    /// Words about it.
    pub notes: String,
    /// What it last said.
    pub output: String,
    /// The instance that it is about; the node if empty.
    #[serde(rename = "serviceid")]
    pub service_id: String,
    /// `http`, `ttl` and their like.
    #[serde(rename = "type")]
    pub kind: String,
    /// Kept as it came.
    pub definition: Option<Value>,
    servicename: IgnoredAny,
    servicetags: IgnoredAny,
    createindex: IgnoredAny,
    modifyindex: IgnoredAny,
    interval: IgnoredAny,
    timeout: IgnoredAny,
    exposedport: IgnoredAny,
    namespace: IgnoredAny,
}
