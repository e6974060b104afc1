//! Where the contract outside and the commands inside meet.

mod body;
mod kept;
pub(crate) mod picture;
pub(crate) mod wanted;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use body::body;
use muster_api::catalog as incoming;
use muster_api::catalog::Weights;
use muster_api::service::check_meta;
use muster_api::{ApiError, decode};
use muster_registry::command::{CheckSpec, Deregistration, Registration, ServiceSpec};
use muster_registry::{Namespace, Rejected, Response, Status};

/// What a conditional write answered.
pub(crate) fn applied(response: &Response) -> Result<bool, ApiError> {
    match response {
        Response::Applied(done) => Ok(*done),
        Response::Done => Ok(true),
        Response::Rejected(refusal) => Err(ApiError::Internal(refusal.to_string())),
    }
}

/// What a registration answered, in Consul's words.
pub(crate) fn registered(response: &Response, node: &str) -> Result<(), ApiError> {
    match response {
        Response::Rejected(refusal @ Rejected::MissingService) => {
            Err(ApiError::Internal(format!("failed inserting check: {refusal} on node {node:?}")))
        }
        other => applied(other).map(|_| ()),
    }
}

/// A catalog registration as it arrives.
pub(crate) fn registration(body: &[u8], datacenter: &str) -> Result<Registration, ApiError> {
    let asked: incoming::Registration = decode::json(body)?;
    ours(&asked.datacenter, datacenter)?;
    if asked.node.is_empty() {
        return Err(ApiError::Internal("Must provide node".into()));
    }
    node_id(&asked.id)?;
    if asked.address.is_empty() && !asked.skip_node_update {
        return Err(ApiError::Internal("Must provide address if SkipNodeUpdate is not set".into()));
    }
    let service = asked.service.map(|service| self::service(service, &asked.node)).transpose()?;
    let mut checks = Vec::new();
    for check in asked.check.into_iter().chain(asked.checks.into_iter().flatten()) {
        checks.push(self::check(check, &asked.node)?);
    }
    Ok(Registration {
        node: asked.node.into(),
        node_id: asked.id.into(),
        address: asked.address.into(),
        tagged_addresses: texts(asked.tagged_addresses),
        node_meta: texts(asked.node_meta),
        skip_node_update: asked.skip_node_update,
        service,
        checks,
    })
}

/// A catalog deregistration as it arrives.
pub(crate) fn deregistration(body: &[u8], datacenter: &str) -> Result<Deregistration, ApiError> {
    let asked: incoming::Deregistration = decode::json(body)?;
    ours(&asked.datacenter, datacenter)?;
    if asked.node.is_empty() {
        return Err(ApiError::Internal("Must provide node".into()));
    }
    Ok(Deregistration {
        node: asked.node.into(),
        namespace: Namespace::DEFAULT,
        service_id: asked.service_id.into(),
        check_id: asked.check_id.into(),
    })
}

fn ours(asked: &str, datacenter: &str) -> Result<(), ApiError> {
    if asked.is_empty() || asked == datacenter { Ok(()) } else { Err(ApiError::NoDatacenter) }
}

fn service(asked: incoming::Service, node: &str) -> Result<ServiceSpec, ApiError> {
    if asked.service.is_empty() && asked.id.is_empty() {
        let text = "failed inserting service: failed inserting service: object missing primary index";
        return Err(ApiError::Internal(text.into()));
    }
    if asked.service.is_empty() {
        return Err(ApiError::Internal("Must provide service name with ID".into()));
    }
    let id = if asked.id.is_empty() { &asked.service } else { &asked.id };
    asked.meta.iter().try_for_each(check_meta).map_err(|why| {
        let what = format!("Invalid Service Meta for node {node} and serviceID {id}");
        ApiError::Internal(format!("failed inserting service: {what}: {why}"))
    })?;
    let (weight_passing, weight_warning) = weights(asked.weights.unwrap_or(Weights::NONE_GIVEN));
    Ok(ServiceSpec {
        id: id.as_str().into(),
        name: asked.service.as_str().into(),
        namespace: Namespace::DEFAULT,
        tags: asked.tags.unwrap_or_default().into_iter().map(Arc::from).collect(),
        address: asked.address.into(),
        tagged_addresses: asked
            .tagged_addresses
            .unwrap_or_default()
            .into_iter()
            .map(|(name, at)| (name.into(), (at.address.into(), at.port)))
            .collect(),
        port: asked.port,
        meta: texts(asked.meta),
        weight_passing,
        weight_warning,
        enable_tag_override: asked.enable_tag_override,
        kind: asked.kind.into(),
        proxy: text_of(kept::proxy(asked.proxy)),
        connect: text_of(asked.connect),
    })
}

/// A node's ID is a UUID, or is not given.
fn node_id(id: &str) -> Result<(), ApiError> {
    let wrong = |why: &str| Err(ApiError::Internal(format!("Bad node ID: {why}")));
    let dashes = [8, 13, 18, 23];
    match id.len() {
        0 => Ok(()),
        36 if id
            .bytes()
            .enumerate()
            .all(|(at, byte)| if dashes.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }) =>
        {
            Ok(())
        }
        36 => wrong("uuid is improperly formatted"),
        _ => wrong("uuid string is wrong length"),
    }
}

/// Both weights, or Consul's defaults where one of them is none.
fn weights(asked: Weights) -> (u32, u32) {
    match (u16::try_from(asked.passing), u16::try_from(asked.warning)) {
        (Ok(passing @ 1..), Ok(warning)) => (passing.into(), warning.into()),
        _ => (1, 1),
    }
}

fn check(asked: incoming::Check, node: &str) -> Result<CheckSpec, ApiError> {
    if !asked.node.is_empty() && asked.node != node {
        return Err(ApiError::Internal(format!("check node {:?} does not match node {node:?}", asked.node)));
    }
    let id = [asked.check_id, asked.name.clone()].into_iter().find(|id| !id.is_empty()).unwrap_or_default();
    if id.is_empty() {
        let text = "failed inserting check: failed inserting check: object missing primary index";
        return Err(ApiError::Internal(format!("{text} on node {node:?}")));
    }
    let (definition, kind) = kept::definition(asked.definition)?;
    let kind = if asked.kind.is_empty() { kind } else { &asked.kind };
    let status = match asked.status.as_str() {
        "" => Status::Critical,
        text => Status::parse(text).ok_or_else(|| {
            ApiError::BadRequest(format!(
                "Invalid check status: {text:?}: it must be passing, warning or critical"
            ))
        })?,
    };
    Ok(CheckSpec {
        id: id.into(),
        namespace: Namespace::DEFAULT,
        name: asked.name.into(),
        status,
        notes: asked.notes.into(),
        output: asked.output.into(),
        service_id: asked.service_id.into(),
        kind: kind.into(),
        definition: text_of(definition),
    })
}

fn texts(map: Option<BTreeMap<String, String>>) -> BTreeMap<Arc<str>, Arc<str>> {
    map.unwrap_or_default().into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

fn text_of(json: Option<serde_json::Value>) -> Arc<str> {
    json.filter(|value| !value.is_null()).map_or_else(|| "".into(), |value| value.to_string().into())
}
