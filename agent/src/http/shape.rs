//! Local services and checks as JSON. Names and order of the fields are Consul's.

use std::collections::BTreeMap;

use muster_api::catalog::{Address, Weights};
use muster_api::service::ServiceDefinition;
use serde::Serialize;
use serde_json::{Value, json};

use crate::local::LocalCheck;

/// An instance as `/v1/agent/services` shows it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ServiceShape<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    #[serde(rename = "ID")]
    id: &'a str,
    service: &'a str,
    tags: &'a [String],
    meta: BTreeMap<&'a str, &'a str>,
    port: u16,
    address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tagged_addresses: Option<BTreeMap<&'a str, AddressShape<'a>>>,
    weights: WeightsShape,
    enable_tag_override: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<&'a Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AddressShape<'a> {
    address: &'a str,
    port: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WeightsShape {
    passing: i64,
    warning: i64,
}

impl<'a> ServiceShape<'a> {
    pub(super) fn new(service: &'a ServiceDefinition) -> Self {
        let Weights { passing, warning } = service.weights.unwrap_or(Weights::NONE_GIVEN);
        let address = |(name, at): (&'a String, &'a Address)| {
            (name.as_str(), AddressShape { address: &at.address, port: at.port })
        };
        let pairs = service.meta.iter().flatten();
        Self {
            kind: &service.kind,
            id: &service.id,
            service: &service.name,
            tags: service.tags.as_deref().unwrap_or_default(),
            meta: pairs.map(|(key, value)| (key.as_str(), value.as_str())).collect(),
            port: service.port,
            address: &service.address,
            tagged_addresses: service
                .tagged_addresses
                .as_ref()
                .filter(|named| !named.is_empty())
                .map(|named| named.iter().map(address).collect()),
            weights: WeightsShape { passing, warning },
            enable_tag_override: service.enable_tag_override,
            content_hash: None,
            proxy: service.proxy.as_ref().filter(|_| !service.kind.is_empty()),
            connect: service.connect.as_ref(),
        }
    }

    /// With the hash of its content, by which a client waits for a change.
    pub(super) fn hashed(mut self) -> (Self, String) {
        use std::hash::{DefaultHasher, Hasher as _};
        let mut hasher = DefaultHasher::new();
        hasher.write(&serde_json::to_vec(&self).unwrap_or_default());
        let hash = format!("{:016x}", hasher.finish());
        self.content_hash = Some(hash.clone());
        (self, hash)
    }
}

/// A check as `/v1/agent/checks` shows it.
pub(super) fn check(node: &str, check: &LocalCheck) -> Value {
    let tags = Value::from(check.service_tags.clone());
    body(node, check, tags, check.kind, json!({}))
}

/// A check inside `/v1/agent/health/*`, where Consul writes out an empty definition.
pub(super) fn check_in_health(node: &str, check: &LocalCheck) -> Value {
    let tags =
        if check.service_tags.is_empty() { Value::Null } else { Value::from(check.service_tags.clone()) };
    let definition = json!({
        "Interval": "0s", "Timeout": "0s", "DeregisterCriticalServiceAfter": "0s", "HTTP": "", "Header": null,
        "Method": "", "Body": "", "TLSSkipVerify": false, "TCP": "",
    });
    body(node, check, tags, "", definition)
}

fn body(node: &str, check: &LocalCheck, tags: Value, kind: &str, definition: Value) -> Value {
    let asked = &check.definition;
    json!({
        "Node": node, "CheckID": asked.id, "Name": asked.name, "Status": check.status.as_str(),
        "Notes": asked.notes, "Output": check.output, "ServiceID": asked.service_id,
        "ServiceName": check.service_name, "ServiceTags": tags, "Type": kind, "Definition": definition,
        "CreateIndex": 0, "ModifyIndex": 0,
    })
}
