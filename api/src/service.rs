//! A service's definition as it arrives at an agent: from the HTTP API, from a configuration file, or from
//! the agent's own disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::{Address, Weights};
use crate::check::CheckDefinition;

/// An instance with its checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceDefinition {
    /// Its ID on its node; the name if empty.
    #[serde(alias = "serviceid")]
    pub id: String,
    /// Its service's name.
    #[serde(alias = "service")]
    pub name: String,
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
    /// Whether others may change its tags in the catalog.
    #[serde(rename = "enabletagoverride")]
    pub enable_tag_override: bool,
    /// Kept as it came.
    pub proxy: Option<Value>,
    /// Kept as it came.
    pub connect: Option<Value>,
    /// One check.
    pub check: Option<CheckDefinition>,
    /// More checks.
    pub checks: Option<Vec<CheckDefinition>>,
    /// Taken and left aside.
    #[serde(skip_serializing)]
    pub token: serde::de::IgnoredAny,
}

impl ServiceDefinition {
    /// Its checks, whichever way they came.
    #[must_use]
    pub fn take_checks(&mut self) -> Vec<CheckDefinition> {
        self.check.take().into_iter().chain(self.checks.take().into_iter().flatten()).collect()
    }
}

/// The most pairs of metadata, and the longest key and value.
const META_PAIRS: usize = 64;
const META_KEY: usize = 128;
const META_VALUE: usize = 512;

/// Whether an instance may have this metadata.
///
/// # Errors
/// In Consul's words: the first pair that it may not have, or that there are too many.
pub fn check_meta(pairs: &BTreeMap<String, String>) -> Result<(), String> {
    if pairs.len() > META_PAIRS {
        return Err(format!("Node metadata cannot contain more than {META_PAIRS} key/value pairs"));
    }
    for (key, value) in pairs {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let why = if key.is_empty() {
            "Key cannot be blank".to_owned()
        } else if !key.chars().all(plain) {
            "Key contains invalid characters".to_owned()
        } else if key.starts_with("consul-") {
            "Key prefix 'consul-' is reserved for internal use".to_owned()
        } else if key.len() > META_KEY {
            format!("Key is too long (limit: {META_KEY} characters)")
        } else if value.len() > META_VALUE {
            format!("Value is too long (limit: {META_VALUE} characters)")
        } else {
            continue;
        };
        return Err(format!("Couldn't load metadata pair ('{key}', '{value}'): {why}"));
    }
    Ok(())
}
