//! Removes nodes that are dead for long. Since when is remembered by the leader alone: a new one counts anew,
//! so a node stays longer rather than shorter.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_registry::command::Deregistration;
use muster_registry::{Single, Status, View};
use tokio::time::Instant;

use super::{LIVENESS, NodeName};

/// Between two looks at all nodes.
const LOOK: Duration = Duration::from_secs(5);

pub(super) struct Reaper {
    after: Duration,
    since: BTreeMap<NodeName, Instant>,
    next: Option<Instant>,
}

impl Reaper {
    pub(super) fn new(after: Duration) -> Self {
        Self { after, since: BTreeMap::new(), next: None }
    }

    pub(super) fn due(&mut self, view: &View, now: Instant) -> Vec<Single> {
        if self.next.is_some_and(|next| now < next) {
            return Vec::new();
        }
        self.next = Some(now + LOOK.min(self.after / 4));
        let dead: Vec<NodeName> = view
            .checks_in(Status::Critical)
            .filter(|check| &*check.spec.id == LIVENESS)
            .map(|check| check.node.clone())
            .collect();
        self.since.retain(|node, _| dead.contains(node));
        for node in dead {
            self.since.entry(node).or_insert(now);
        }
        let over = self.since.iter().filter(|(_, since)| now - **since >= self.after);
        over.map(|(node, _)| {
            tracing::warn!(%node, "dead for too long: the node is removed");
            Single::Deregister(Deregistration { node: node.clone(), ..Deregistration::default() })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use muster_registry::command::{CheckSpec, Registration};
    use muster_registry::{Command, Registry};

    use super::*;

    fn register(registry: &mut Registry, index: u64, status: Status) {
        let text = |text: &str| std::sync::Arc::<str>::from(text);
        let check = CheckSpec {
            id: text(LIVENESS),
            namespace: muster_registry::Namespace::DEFAULT,
            name: text(""),
            status,
            notes: text(""),
            output: text(""),
            service_id: text(""),
            kind: text(""),
            definition: text(""),
        };
        let registration = Registration {
            node: text("n"),
            address: text("a"),
            checks: vec![check],
            ..Registration::default()
        };
        registry.apply(index, &Command::Register(Box::new(registration)));
    }

    #[test]
    fn only_who_is_dead_all_the_time_is_removed() {
        let (mut registry, mut now) = (Registry::new(), Instant::now());
        let minute = Duration::from_secs(60);
        let mut reaper = Reaper::new(10 * minute);
        register(&mut registry, 1, Status::Critical);
        for (index, status) in [(2, Status::Critical), (3, Status::Passing), (4, Status::Critical)] {
            register(&mut registry, index, status);
            now += 9 * minute;
            assert!(reaper.due(registry.view(), now).is_empty(), "{index}");
        }
        now += 10 * minute;
        assert_eq!(reaper.due(registry.view(), now).len(), 1);
    }
}
