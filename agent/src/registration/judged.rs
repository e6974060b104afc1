//! Definitions that make sense, with what has to be run for them. Pure: judging touches nothing, so that many can be
//! judged before the first is taken.

use std::collections::HashSet;

use muster_api::ApiError;
use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_healthchecks::{Definition, Scripts};

use super::MOST;
use crate::definition;
use crate::local::Key;

/// A check and what is run for it.
#[derive(Clone, Debug)]
pub(crate) struct JudgedCheck {
    pub(crate) check: CheckDefinition,
    pub(crate) probe: Definition,
}

/// An instance, without its checks, and these.
#[derive(Clone, Debug)]
pub(crate) struct JudgedService {
    pub(crate) service: ServiceDefinition,
    pub(crate) checks: Vec<JudgedCheck>,
}

/// All that the files define.
#[derive(Clone, Debug)]
pub(crate) struct JudgedFiles {
    pub(crate) services: Vec<JudgedService>,
    pub(crate) checks: Vec<JudgedCheck>,
}

impl JudgedService {
    pub(crate) fn key(&self) -> Key {
        Key::Service(self.service.id.clone())
    }

    pub(crate) fn names(&self, check: &str) -> bool {
        self.checks.iter().any(|judged| judged.check.id == check)
    }
}

impl JudgedCheck {
    pub(crate) fn key(&self) -> Key {
        Key::Check(self.check.id.clone())
    }

    /// The instance that it is about, if it is about one.
    pub(crate) fn owner(&self) -> Option<Key> {
        let owner = &self.check.service_id;
        (!owner.is_empty()).then(|| Key::Service(owner.clone()))
    }
}

impl JudgedFiles {
    /// Judges all of them. `others` says which instances there are that no file defines.
    pub(crate) fn judge(
        services: &[ServiceDefinition],
        checks: &[CheckDefinition],
        scripts: Scripts,
        others: impl Fn(&str) -> bool,
    ) -> Result<Self, ApiError> {
        if services.len().max(checks.len()) > MOST {
            return Err(ApiError::TooMany(format!("the files define more than {MOST} services or checks")));
        }
        let services: Vec<JudgedService> =
            services.iter().map(|asked| service(asked.clone(), scripts)).collect::<Result<_, _>>()?;
        let checks: Vec<JudgedCheck> =
            checks.iter().map(|asked| check(asked.clone(), scripts)).collect::<Result<_, _>>()?;
        let defined: HashSet<&str> = services.iter().map(|judged| judged.service.id.as_str()).collect();
        for judged in &checks {
            let owner = judged.check.service_id.as_str();
            if !owner.is_empty() && !defined.contains(owner) && !others(owner) {
                return Err(no_owner(owner));
            }
        }
        Ok(Self { services, checks })
    }

    /// The IDs of everything in here.
    pub(crate) fn keys(&self) -> HashSet<Key> {
        let services = self.services.iter().map(JudgedService::key);
        let of_services = self.services.iter().flat_map(|judged| &judged.checks);
        services.chain(of_services.chain(&self.checks).map(JudgedCheck::key)).collect()
    }
}

/// The refusal of a check whose instance is not there.
pub(crate) fn no_owner(service: &str) -> ApiError {
    ApiError::Internal(format!("ServiceID {service:?} does not exist"))
}

/// Judges an instance with its checks.
pub(crate) fn service(asked: ServiceDefinition, scripts: Scripts) -> Result<JudgedService, ApiError> {
    let mut service = definition::service(asked)?;
    // An empty check is none, as in Consul; one in the list is a check that lacks everything.
    service.check.take_if(|check| *check == CheckDefinition::default());
    let asked = service.take_checks();
    let of = asked.len();
    let mut checks = Vec::with_capacity(of);
    for (place, mut check) in asked.into_iter().enumerate() {
        definition::initial(&check, "Status for checks must 'passing', 'warning', 'critical'")?;
        definition::name_service_check(&mut check, &service, place + 1, of);
        let probe = muster_healthchecks::read(&check, scripts)?;
        checks.push(JudgedCheck { check, probe });
    }
    Ok(JudgedService { service, checks })
}

/// Judges a check of the node or of one of its instances.
pub(crate) fn check(mut check: CheckDefinition, scripts: Scripts) -> Result<JudgedCheck, ApiError> {
    if check.name.is_empty() {
        return Err(ApiError::BadRequest("Missing check name".into()));
    }
    if check.id.is_empty() {
        check.id.clone_from(&check.name);
    }
    definition::initial(&check, "Bad check status")?;
    let probe = muster_healthchecks::read(&check, scripts)?;
    Ok(JudgedCheck { check, probe })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPTS: Scripts = Scripts { allowed: true };

    fn checked(json: &str) -> CheckDefinition {
        muster_api::decode::json(json.as_bytes()).unwrap()
    }

    #[test]
    fn everything_in_the_files_has_its_id() {
        let service = ServiceDefinition {
            name: "web".into(),
            checks: Some(vec![checked(r#"{"name":"a","ttl":"1s"}"#), checked(r#"{"id":"mine","ttl":"1s"}"#)]),
            ..ServiceDefinition::default()
        };
        let alone = checked(r#"{"name":"disk","ttl":"1s"}"#);
        let judged = JudgedFiles::judge(&[service], &[alone], SCRIPTS, |_| false).unwrap();
        let mut keys: Vec<Key> = judged.keys().into_iter().collect();
        keys.sort();
        let check = |id: &str| Key::Check(id.into());
        assert_eq!(keys, [Key::Service("web".into()), check("disk"), check("mine"), check("service:web:1")]);
    }

    #[test]
    fn a_check_needs_its_instance() {
        let of = checked(r#"{"name":"c","service_id":"web","ttl":"1s"}"#);
        let error = JudgedFiles::judge(&[], std::slice::from_ref(&of), SCRIPTS, |_| false).unwrap_err();
        assert_eq!(error.to_string(), r#"ServiceID "web" does not exist"#);
        assert!(JudgedFiles::judge(&[], &[of], SCRIPTS, |id| id == "web").is_ok());
    }
}
