//! Bodies as they arrive: keys in any case and with or without underscores, as Consul takes them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::error::ApiError;

/// Objects whose own keys are the user's: they are left as they came.
const FREE: [&str; 7] = ["meta", "nodemeta", "taggedaddresses", "header", "proxy", "connect", "definition"];

/// Deepest nesting that is looked into.
const DEPTH: usize = 32;

pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let failed = |error: serde_json::Error| {
        // Consul's decoder calls a body that stops early an unexpected EOF.
        let text = if error.is_eof() { "unexpected EOF".to_owned() } else { error.to_string() };
        ApiError::BadRequest(format!("Request decode failed: {text}"))
    };
    if body.is_empty() {
        return Err(ApiError::BadRequest("Request decode failed: EOF".into()));
    }
    let value: Value = serde_json::from_slice(body).map_err(failed)?;
    serde_json::from_value(normalise(value, DEPTH)).map_err(failed)
}

fn normalise(value: Value, depth: usize) -> Value {
    match value {
        Value::Object(map) if depth > 0 => {
            let pairs = map.into_iter().map(|(key, value)| {
                let key = key.replace('_', "").to_ascii_lowercase();
                let value = if FREE.contains(&key.as_str()) {
                    addresses(&key, value)
                } else {
                    normalise(value, depth - 1)
                };
                (key, value)
            });
            Value::Object(pairs.collect())
        }
        Value::Array(items) if depth > 0 => {
            Value::Array(items.into_iter().map(|item| normalise(item, depth - 1)).collect())
        }
        other => other,
    }
}

/// Tagged addresses are the user's names over objects of ours.
fn addresses(key: &str, value: Value) -> Value {
    match value {
        Value::Object(map) if key == "taggedaddresses" => {
            Value::Object(map.into_iter().map(|(name, value)| (name, normalise(value, 1))).collect())
        }
        other => other,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Registration {
    pub(super) datacenter: String,
    pub(super) id: String,
    pub(super) node: String,
    pub(super) address: String,
    #[serde(rename = "taggedaddresses")]
    pub(super) tagged_addresses: Option<BTreeMap<String, String>>,
    #[serde(rename = "nodemeta")]
    pub(super) node_meta: Option<BTreeMap<String, String>>,
    #[serde(rename = "skipnodeupdate")]
    pub(super) skip_node_update: bool,
    pub(super) service: Option<Service>,
    pub(super) check: Option<Check>,
    pub(super) checks: Option<Vec<Check>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Deregistration {
    pub(super) datacenter: String,
    pub(super) node: String,
    #[serde(rename = "serviceid")]
    pub(super) service_id: String,
    #[serde(rename = "checkid")]
    pub(super) check_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Service {
    pub(super) id: String,
    pub(super) service: String,
    pub(super) kind: String,
    pub(super) tags: Option<Vec<String>>,
    pub(super) address: String,
    #[serde(rename = "taggedaddresses")]
    pub(super) tagged_addresses: Option<BTreeMap<String, Address>>,
    pub(super) meta: Option<BTreeMap<String, String>>,
    pub(super) port: u16,
    pub(super) weights: Option<Weights>,
    #[serde(rename = "enabletagoverride")]
    pub(super) enable_tag_override: bool,
    pub(super) proxy: Option<Value>,
    pub(super) connect: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    pub(super) address: String,
    pub(super) port: u16,
}

#[derive(Debug, Deserialize)]
pub(super) struct Weights {
    pub(super) passing: u32,
    pub(super) warning: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Check {
    pub(super) node: String,
    #[serde(rename = "checkid")]
    pub(super) check_id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) notes: String,
    pub(super) output: String,
    #[serde(rename = "serviceid")]
    pub(super) service_id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) definition: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_any_case_and_the_user_s_own_stay_as_they_are() {
        let body = br#"{"node":"n","ADDRESS":"a","node_meta":{"Some_Key":"v"},
            "Service":{"Service":"web","tagged_addresses":{"Lan_X":{"ADDRESS":"b","port":1}}}}"#;
        let asked: Registration = decode(body).unwrap();
        assert_eq!((asked.node.as_str(), asked.address.as_str()), ("n", "a"));
        assert_eq!(asked.node_meta.unwrap()["Some_Key"], "v");
        assert_eq!(asked.service.unwrap().tagged_addresses.unwrap()["Lan_X"].address, "b");
    }

    #[test]
    fn what_is_no_json_is_told_so() {
        for (body, text) in [("{", "unexpected EOF"), ("", "EOF"), ("[1", "unexpected EOF")] {
            let error = decode::<Registration>(body.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("Request decode failed: {text}"));
        }
        assert!(decode::<Registration>(br#"{"Node":5}"#).is_err());
    }
}
