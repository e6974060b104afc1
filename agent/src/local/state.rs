//! The services and checks of this host. What was taken away stays as `Gone` until the catalog has forgotten
//! it: the agent knows what it once put there, and removes nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_healthchecks::Status;
use tokio::time::Instant;

use super::record::{Agreement, LocalCheck, LocalService};

/// What a report changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing that anyone must be told.
    None,
    /// Only the output; it may wait.
    Output,
    /// The health.
    Status,
}

/// Everything that is registered here.
#[derive(Debug, Default)]
pub struct LocalState {
    services: BTreeMap<String, LocalService>,
    checks: BTreeMap<String, LocalCheck>,
    revision: u64,
    /// The node's own record has to be told.
    pub(super) node_differs: bool,
}

impl LocalState {
    /// Nothing registered, and the catalog knows nothing of the node.
    #[must_use]
    pub fn new() -> Self {
        Self { node_differs: true, ..Self::default() }
    }

    fn next(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    /// The instances that are there, by ID.
    pub fn services(&self) -> impl Iterator<Item = &LocalService> {
        self.services.values().filter(|service| service.agreement != Agreement::Gone)
    }

    /// The checks that are there, by ID.
    pub fn checks(&self) -> impl Iterator<Item = &LocalCheck> {
        self.checks.values().filter(|check| check.agreement != Agreement::Gone)
    }

    /// One instance, if it is there.
    #[must_use]
    pub fn service(&self, id: &str) -> Option<&LocalService> {
        self.services.get(id).filter(|service| service.agreement != Agreement::Gone)
    }

    /// One check, if it is there.
    #[must_use]
    pub fn check(&self, id: &str) -> Option<&LocalCheck> {
        self.checks.get(id).filter(|check| check.agreement != Agreement::Gone)
    }

    /// The checks that count for an instance: its own and the node's.
    pub fn checks_for<'s>(&'s self, service: &'s str) -> impl Iterator<Item = &'s LocalCheck> + 's {
        self.checks().filter(move |check| {
            check.definition.service_id == service || check.definition.service_id.is_empty()
        })
    }

    /// Registers an instance or changes it. The same again changes nothing.
    pub fn put_service(&mut self, definition: ServiceDefinition, from_file: bool) {
        if self.service(&definition.id).is_some_and(|held| held.definition == definition) {
            return;
        }
        let (id, revision) = (definition.id.clone(), self.next());
        for check in self.checks.values_mut().filter(|check| check.definition.service_id == id) {
            check.service_name.clone_from(&definition.name);
            check.service_tags = definition.tags.clone().unwrap_or_default();
        }
        let agreement = Agreement::Differs;
        self.services.insert(id, LocalService { definition, from_file, agreement, revision });
    }

    /// Takes an instance away with its checks, whose IDs come back; `None` where it is not there.
    pub fn remove_service(&mut self, id: &str) -> Option<Vec<String>> {
        self.service(id)?;
        let checks: Vec<String> = self
            .checks()
            .filter(|check| check.definition.service_id == id)
            .map(|check| check.definition.id.clone())
            .collect();
        let revision = self.next();
        for check in &checks {
            if let Some(held) = self.checks.get_mut(check) {
                held.goes_with_service = held.agreement == Agreement::Agreed;
                held.agreement = Agreement::Gone;
                held.revision = revision;
            }
        }
        if let Some(held) = self.services.get_mut(id) {
            held.agreement = Agreement::Gone;
            held.revision = revision;
        }
        Some(checks)
    }

    /// Registers a check or changes it; one that was there keeps its status, unless the definition names one.
    pub fn put_check(
        &mut self,
        definition: CheckDefinition,
        kind: &'static str,
        initial: (Status, String),
        from_file: bool,
        now: Instant,
    ) {
        let owner = self.service(&definition.service_id).map(|service| &service.definition);
        let service_name = owner.map(|service| service.name.clone()).unwrap_or_default();
        let service_tags = owner.and_then(|service| service.tags.clone()).unwrap_or_default();
        let held = self.check(&definition.id);
        if held.is_some_and(|held| held.definition == definition) {
            return;
        }
        let kept = held.filter(|_| definition.status.is_empty());
        let (status, output) = kept.map_or(initial, |held| (held.status, held.output.clone()));
        let critical_since = kept.and_then(|held| held.critical_since);
        let critical_since = (status == Status::Critical).then(|| critical_since.unwrap_or(now));
        let (id, revision) = (definition.id.clone(), self.next());
        let check = LocalCheck {
            definition,
            kind,
            status,
            output,
            service_name,
            service_tags,
            critical_since,
            output_due: None,
            from_file,
            agreement: Agreement::Differs,
            goes_with_service: false,
            revision,
        };
        self.checks.insert(id, check);
    }

    /// Takes a check away; whether it was there.
    pub fn remove_check(&mut self, id: &str) -> bool {
        if self.check(id).is_none() {
            return false;
        }
        let revision = self.next();
        if let Some(held) = self.checks.get_mut(id) {
            held.agreement = Agreement::Gone;
            held.revision = revision;
        }
        true
    }

    /// Takes in what a probe or a heartbeat said. A change of the output alone is told `patience` later.
    pub fn report(
        &mut self,
        id: &str,
        status: Status,
        output: String,
        now: Instant,
        patience: Duration,
    ) -> Change {
        let revision = self.revision + 1;
        let Some(held) = self.checks.get_mut(id).filter(|held| held.agreement != Agreement::Gone) else {
            return Change::None;
        };
        if held.status == status && held.output == output {
            return Change::None;
        }
        let turned = held.status != status;
        held.output = output;
        if !turned {
            if held.agreement == Agreement::Agreed {
                held.output_due.get_or_insert(now + patience);
            }
            return Change::Output;
        }
        held.status = status;
        held.critical_since = (status == Status::Critical).then_some(now);
        held.agreement = Agreement::Differs;
        held.output_due = None;
        held.revision = revision;
        self.revision = revision;
        Change::Status
    }

    /// Outputs whose patience is over have to be told; when the next one's is.
    pub fn outputs_due(&mut self, now: Instant) -> Option<Instant> {
        let mut next = None;
        for check in self.checks.values_mut() {
            match check.output_due {
                Some(due) if due <= now => {
                    check.output_due = None;
                    if check.agreement == Agreement::Agreed {
                        check.agreement = Agreement::Differs;
                    }
                }
                Some(due) => next = Some(next.map_or(due, |next: Instant| next.min(due))),
                None => {}
            }
        }
        next
    }

    /// The instances that are critical for longer than one of their checks allows.
    #[must_use]
    pub fn overdue(&self, now: Instant, shortest: Duration) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for check in self.checks() {
            let allowed = check.definition.deregister_critical_service_after.0;
            let Some(since) = check.critical_since.filter(|_| !allowed.is_zero()) else { continue };
            let service = &check.definition.service_id;
            if !service.is_empty() && now >= since + allowed.max(shortest) && !found.contains(service) {
                found.push(service.clone());
            }
        }
        found
    }

    pub(super) fn all_services(&mut self) -> &mut BTreeMap<String, LocalService> {
        &mut self.services
    }

    pub(super) fn all_checks(&mut self) -> &mut BTreeMap<String, LocalCheck> {
        &mut self.checks
    }

    pub(super) fn every_service(&self) -> impl Iterator<Item = (&String, &LocalService)> {
        self.services.iter()
    }

    pub(super) fn every_check(&self) -> impl Iterator<Item = (&String, &LocalCheck)> {
        self.checks.iter()
    }

    /// An instance that a former life of this agent took away without being able to say so.
    pub fn recall_gone(&mut self, definition: ServiceDefinition) {
        let (id, revision) = (definition.id.clone(), self.next());
        let gone = LocalService { definition, from_file: false, agreement: Agreement::Gone, revision };
        self.services.entry(id).or_insert(gone);
    }
}
