//! One instance as it shall be registered: its definition, the hash by which it is known again, and the bytes that an
//! agent takes, the real Consul's among them. Pure.

use muster_api::check::CheckDefinition;
use muster_api::seen::marks;
use muster_api::service::ServiceDefinition;
use serde_json::{Map, Value};

use crate::health::Condition;
use crate::labels::meta::HASH;

/// How long the word of the registrator about a container lasts.
pub(crate) const TTL: &str = "10m";

/// What shall be registered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instance {
    /// The definition with the check that labels ask for, without the check of the container's state.
    pub(crate) definition: ServiceDefinition,
    /// The hash of the definition.
    pub(crate) hash: String,
    /// What the container's state says.
    pub(crate) condition: Condition,
    /// Where all this comes from.
    pub(crate) origin: Origin,
}

/// Where an instance comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Origin {
    /// The container's whole ID.
    pub(crate) container: String,
    /// When it was started, as a text that sorts by time.
    pub(crate) started: String,
    /// The labels that ask for a check.
    pub(crate) check_labels: String,
}

/// The ID of the check of a container's state.
#[must_use]
pub(crate) fn state_check(instance: &str) -> String {
    format!("{instance}:container")
}

impl Instance {
    pub(crate) fn new(mut definition: ServiceDefinition, condition: Condition, origin: Origin) -> Self {
        let hash = format!("{:016x}", fnv(trimmed(&definition).to_string().as_bytes()));
        definition.meta.get_or_insert_default().insert(HASH.to_owned(), hash.clone());
        Self { definition, hash, condition, origin }
    }

    /// Without the check that labels ask for: it cannot be had, and so the instance is not found either.
    pub(crate) fn faulty(&self, fault: &str) -> Self {
        let mut definition = self.definition.clone();
        definition.checks = None;
        if let Some(meta) = &mut definition.meta {
            meta.remove(HASH);
        }
        let condition = Condition::critical(fault);
        Self::new(definition, condition, self.origin.clone())
    }

    /// The body of the request that registers it.
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut whole = self.definition.clone();
        let state = CheckDefinition {
            id: state_check(&whole.id),
            name: marks::STATE.into(),
            status: self.condition.status.as_str().into(),
            ttl: serde_json::from_value(TTL.into()).unwrap_or_default(),
            ..CheckDefinition::default()
        };
        whole.checks.get_or_insert_default().push(state);
        trimmed(&whole).to_string().into_bytes()
    }
}

/// The definition without what it leaves open: an agent that does not know a field must not be asked about it.
fn trimmed(definition: &ServiceDefinition) -> Value {
    let mut service = differing(definition, &ServiceDefinition::default());
    let nothing = CheckDefinition::default();
    let checks = definition.checks.iter().flatten().map(|check| {
        let mut check = differing(check, &nothing);
        // A check's own ID has another name than that of an instance.
        if let Some(id) = check.remove("id") {
            check.insert("CheckID".into(), id);
        }
        Value::Object(check)
    });
    let checks: Vec<Value> = checks.collect();
    if !checks.is_empty() {
        service.insert("checks".into(), checks.into());
    }
    Value::Object(service)
}

fn differing<T: serde::Serialize>(value: &T, nothing: &T) -> Map<String, Value> {
    let fields = |value: &T| match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let (mut fields, nothing) = (fields(value), fields(nothing));
    fields.retain(|name, value| nothing.get(name) != Some(value));
    fields
}

/// FNV-1a in 64 bits: the same in every version of this program.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::health::Status;

    fn instance(port: u16, status: Status) -> Instance {
        let check =
            CheckDefinition { id: "service:x".into(), tcp: "h:1".into(), ..CheckDefinition::default() };
        let definition = ServiceDefinition {
            id: "x".into(),
            name: "web".into(),
            port,
            checks: Some(vec![check]),
            ..ServiceDefinition::default()
        };
        let condition = Condition { status, output: String::new() };
        Instance::new(definition, condition, Origin::default())
    }

    #[test]
    fn only_what_is_said_is_sent() {
        let sent: Value = serde_json::from_slice(&instance(80, Status::Passing).body()).unwrap();
        let hash = sent["meta"][HASH].as_str().unwrap();
        assert_eq!(
            sent,
            json!({"id": "x", "name": "web", "port": 80, "meta": {HASH: hash}, "checks": [
                {"CheckID": "service:x", "tcp": "h:1"},
                {"CheckID": "x:container", "name": "Container state", "status": "passing", "ttl": "10m0s"},
            ]})
        );
        let read: ServiceDefinition =
            muster_api::decode::json(&instance(80, Status::Passing).body()).unwrap();
        assert_eq!(read.checks.unwrap()[1].id, "x:container");
    }

    #[test]
    fn the_hash_follows_the_definition_and_not_the_state() {
        let hash = |port, status| instance(port, status).hash;
        assert_eq!(hash(1, Status::Passing), hash(1, Status::Critical));
        assert_ne!(hash(1, Status::Passing), hash(2, Status::Passing));
        // Written into what agents keep: another one would register everything anew.
        assert_eq!(fnv(b"muster"), 0x54b9_300e_897b_91df);
    }

    #[test]
    fn a_fault_takes_the_check_and_the_instance_out_of_answers() {
        let whole = instance(80, Status::Passing);
        let faulty = whole.faulty("no such kind");
        assert_eq!(faulty.condition, Condition::critical("no such kind"));
        assert!(faulty.definition.checks.is_none() && faulty.hash != whole.hash);
        assert_eq!(faulty.faulty("again").hash, faulty.hash);
    }
}
