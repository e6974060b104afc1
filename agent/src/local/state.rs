//! The services and checks of this host. What was taken away stays as `Gone` until the catalog has forgotten
//! it: the agent knows what it once put there, and removes nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_healthchecks::{Report, Status, later};
use tokio::time::Instant;

use super::record::{Agreement, Cause, Key, LocalCheck, LocalService, Origin};

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
    /// Why those are gone that the catalog has yet to forget, by the ID of the instance.
    pub(super) causes: BTreeMap<String, Cause>,
    /// The node's own record has to be told.
    pub(super) node_differs: bool,
    /// What was gone and is forgotten by the catalog too.
    pub(super) settled: Vec<Key>,
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

    /// Whether there are so many instances or more.
    #[must_use]
    pub fn has_services(&self, most: usize) -> bool {
        self.services.len() >= most && self.services().count() >= most
    }

    /// Whether there are so many checks or more.
    #[must_use]
    pub fn has_checks(&self, most: usize) -> bool {
        self.checks.len() >= most && self.checks().count() >= most
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

    /// Whether it is gone and the catalog has yet to forget it.
    #[must_use]
    pub fn is_gone(&self, key: &Key) -> bool {
        let agreement = match key {
            Key::Service(id) => self.services.get(id).map(|held| held.agreement),
            Key::Check(id) => self.checks.get(id).map(|held| held.agreement),
        };
        agreement == Some(Agreement::Gone)
    }

    /// What the catalog has forgotten since this was last asked: nothing has to remember it any more.
    pub fn take_settled(&mut self) -> Vec<Key> {
        std::mem::take(&mut self.settled)
    }

    /// Registers an instance or changes it. The same from the same source again changes nothing.
    pub fn put_service(&mut self, definition: ServiceDefinition, origin: Origin) {
        let same = |held: &LocalService| held.definition == definition && held.origin == origin;
        if self.service(&definition.id).is_some_and(same) {
            return;
        }
        let (id, revision) = (definition.id.clone(), self.next());
        self.causes.remove(&id);
        // A new instance has no checks yet: those of all others need not be looked through.
        if self.services.contains_key(&id) {
            for check in self.checks.values_mut().filter(|check| check.definition.service_id == id) {
                check.service_name.clone_from(&definition.name);
                check.service_tags = definition.tags.clone().unwrap_or_default();
            }
        }
        let agreement = Agreement::Differs;
        self.services.insert(id, LocalService { definition, origin, agreement, revision });
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

    /// Registers a check or changes it; one that was there keeps its health, whatever the definition says.
    pub fn put_check(
        &mut self,
        definition: CheckDefinition,
        kind: &'static str,
        initial: (Status, String),
        origin: Origin,
        now: Instant,
    ) {
        let owner = self.service(&definition.service_id).map(|service| &service.definition);
        let service_name = owner.map(|service| service.name.clone()).unwrap_or_default();
        let service_tags = owner.and_then(|service| service.tags.clone()).unwrap_or_default();
        let held = self.check(&definition.id);
        if held.is_some_and(|held| held.definition == definition && held.origin == origin) {
            return;
        }
        let (status, output) = held.map_or(initial, |held| (held.status, held.output.clone()));
        let heard = held.map_or(0, |held| held.heard);
        let since = held.map_or(0, |held| held.since);
        let critical_since = held.and_then(|held| held.critical_since);
        let critical_since = (status == Status::Critical).then(|| critical_since.unwrap_or(now));
        let (id, revision) = (definition.id.clone(), self.next());
        let check = LocalCheck {
            definition,
            kind,
            status,
            output,
            service_name,
            service_tags,
            since,
            critical_since,
            output_due: None,
            origin,
            heard,
            agreement: Agreement::Differs,
            goes_with_service: false,
            revision,
            words: 0,
        };
        self.checks.insert(id, check);
    }

    /// Why an instance is gone, until the catalog has forgotten it.
    pub fn owe(&mut self, service: &str, cause: Cause) {
        if self.is_gone(&Key::Service(service.to_owned())) {
            self.causes.insert(service.to_owned(), cause);
        }
    }

    /// Why an instance is gone, as far as that is known.
    #[must_use]
    pub fn cause(&self, service: &str) -> Cause {
        self.causes.get(service).copied().unwrap_or_default()
    }

    /// A check is as it is since then, in milliseconds since 1970.
    pub fn turned(&mut self, id: &str, millis: u64) {
        if let Some(held) = self.checks.get_mut(id) {
            held.since = millis;
        }
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

    /// From now on only reports count that are not below this order.
    pub fn hear_from(&mut self, id: &str, order: u64) {
        if let Some(held) = self.checks.get_mut(id) {
            held.heard = held.heard.max(order);
        }
    }

    /// Takes in what a probe or a heartbeat said. A change of the output alone is told `patience` later, its first
    /// words at once.
    pub fn report(&mut self, report: Report, now: Instant, patience: Duration) -> Change {
        let Report { id, status, output, order } = report;
        let revision = self.revision + 1;
        let Some(held) = self.checks.get_mut(&id) else { return Change::None };
        if held.agreement == Agreement::Gone || order < held.heard {
            return Change::None;
        }
        held.heard = order;
        if held.status == status && held.output == output {
            return Change::None;
        }
        let turned = held.status != status;
        // The first words say why it is as it is: they do not wait.
        let first = held.output.is_empty();
        held.output = output;
        if !turned && first {
            held.agreement = Agreement::Differs;
            held.revision = revision;
            self.revision = revision;
            return Change::Output;
        }
        if !turned {
            // Also where the check has yet to be told: it may be on its way with the words before these.
            held.output_due.get_or_insert_with(|| later(now, patience));
            held.words = revision;
            self.revision = revision;
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
            let allowed = check.definition.deregister_critical_service_after.positive();
            let Some((since, allowed)) = check.critical_since.zip(allowed) else { continue };
            let service = &check.definition.service_id;
            let over = now >= later(since, allowed.max(shortest));
            if !service.is_empty() && over && !found.contains(service) {
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

    pub(super) fn knows_service(&self, id: &str) -> bool {
        self.services.contains_key(id)
    }

    pub(super) fn knows_check(&self, id: &str) -> bool {
        self.checks.contains_key(id)
    }

    pub(super) fn every_service(&self) -> impl Iterator<Item = (&String, &LocalService)> {
        self.services.iter()
    }

    pub(super) fn every_check(&self) -> impl Iterator<Item = (&String, &LocalCheck)> {
        self.checks.iter()
    }

    /// Something that this agent once put into the catalog and that is no more, without its being known whether the
    /// catalog was told.
    pub fn recall_gone(&mut self, key: Key) {
        let revision = self.next();
        let (agreement, origin) = (Agreement::Gone, Origin::Api);
        match key {
            Key::Service(id) => {
                let definition = ServiceDefinition { id: id.clone(), ..ServiceDefinition::default() };
                let gone = LocalService { definition, origin, agreement, revision };
                self.services.entry(id).or_insert(gone);
            }
            Key::Check(id) => {
                let definition = CheckDefinition { id: id.clone(), ..CheckDefinition::default() };
                let gone = LocalCheck {
                    definition,
                    kind: "",
                    status: Status::Critical,
                    output: String::new(),
                    service_name: String::new(),
                    service_tags: Vec::new(),
                    since: 0,
                    critical_since: None,
                    output_due: None,
                    origin,
                    heard: 0,
                    agreement,
                    goes_with_service: false,
                    revision,
                    words: 0,
                };
                self.checks.entry(id).or_insert(gone);
            }
        }
    }
}
