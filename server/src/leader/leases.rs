//! Who lives. A node that renews its lease is passing, one that does not is critical. When most leases are
//! lost at once, it is likelier that this server was cut off than that everybody died: it waits another term
//! before it empties the catalog.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_registry::command::SetCheck;
use muster_registry::{Namespace, Single, Status, View};
use tokio::time::Instant;

use super::{LIVENESS, NodeName};

/// From so many lost at once the leader suspects itself.
const MANY: usize = 4;

/// The leases of all nodes that have an agent.
#[derive(Debug)]
pub(super) struct Leases {
    term: Duration,
    /// Until when each is held.
    held: BTreeMap<NodeName, Instant>,
    /// Until when a loss of most of them is not believed.
    suspicion: Option<Instant>,
    looked: Option<Instant>,
}

impl Leases {
    pub(super) fn new(term: Duration) -> Self {
        Self { term, held: BTreeMap::new(), suspicion: None, looked: None }
    }

    /// A new leader knows of no renewals: everyone who lives gets a full term. Who is critical stays so until it
    /// is heard: the death that another leader saw is none the less true.
    pub(super) fn begin(&mut self, view: &View, now: Instant) {
        let passing = view.nodes().filter(|node| state(view, &node.name) == Some(Status::Passing));
        self.held = passing.map(|node| (node.name.clone(), now + self.term)).collect();
        self.suspicion = None;
        self.looked = Some(now);
    }

    pub(super) fn renew(&mut self, node: &str, now: Instant) {
        match self.held.get_mut(node) {
            Some(until) => *until = now + self.term,
            None => drop(self.held.insert(node.into(), now + self.term)),
        }
    }

    /// How long ago a node was heard, in milliseconds; a lease that a new leader granted counts from there.
    pub(super) fn heard(&self, node: &str, now: Instant) -> Option<u64> {
        let until = *self.held.get(node)?;
        let ago = (now + self.term).saturating_duration_since(until);
        u64::try_from(ago.as_millis()).ok()
    }

    pub(super) fn forget(&mut self, node: &str) {
        self.held.remove(node);
    }

    /// The changes of health that the leases call for.
    pub(super) fn due(&mut self, view: &View, now: Instant) -> Vec<Single> {
        let stalled = self.looked.is_some_and(|looked| now - looked > self.term / 2);
        self.looked = Some(now);
        if stalled {
            // This process stood still: renewals may have come that it had no time to take in.
            self.held.values_mut().for_each(|until| *until = (*until).max(now + self.term));
            return Vec::new();
        }
        self.held.retain(|node, _| state(view, node).is_some());
        let (mut lost, mut found, mut alive) = (Vec::new(), Vec::new(), 0);
        for node in view.nodes() {
            let name = &node.name;
            let Some(status) = state(view, name) else { continue };
            let passing = status == Status::Passing;
            let live = match self.held.get(name) {
                Some(until) => *until > now,
                // One that is registered and has not renewed yet may die before it does: it has a term as well.
                None if passing => {
                    self.held.insert(name.clone(), now + self.term);
                    true
                }
                None => false,
            };
            match (live, passing) {
                (true, true) => alive += 1,
                (false, true) => lost.push(name.clone()),
                (true, false) => found.push(name.clone()),
                (false, false) => {}
            }
        }
        let mut commands: Vec<Single> = found.iter().map(|name| turn(name, true)).collect();
        let most = lost.len() >= MANY && lost.len() > alive;
        match self.suspicion {
            None if most => {
                tracing::error!(
                    lost = lost.len(),
                    alive,
                    "most leases are lost at once: is this server cut off?"
                );
                self.suspicion = Some(now + self.term);
            }
            Some(until) if most && now < until => {}
            _ => {
                if !most {
                    self.suspicion = None;
                }
                commands.extend(lost.iter().map(|name| turn(name, false)));
            }
        }
        commands
    }
}

/// What a node's liveness check says, if it has one.
fn state(view: &View, node: &str) -> Option<Status> {
    view.node_check(node, LIVENESS).map(|check| check.spec.status)
}

/// The node's liveness check as Consul words it.
fn turn(node: &NodeName, live: bool) -> Single {
    tracing::info!(%node, live, "the lease of a node decides its health");
    let output = if live { "Agent alive and reachable" } else { "Agent not live or unreachable" };
    Single::SetCheck(SetCheck {
        node: node.clone(),
        namespace: Namespace::DEFAULT,
        check_id: LIVENESS.into(),
        status: if live { Status::Passing } else { Status::Critical },
        output: output.into(),
    })
}

#[cfg(test)]
mod tests {
    use muster_registry::command::{CheckSpec, Registration};
    use muster_registry::{Command, Registry};

    use super::*;

    const TERM: Duration = Duration::from_secs(3);
    const TICK: Duration = Duration::from_millis(200);

    /// A registry with so many agents, their leases, and a clock turned by hand.
    struct Case {
        registry: Registry,
        leases: Leases,
        now: Instant,
        index: u64,
    }

    impl Case {
        fn with(nodes: usize) -> Self {
            let (registry, leases, now) = (Registry::new(), Leases::new(TERM), Instant::now());
            let mut case = Self { registry, leases, now, index: 0 };
            for node in 0..nodes {
                case.register(&format!("n{node}"), Status::Passing);
            }
            case.leases.begin(case.registry.view(), case.now);
            case
        }

        fn register(&mut self, node: &str, status: Status) {
            let check = CheckSpec {
                id: LIVENESS.into(),
                namespace: Namespace::DEFAULT,
                name: "Serf Health Status".into(),
                status,
                notes: "".into(),
                output: "".into(),
                service_id: "".into(),
                kind: "".into(),
                definition: "".into(),
            };
            self.apply(Single::Register(Box::new(Registration {
                node: node.into(),
                address: "10.0.0.1".into(),
                checks: vec![check],
                ..Registration::default()
            })));
        }

        fn apply(&mut self, single: Single) {
            self.index += 1;
            self.registry.apply(self.index, &Command::Batch(vec![single]));
        }

        /// Lets time pass; the nodes from `from` on renew, the others are silent.
        fn pass(&mut self, time: Duration, from: usize, nodes: usize) {
            let until = self.now + time;
            while self.now < until {
                self.now += TICK;
                (from..nodes).for_each(|node| self.leases.renew(&format!("n{node}"), self.now));
                for command in self.leases.due(self.registry.view(), self.now) {
                    self.apply(command);
                }
            }
        }

        fn critical(&self) -> usize {
            let view = self.registry.view();
            let status = |name: &str| view.node_check(name, LIVENESS).map(|check| check.spec.status);
            view.nodes().filter(|node| status(&node.name) == Some(Status::Critical)).count()
        }
    }

    #[test]
    fn who_is_silent_is_critical_and_who_returns_is_passing() {
        let mut case = Case::with(3);
        case.pass(Duration::from_millis(2800), 1, 3);
        assert_eq!(case.critical(), 0);
        case.pass(Duration::from_millis(600), 1, 3);
        assert_eq!(case.critical(), 1);
        let index = case.index;
        case.pass(Duration::from_secs(10), 1, 3);
        assert_eq!(case.index, index, "what is so already is not said again");
        case.pass(TICK, 0, 3);
        assert_eq!(case.critical(), 0);
    }

    #[test]
    fn when_most_are_lost_at_once_the_leader_waits_another_term() {
        let mut case = Case::with(10);
        case.pass(Duration::from_secs(4), 10, 10);
        assert_eq!(case.critical(), 0);
        case.pass(Duration::from_secs(3), 10, 10);
        assert_eq!(case.critical(), 10, "it is believed in the end");
        let mut case = Case::with(10);
        case.pass(Duration::from_secs(4), 10, 10);
        case.pass(Duration::from_secs(10), 0, 10);
        assert_eq!(case.critical(), 0, "all were there after all");
    }

    #[test]
    fn a_leader_that_stood_still_blames_itself() {
        let mut case = Case::with(3);
        case.now += Duration::from_secs(60);
        assert!(case.leases.due(case.registry.view(), case.now).is_empty());
        case.pass(Duration::from_secs(10), 0, 3);
        assert_eq!(case.critical(), 0);
    }

    #[test]
    fn who_dies_before_its_first_renewal_is_missed_as_well() {
        let mut case = Case::with(3);
        case.leases.forget("n0");
        case.pass(Duration::from_millis(2800), 1, 3);
        assert_eq!(case.critical(), 0);
        case.pass(Duration::from_secs(1), 1, 3);
        assert_eq!(case.critical(), 1);
    }

    #[test]
    fn who_left_is_not_missed() {
        let mut case = Case::with(3);
        case.leases.forget("n0");
        case.apply(Single::Deregister(muster_registry::command::Deregistration {
            node: "n0".into(),
            ..Default::default()
        }));
        case.pass(Duration::from_secs(10), 1, 3);
        assert_eq!(case.critical(), 0);
    }

    #[test]
    fn it_is_known_when_a_node_was_heard() {
        let mut case = Case::with(2);
        case.pass(Duration::from_secs(1), 1, 2);
        let heard = |node: &str| case.leases.heard(node, case.now);
        assert_eq!((heard("n0"), heard("n1"), heard("n9")), (Some(1000), Some(0), None));
    }

    #[test]
    fn who_is_dead_stays_so_under_a_new_leader() {
        let mut case = Case::with(3);
        case.register("n0", Status::Critical);
        case.leases.begin(case.registry.view(), case.now);
        let index = case.index;
        case.pass(Duration::from_secs(1), 1, 3);
        assert_eq!((case.critical(), case.index), (1, index), "nobody heard it");
        case.pass(TICK, 0, 3);
        assert_eq!(case.critical(), 0, "it was heard");
    }

    #[test]
    fn what_is_said_of_a_node_that_went_does_not_bring_it_back() {
        let mut case = Case::with(1);
        let said = turn(&"n0".into(), false);
        case.apply(Single::Deregister(muster_registry::command::Deregistration {
            node: "n0".into(),
            ..Default::default()
        }));
        case.apply(said);
        assert_eq!(case.registry.view().nodes().count(), 0);
        case.pass(TICK, 1, 1);
        assert!(case.leases.held.is_empty(), "and nothing is remembered of it");
    }
}
