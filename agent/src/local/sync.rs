//! All of anti-entropy's judgement: where the catalog and this host differ, and what is to be done about it.
//! It never takes from the catalog what was not registered here.

use std::collections::BTreeMap;

use muster_api::catalog::Weights;

use super::record::{Agreement, Key, LocalCheck, LocalService};
use super::remote::{Remote, RemoteCheck, RemoteService};
use super::state::LocalState;

/// One thing to say to the catalog, with the revisions that it would tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A node of another ID has our name and is dead: it was this host in a former life, and goes whole.
    ForgetFormerLife,
    /// The node itself.
    Node,
    /// An instance with those of its checks that differ.
    Service {
        /// Which.
        id: String,
        /// As of then.
        revision: u64,
        /// The checks with their revisions.
        checks: Vec<(String, u64)>,
    },
    /// A check.
    Check {
        /// Which.
        id: String,
        /// As of then.
        revision: u64,
    },
    /// An instance that is no more, with those of its checks that go from the catalog when it does.
    ForgetService {
        /// Which.
        id: String,
        /// As of then.
        revision: u64,
        /// The checks with their revisions.
        checks: Vec<(String, u64)>,
    },
    /// A check that is no more.
    ForgetCheck {
        /// Which.
        id: String,
        /// As of then.
        revision: u64,
    },
}

/// Who we are, for the comparison.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The node's UUID.
    pub id: &'a str,
    /// The node's address.
    pub address: &'a str,
    /// The node's metadata.
    pub meta: &'a BTreeMap<String, String>,
    /// Whether this node is a server: then it has the service `consul`.
    pub server: bool,
}

/// Marks what differs from `remote`. What the catalog has, nobody defines here, and `lost` says is ours all the same
/// is gone. The first action, if any, is about a former life of this node.
pub fn compare(
    local: &mut LocalState,
    remote: &Remote,
    us: Identity<'_>,
    lost: impl Fn(&Key) -> bool,
) -> Option<Action> {
    let former = remote.node.as_ref().is_some_and(|node| {
        let dead = remote.checks.get("serfHealth").is_some_and(|check| check.status == "critical");
        !node.id.is_empty() && node.id != us.id && dead
    });
    local.node_differs = former
        || !remote.checks.contains_key("serfHealth")
        || us.server && !remote.services.contains_key("consul")
        || remote.node.as_ref().is_none_or(|node| {
            let empty = BTreeMap::new();
            node.id != us.id || node.address != us.address || node.meta.as_ref().unwrap_or(&empty) != us.meta
        });
    let nothing = Remote::default();
    let remote = if former { &nothing } else { remote };
    for (id, service) in local.all_services() {
        let told = remote.services.get(id);
        if service.agreement == Agreement::Gone {
            continue;
        }
        if let Some(told) = told.filter(|_| service.definition.enable_tag_override) {
            service.definition.tags.clone_from(&told.tags);
        }
        let same = told.is_some_and(|told| same_service(service, told));
        service.agreement = if same { Agreement::Agreed } else { Agreement::Differs };
    }
    for (id, check) in local.all_checks() {
        let told = remote.checks.get(id);
        if check.agreement == Agreement::Gone {
            continue;
        }
        let same = told.is_some_and(|told| same_check(check, told));
        check.agreement = if same { Agreement::Agreed } else { Agreement::Differs };
    }
    // What the catalog has forgotten by itself need not be taken from it.
    local.settle(|id, _| !remote.services.contains_key(id), |id, _| !remote.checks.contains_key(id));
    let services = remote.services.keys().filter(|id| !local.knows_service(id)).cloned().map(Key::Service);
    let checks = remote.checks.keys().filter(|id| !local.knows_check(id)).cloned().map(Key::Check);
    let lost: Vec<Key> = services.chain(checks).filter(|key| lost(key)).collect();
    lost.into_iter().for_each(|key| local.recall_gone(key));
    former.then_some(Action::ForgetFormerLife)
}

fn same_service(local: &LocalService, told: &RemoteService) -> bool {
    let ours = &local.definition;
    let addresses = ours.tagged_addresses.iter().flatten().map(|(name, at)| (name, &at.address, at.port));
    let theirs = told.tagged_addresses.iter().flatten().map(|(name, at)| (name, &at.address, at.port));
    let weights = ours.weights.unwrap_or(Weights::NONE_GIVEN);
    ours.name == told.service
        && ours.kind == told.kind
        && ours.tags.as_deref().unwrap_or_default() == told.tags.as_deref().unwrap_or_default()
        && ours.address == told.address
        && addresses.eq(theirs)
        && ours.meta.iter().flatten().eq(told.meta.iter().flatten())
        && ours.port == told.port
        && (weights.passing, weights.warning) == (told.weights.passing, told.weights.warning)
        && ours.enable_tag_override == told.enable_tag_override
        && ours.proxy.as_ref().is_none_or(|proxy| told.proxy.as_ref() == Some(proxy))
        && ours.connect.as_ref().is_none_or(|connect| told.connect.as_ref() == Some(connect))
}

fn same_check(local: &LocalCheck, told: &RemoteCheck) -> bool {
    // An output that may wait is no difference.
    let waits = local.agreement == Agreement::Agreed && local.output_due.is_some();
    let output = waits || local.output == told.output;
    local.definition.name == told.name
        && local.status.as_str() == told.status
        && local.definition.notes == told.notes
        && output
        && local.definition.service_id == told.service_id
}

/// Checks with their revisions.
type Checks = Vec<(String, u64)>;

/// What is to be said to the catalog so that it agrees. The node comes first, then instances with their
/// checks, then checks alone.
#[must_use]
pub fn plan(local: &LocalState) -> Vec<Action> {
    let mut actions = Vec::new();
    if local.node_differs {
        actions.push(Action::Node);
    }
    // Instances with something to say, each with its checks: one look at all of them, however many instances.
    let moved = local.every_service().filter(|(_, service)| service.agreement != Agreement::Agreed);
    let mut moved: BTreeMap<&str, (&LocalService, Checks)> =
        moved.map(|(id, service)| (id.as_str(), (service, Vec::new()))).collect();
    let mut alone = Vec::new();
    for (id, check) in local.every_check() {
        if let Some((service, checks)) = moved.get_mut(check.definition.service_id.as_str())
            && goes_along(service, check)
        {
            checks.push((id.clone(), check.as_of()));
            continue;
        }
        let (id, revision) = (id.clone(), check.as_of());
        match check.agreement {
            Agreement::Agreed => {}
            Agreement::Gone => alone.push(Action::ForgetCheck { id, revision }),
            Agreement::Differs => alone.push(Action::Check { id, revision }),
        }
    }
    actions.extend(moved.into_iter().map(|(id, (service, checks))| {
        let (id, revision) = (id.to_owned(), service.revision);
        match service.agreement {
            Agreement::Gone => Action::ForgetService { id, revision, checks },
            Agreement::Agreed | Agreement::Differs => Action::Service { id, revision, checks },
        }
    }));
    actions.append(&mut alone);
    actions
}

/// Whether a check is told in one word with its instance.
fn goes_along(service: &LocalService, check: &LocalCheck) -> bool {
    match (service.agreement, check.agreement) {
        (Agreement::Gone, Agreement::Gone) => check.goes_with_service,
        (Agreement::Gone, _) | (_, Agreement::Gone) => false,
        _ => true,
    }
}

impl LocalState {
    /// The catalog was told: what did not move meanwhile agrees, or is forgotten here too.
    pub fn told(&mut self, action: &Action) {
        match action {
            Action::ForgetFormerLife => {}
            Action::Node => self.node_differs = false,
            Action::Service { id, revision, checks } => {
                agree_service(self, id, *revision);
                for (check, revision) in checks {
                    agree_check(self, check, *revision);
                }
            }
            Action::Check { id, revision } => agree_check(self, id, *revision),
            Action::ForgetService { id, revision, checks } => {
                let with_it = |held: &str, moved: u64| {
                    checks.iter().any(|(check, revision)| check == held && *revision == moved)
                };
                self.settle(|held, moved| held == id && moved == *revision, with_it);
            }
            Action::ForgetCheck { id, revision } => {
                self.settle(|_, _| false, |held, moved| held == id && moved == *revision);
            }
        }
    }

    /// Whether what `action` was planned for is still so.
    #[must_use]
    pub fn still(&self, action: &Action) -> bool {
        match action {
            Action::ForgetFormerLife | Action::Node => true,
            Action::Service { id, .. } => self.service(id).is_some(),
            Action::Check { id, .. } => self.check(id).is_some(),
            Action::ForgetService { id, .. } => self.is_gone(&Key::Service(id.clone())),
            Action::ForgetCheck { id, .. } => self.is_gone(&Key::Check(id.clone())),
        }
    }

    /// Forgets what is gone and of which this is said, by ID and revision.
    fn settle(&mut self, service: impl Fn(&str, u64) -> bool, check: impl Fn(&str, u64) -> bool) {
        let services = self
            .all_services()
            .extract_if(.., |id, held| held.agreement == Agreement::Gone && service(id, held.revision));
        let mut settled: Vec<Key> = services.map(|(id, _)| Key::Service(id)).collect();
        for key in &settled {
            self.causes.remove(key.id());
        }
        let checks = self
            .all_checks()
            .extract_if(.., |id, held| held.agreement == Agreement::Gone && check(id, held.revision));
        settled.extend(checks.map(|(id, _)| Key::Check(id)));
        self.settled.append(&mut settled);
    }
}

fn agree_service(local: &mut LocalState, id: &str, revision: u64) {
    if let Some(held) = local.all_services().get_mut(id).filter(|held| held.revision == revision) {
        held.agreement = Agreement::Agreed;
    }
}

fn agree_check(local: &mut LocalState, id: &str, revision: u64) {
    let Some(held) = local.all_checks().get_mut(id).filter(|held| held.revision <= revision) else { return };
    if held.words <= revision {
        held.output_due = None;
    } else if held.output_due.is_none() {
        // The words that came meanwhile have waited long enough.
        return;
    }
    held.agreement = Agreement::Agreed;
}

#[cfg(test)]
mod tests;
