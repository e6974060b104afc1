//! `/v1/muster/agent/*`: what this agent knows of its host beyond what Consul shows, for the people who look after it.
//! Each look takes the lock of the local state for a moment, and changes nothing.

use http::Method;
use muster_api::seen::{Check, Checks, DefinedBy, Service, Services, marks};
use muster_api::{ApiError, Params, Reply, Stamp, answer};
use muster_healthchecks::Glance;

use crate::local::{Agreement, Key, LocalCheck, LocalService, LocalState, Origin, aggregate};
use crate::upstream::Upstream;
use crate::{Files, Shared};

/// Answers one request for `/v1/muster/agent/<what>`.
pub(super) fn read<U: Upstream>(
    shared: &Shared<U>,
    what: &str,
    params: &Params,
    method: &Method,
) -> Result<Reply, ApiError> {
    if !matches!(what, "checks" | "services") {
        return Err(ApiError::NotFound);
    }
    if let Some(answer) = answer::method(method, "OPTIONS,GET", &["GET"])? {
        return Ok(answer);
    }
    let (node, at) = (shared.config.node.clone(), Stamp::now());
    if what == "checks" {
        let files = shared.files.lock();
        let checks = checks(&shared.local.lock(), &files, |id| shared.runner.glance(id));
        return answer::json(&Checks { node, at, checks }, params.pretty());
    }
    let services = services(&shared.local.lock(), &shared.files.lock());
    let address = shared.config.address.clone();
    answer::json(&Services { node, address, at, services }, params.pretty())
}

fn checks(local: &LocalState, files: &Files, glance: impl Fn(&str) -> Option<Glance>) -> Vec<Check> {
    let owner = |held: &LocalCheck| local.service(&held.definition.service_id);
    local
        .checks()
        .map(|held| Check {
            file: file(held.origin, files, [Key::Check(held.definition.id.clone()), owner_key(held)]),
            ..check(held, owner(held), glance(&held.definition.id).unwrap_or_default())
        })
        .collect()
}

fn check(held: &LocalCheck, owner: Option<&LocalService>, glance: Glance) -> Check {
    let asked = &held.definition;
    let millis = |wait: std::time::Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Check {
        id: asked.id.clone(),
        name: asked.name.clone(),
        kind: held.kind.to_owned(),
        status: held.status.as_str().into(),
        since: Stamp::known(held.since),
        output: held.output.clone(),
        notes: asked.notes.clone(),
        service_id: asked.service_id.clone(),
        service_name: held.service_name.clone(),
        defined_by: defined_by(held.origin, owner),
        told: held.agreement == Agreement::Agreed,
        running: glance.running,
        next_in_ms: glance.next.map(millis),
        successes_in_a_row: glance.successes,
        failures_in_a_row: glance.failures,
        success_before_passing: asked.success_before_passing,
        failures_before_warning: asked.failures_before_warning,
        failures_before_critical: asked.failures_before_critical,
        ..Check::default()
    }
}

fn owner_key(held: &LocalCheck) -> Key {
    Key::Service(held.definition.service_id.clone())
}

/// The file that defines the first of these, or else the next; empty where none does.
fn file<const N: usize>(origin: Origin, files: &Files, keys: [Key; N]) -> String {
    if origin == Origin::Api {
        return String::new();
    }
    keys.iter().find_map(|key| files.get(key)).map(ToString::to_string).unwrap_or_default()
}

/// What the registrator makes comes over HTTP too; its mark tells it apart.
fn defined_by(origin: Origin, owner: Option<&LocalService>) -> DefinedBy {
    let meta = owner.and_then(|owner| owner.definition.meta.as_ref());
    match origin {
        Origin::File => DefinedBy::File,
        Origin::Api if meta.is_some_and(|meta| meta.contains_key(marks::OWNER)) => DefinedBy::Registrator,
        Origin::Api => DefinedBy::Api,
    }
}

fn services(local: &LocalState, files: &Files) -> Vec<Service> {
    let service = |held: &LocalService| {
        let asked = &held.definition;
        Service {
            service: asked.name.clone(),
            id: asked.id.clone(),
            address: asked.address.clone(),
            port: asked.port,
            tags: asked.tags.clone().unwrap_or_default(),
            meta: asked.meta.clone().unwrap_or_default(),
            defined_by: defined_by(held.origin, Some(held)),
            file: file(held.origin, files, [Key::Service(asked.id.clone())]),
            told: held.agreement == Agreement::Agreed,
            status: aggregate(local.checks_for(&asked.id)).as_str().into(),
        }
    };
    local.services().map(service).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use muster_api::service::ServiceDefinition;
    use muster_healthchecks::Status;
    use tokio::time::Instant;

    use super::*;

    #[test]
    fn a_host_is_shown_with_who_defined_what() {
        let mut local = LocalState::new();
        let container = [("registrator".to_owned(), "h".to_owned())].into();
        for (id, meta, origin) in
            [("c", Some(container), Origin::Api), ("f", None, Origin::File), ("h", None, Origin::Api)]
        {
            let definition =
                ServiceDefinition { id: id.into(), name: "web".into(), meta, ..Default::default() };
            local.put_service(definition, origin);
            let json = format!(r#"{{"id":"{id}:1","name":"x","serviceid":"{id}","ttl":"1s"}}"#);
            let asked = muster_api::decode::json(json.as_bytes()).unwrap();
            local.put_check(asked, "ttl", (Status::Critical, "said".into()), origin, Instant::now());
        }
        local.turned("h:1", 1_000);
        let waits =
            Glance { next: Some(Duration::from_millis(1500)), failures: Some(2), ..Glance::default() };
        let files: Files = [(Key::Service("f".into()), "web.hcl".into())].into();
        let checks = checks(&local, &files, |id| (id == "h:1").then_some(waits));
        let places: Vec<&str> = checks.iter().map(|check| check.file.as_str()).collect();
        assert_eq!(places, ["", "web.hcl", ""]);
        let origins: Vec<_> = checks.iter().map(|check| check.defined_by).collect();
        assert_eq!(origins, [DefinedBy::Registrator, DefinedBy::File, DefinedBy::Api]);
        let mine = checks.last().unwrap();
        let expected = (Stamp::known(1_000), Some(1500), Some(2), false);
        assert_eq!((mine.since, mine.next_in_ms, mine.failures_in_a_row, mine.told), expected);
        assert_eq!((checks[0].since, checks[0].next_in_ms), (None, None));
        let services = services(&local, &files);
        assert_eq!((&*services[0].file, &*services[1].file), ("", "web.hcl"));
        let shown: Vec<_> = services.iter().map(|one| (&*one.id, one.defined_by, &*one.status)).collect();
        let (registrator, file, api) = (DefinedBy::Registrator, DefinedBy::File, DefinedBy::Api);
        assert_eq!(shown, [("c", registrator, "critical"), ("f", file, "critical"), ("h", api, "critical")]);
    }
}
