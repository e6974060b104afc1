//! Answers as JSON, borrowed from the view: nothing is copied to be rendered. Names and order of the fields
//! are Consul's.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_registry::catalog::{Check, Node, Service};
use muster_registry::health::Instance;
use muster_registry::kv::Entry;
use serde::ser::{SerializeMap as _, SerializeStruct as _};
use serde::{Serialize, Serializer};

type Texts = BTreeMap<Arc<str>, Arc<str>>;

/// A node of `datacenter`.
pub(crate) struct NodeShape<'v> {
    pub(crate) node: &'v Node,
    pub(crate) datacenter: &'v str,
}

/// An empty map is `null`, as Consul has it where none was given.
fn or_null(map: &Texts) -> Option<&Texts> {
    (!map.is_empty()).then_some(map)
}

impl Serialize for NodeShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.node;
        let mut out = serializer.serialize_struct("Node", 8)?;
        out.serialize_field("ID", &node.id)?;
        out.serialize_field("Node", &node.name)?;
        out.serialize_field("Address", &node.address)?;
        out.serialize_field("Datacenter", self.datacenter)?;
        out.serialize_field("TaggedAddresses", &or_null(&node.tagged_addresses))?;
        out.serialize_field("Meta", &or_null(&node.meta))?;
        out.serialize_field("CreateIndex", &node.create_index)?;
        out.serialize_field("ModifyIndex", &node.modify_index)?;
        out.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Weights {
    passing: u32,
    warning: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AddressShape<'v> {
    address: &'v str,
    port: u16,
}

struct Addresses<'v>(&'v BTreeMap<Arc<str>, (Arc<str>, u16)>);

impl Serialize for Addresses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, (address, port)) in self.0 {
            map.serialize_entry(name, &AddressShape { address, port: *port })?;
        }
        map.end()
    }
}

/// JSON kept as it came, or Consul's default where none came.
fn kept<'v>(text: &'v str, default: &'static str) -> &'v serde_json::value::RawValue {
    let text = if text.is_empty() { default } else { text };
    serde_json::from_str(text).unwrap_or(serde_json::value::RawValue::NULL)
}

const PROXY: &str = r#"{"MeshGateway":{},"Expose":{}}"#;
const CONNECT: &str = "{}";

/// An instance as it stands inside its node.
pub(crate) struct ServiceShape<'v>(pub(crate) &'v Service);

impl Serialize for ServiceShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (record, spec) = (self.0, &self.0.spec);
        let mut out = serializer.serialize_map(None)?;
        if !spec.kind.is_empty() {
            out.serialize_entry("Kind", &spec.kind)?;
        }
        out.serialize_entry("ID", &spec.id)?;
        out.serialize_entry("Service", &spec.name)?;
        out.serialize_entry("Tags", &spec.tags)?;
        out.serialize_entry("Address", &spec.address)?;
        if !spec.tagged_addresses.is_empty() {
            out.serialize_entry("TaggedAddresses", &Addresses(&spec.tagged_addresses))?;
        }
        out.serialize_entry("Meta", &or_null(&spec.meta))?;
        out.serialize_entry("Port", &spec.port)?;
        out.serialize_entry(
            "Weights",
            &Weights { passing: spec.weight_passing, warning: spec.weight_warning },
        )?;
        out.serialize_entry("EnableTagOverride", &spec.enable_tag_override)?;
        out.serialize_entry("Proxy", kept(&spec.proxy, PROXY))?;
        out.serialize_entry("Connect", kept(&spec.connect, CONNECT))?;
        out.serialize_entry("CreateIndex", &record.create_index)?;
        out.serialize_entry("ModifyIndex", &record.modify_index)?;
        out.end()
    }
}

/// An instance and its node in one flat object, as `/v1/catalog/service` lists them.
pub(crate) struct FlatShape<'v> {
    pub(crate) node: &'v Node,
    pub(crate) service: &'v Service,
    pub(crate) datacenter: &'v str,
}

impl Serialize for FlatShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (node, record, spec) = (self.node, self.service, &self.service.spec);
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("ID", &node.id)?;
        out.serialize_entry("Node", &node.name)?;
        out.serialize_entry("Address", &node.address)?;
        out.serialize_entry("Datacenter", self.datacenter)?;
        out.serialize_entry("TaggedAddresses", &or_null(&node.tagged_addresses))?;
        out.serialize_entry("NodeMeta", &or_null(&node.meta))?;
        out.serialize_entry("ServiceKind", &spec.kind)?;
        out.serialize_entry("ServiceID", &spec.id)?;
        out.serialize_entry("ServiceName", &spec.name)?;
        out.serialize_entry("ServiceTags", &spec.tags)?;
        out.serialize_entry("ServiceAddress", &spec.address)?;
        if !spec.tagged_addresses.is_empty() {
            out.serialize_entry("ServiceTaggedAddresses", &Addresses(&spec.tagged_addresses))?;
        }
        let weights = Weights { passing: spec.weight_passing, warning: spec.weight_warning };
        out.serialize_entry("ServiceWeights", &weights)?;
        out.serialize_entry("ServiceMeta", &spec.meta)?;
        out.serialize_entry("ServicePort", &spec.port)?;
        out.serialize_entry("ServiceEnableTagOverride", &spec.enable_tag_override)?;
        out.serialize_entry("ServiceProxy", kept(&spec.proxy, PROXY))?;
        out.serialize_entry("ServiceConnect", kept(&spec.connect, CONNECT))?;
        out.serialize_entry("CreateIndex", &record.create_index)?;
        out.serialize_entry("ModifyIndex", &record.modify_index)?;
        out.end()
    }
}

/// A check.
pub(crate) struct CheckShape<'v>(pub(crate) &'v Check);

impl Serialize for CheckShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (record, spec) = (self.0, &self.0.spec);
        let mut out = serializer.serialize_struct("Check", 13)?;
        out.serialize_field("Node", &record.node)?;
        out.serialize_field("CheckID", &spec.id)?;
        out.serialize_field("Name", &spec.name)?;
        out.serialize_field("Status", spec.status.as_str())?;
        out.serialize_field("Notes", &spec.notes)?;
        out.serialize_field("Output", &spec.output)?;
        out.serialize_field("ServiceID", &spec.service_id)?;
        out.serialize_field("ServiceName", &record.service_name)?;
        out.serialize_field("ServiceTags", &record.service_tags)?;
        out.serialize_field("Type", &spec.kind)?;
        out.serialize_field("Definition", kept(&spec.definition, "{}"))?;
        out.serialize_field("CreateIndex", &record.create_index)?;
        out.serialize_field("ModifyIndex", &record.modify_index)?;
        out.end()
    }
}

/// An instance with its node and its checks.
pub(crate) struct InstanceShape<'v> {
    pub(crate) instance: Instance<'v>,
    pub(crate) datacenter: &'v str,
}

impl Serialize for InstanceShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let checks: Vec<_> = self.instance.checks.iter().map(|check| CheckShape(check)).collect();
        let mut out = serializer.serialize_struct("ServiceEntry", 3)?;
        out.serialize_field("Node", &NodeShape { node: self.instance.node, datacenter: self.datacenter })?;
        out.serialize_field("Service", &ServiceShape(self.instance.service))?;
        out.serialize_field("Checks", &checks)?;
        out.end()
    }
}

/// A key.
pub(crate) struct KeyShape<'v>(pub(crate) &'v Entry);

impl Serialize for KeyShape<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        let entry = self.0;
        let value =
            (!entry.value.is_empty()).then(|| base64::engine::general_purpose::STANDARD.encode(&entry.value));
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("LockIndex", &entry.lock_index)?;
        out.serialize_entry("Key", &entry.key.text)?;
        out.serialize_entry("Flags", &entry.flags)?;
        out.serialize_entry("Value", &value)?;
        if !entry.session.is_empty() {
            out.serialize_entry("Session", &entry.session)?;
        }
        out.serialize_entry("CreateIndex", &entry.create_index)?;
        out.serialize_entry("ModifyIndex", &entry.modify_index)?;
        out.end()
    }
}
