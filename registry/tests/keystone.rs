//! The promises of the registry, over random commands: replicas agree, a snapshot is the state, an index
//! never runs back, and a waiter is woken if and only if what it asked about may have changed.

use std::sync::Arc;

use muster_registry::catalog::query::{NodeServices, Nodes, ServiceInstances, Services, ServicesOnNodes};
use muster_registry::command::{
    CheckSpec, Dated, Deregistration, KvCommand, Order, Registration, ServiceSpec, SetCheck,
};
use muster_registry::health::query::{ChecksInState, NodeChecks, ServiceChecks, ServiceHealth};
use muster_registry::kv::query::{Get, Keys, List};
use muster_registry::{Cause, Changes, Command, Name, Namespace, Query, Registry, Single, Status, View};
use proptest::prelude::*;

fn text(words: &'static [&'static str]) -> impl Strategy<Value = Arc<str>> {
    proptest::sample::select(words).prop_map(Arc::from)
}

fn status() -> impl Strategy<Value = Status> {
    proptest::sample::select(&[Status::Passing, Status::Warning, Status::Critical][..])
}

fn space() -> impl Strategy<Value = Namespace> {
    prop_oneof![4 => Just(Namespace::DEFAULT), 1 => Just(Namespace::new("blue"))]
}

fn service() -> impl Strategy<Value = ServiceSpec> {
    (text(&["s1", "s2", "s3"]), text(&["web", "db"]), text(&["v1", "v2"]), 0u16..2, space()).prop_map(
        |(id, name, tag, port, namespace)| ServiceSpec {
            id,
            name,
            namespace,
            tags: vec![tag],
            port,
            ..ServiceSpec::default()
        },
    )
}

fn check() -> impl Strategy<Value = CheckSpec> {
    (text(&["c1", "c2", "serfHealth"]), text(&["", "s1", "s2"]), status(), text(&["", "said"]), space())
        .prop_map(|(id, service_id, status, output, namespace)| CheckSpec {
            name: id.clone(),
            id,
            namespace,
            status,
            notes: "".into(),
            output,
            service_id,
            kind: "".into(),
            definition: "".into(),
        })
}

fn key() -> impl Strategy<Value = Name> {
    (text(&["", "a", "a/b", "a/c", "ab", "b"]), space())
        .prop_map(|(text, namespace)| Name { namespace, text })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        12 => single(),
        1 => proptest::collection::vec(single(), 0..4).prop_map(Command::Batch),
        // Clocks that go back are among them.
        6 => (single(), 1u64..20).prop_map(|(command, at): (Command, u64)| {
            command.owed_to(Cause::Catalog).dated(at)
        }),
        1 => (proptest::collection::vec(single(), 0..4), 1u64..20).prop_map(|(orders, at)| {
            Command::Batch(orders).dated(at)
        }),
    ]
}

/// Any command but a batch.
fn single<B: std::fmt::Debug>() -> impl Strategy<Value = Order<B>> {
    let cas = proptest::option::of(0u64..6);
    prop_oneof![
        8 => (
            text(&["n1", "n2", "n3"]), text(&["", "id1", "id2"]), text(&["10.0.0.1", "10.0.0.2"]),
            any::<bool>(), proptest::option::of(service()), proptest::collection::vec(check(), 0..3),
            any::<bool>(),
        ).prop_map(|(node, node_id, address, skip_node_update, service, checks, linux)| {
            let node_meta = linux.then(|| ("os".into(), "linux".into())).into_iter().collect();
            Order::Register(Box::new(Registration {
                node, node_id, node_meta, address, skip_node_update, service, checks, ..Registration::default()
            }))
        }),
        4 => (text(&["n1", "n2", "n3"]), text(&["", "s1", "s2"]), text(&["", "c1", "c2"]), space()).prop_map(
            |(node, service_id, check_id, namespace)| {
                Order::Deregister(Deregistration { node, namespace, service_id, check_id })
            }
        ),
        4 => (key(), any::<bool>(), 0u64..2, cas.clone()).prop_map(|(key, one, flags, cas)| {
            let value: Arc<[u8]> = if one { Arc::from(&b"1"[..]) } else { Arc::from(&b"2"[..]) };
            Order::Kv(KvCommand::Set { key, value, flags, cas })
        }),
        2 => (key(), cas).prop_map(|(key, cas)| Order::Kv(KvCommand::Delete { key, cas })),
        1 => key().prop_map(|prefix| Order::Kv(KvCommand::DeleteTree { prefix })),
        1 => (0u64..60).prop_map(|up_to| Order::CompactTombstones { up_to }),
        2 => (text(&["n1", "n2"]), text(&["c1", "serfHealth"]), status(), text(&["", "said"]), space()).prop_map(
            |(node, check_id, status, output, namespace)| {
                Order::SetCheck(SetCheck { node, namespace, check_id, status, output })
            }
        ),
    ]
}

/// How much of what moves a query's index its answer shows.
#[derive(Clone, Copy, PartialEq)]
enum Shows {
    /// All of it: who is woken finds another answer.
    All,
    /// A part, for the reason that stands where it is said.
    Part,
}

/// One command and the views around it.
struct Step<'s> {
    before: &'s View,
    after: &'s View,
    changes: &'s Changes,
    command: &'s Command,
}

impl Step<'_> {
    /// Whether one command may take something away and bring it back: then it touches and changes nothing.
    fn has_parts(&self) -> bool {
        let asked = match self.command {
            Command::Register(asked) => asked,
            Command::Dated(Dated { orders, .. }) => match orders.as_slice() {
                [] => return false,
                [Single::Register(asked)] => asked,
                [_] => return false,
                _ => return true,
            },
            command => return matches!(command, Command::Batch(_)),
        };
        let renames = self.before.node_by_id(&asked.node_id).is_some_and(|node| node.name != asked.node);
        let mut checks: Vec<_> = asked.checks.iter().map(|check| (&check.namespace, &check.id)).collect();
        checks.sort();
        checks.dedup();
        renames || checks.len() < asked.checks.len()
    }

    /// Forgetting tombstones may raise the index of what is missing. It wakes nobody.
    fn forgets(&self) -> bool {
        match self.command {
            Command::Batch(singles) | Command::Dated(Dated { orders: singles, .. }) => {
                singles.iter().any(|single| matches!(single, Single::CompactTombstones { .. }))
            }
            command => matches!(command, Command::CompactTombstones { .. }),
        }
    }

    /// Runs one query on both views and holds it to its promises.
    fn holds<Q: Query>(&self, query: &Q, shows: Shows) -> Result<(), TestCaseError>
    where
        for<'v> Q::Answer<'v>: std::fmt::Debug,
    {
        let (old, new) = (query.run(self.before), query.run(self.after));
        let (old_text, new_text) = (format!("{:?}", old.answer), format!("{:?}", new.answer));
        let changes = self.changes;
        let touched =
            query.topics().iter().any(|topic| changes.iter().any(|change| topic.touched_by(change)));
        prop_assert!(new.index >= old.index, "an index ran back from {} to {}", old.index, new.index);
        if old_text != new_text {
            prop_assert!(touched, "lost wake-up: {old_text} became {new_text}, changes {changes:?}");
            prop_assert!(new.index > old.index, "the answer changed, its index did not: {new_text}");
        } else if shows == Shows::All && !self.has_parts() {
            prop_assert!(!touched, "woken for nothing: {:?} by {changes:?}: {new_text}", query.topics());
        }
        if touched {
            prop_assert!(new.index > old.index, "woken, but the index did not move: {:?}", query.topics());
        } else if !self.forgets() {
            prop_assert_eq!(new.index, old.index);
        }
        Ok(())
    }

    fn all_hold(&self) -> Result<(), TestCaseError> {
        use Shows::{All, Part};
        self.holds(&Nodes, All)?;
        for namespace in [Namespace::DEFAULT, Namespace::new("blue")] {
            self.holds(&Services { namespace: namespace.clone() }, All)?;
            // Which nodes are meant is not looked at: there is one index for all instances.
            let meta = vec![("os".into(), "linux".into())];
            self.holds(&ServicesOnNodes { namespace: namespace.clone(), meta }, Part)?;
            for text in ["web", "db", "none"] {
                let service = Name { namespace: namespace.clone(), text: text.into() };
                self.holds(&ServiceHealth { service: service.clone() }, All)?;
                // A service has one index, as in Consul: instances and checks are parts of its health.
                self.holds(&ServiceInstances { service: service.clone() }, Part)?;
                self.holds(&ServiceChecks { service }, Part)?;
            }
            for node in ["n1", "n2", "n3"] {
                // A node has one index for its services and its checks, and for all tenants' together.
                let node: Arc<str> = node.into();
                self.holds(&NodeServices { node: node.clone(), namespace: namespace.clone() }, Part)?;
                self.holds(&NodeChecks { node, namespace: namespace.clone() }, Part)?;
            }
            for state in [None, Some(Status::Passing), Some(Status::Warning), Some(Status::Critical)] {
                self.holds(&ChecksInState { state, namespace: namespace.clone() }, All)?;
            }
            for text in ["", "a", "a/", "a/b", "b", "z"] {
                let name = Name { namespace: namespace.clone(), text: text.into() };
                self.holds(&Get { key: name.clone() }, All)?;
                self.holds(&List { prefix: name.clone() }, All)?;
                // The names under a prefix have the index of what is under it, as in Consul: values count too.
                self.holds(&Keys { prefix: name, separator: Some("/".into()) }, Part)?;
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_waiter_wakes_if_and_only_if_its_topic_changed(commands in proptest::collection::vec(command(), 1..60)) {
        let mut registry = Registry::new();
        for (index, command) in (1..).zip(&commands) {
            let before = registry.view().clone();
            let applied = registry.apply(index, command);
            let after = registry.view();
            Step { before: &before, after, changes: &applied.changes, command }.all_hold()?;
        }
    }

    #[test]
    fn replicas_agree_and_a_snapshot_is_the_state(commands in proptest::collection::vec(command(), 1..60)) {
        let (mut one, mut two) = (Registry::new(), Registry::new());
        for (index, command) in (1..).zip(&commands) {
            prop_assert_eq!(one.apply(index, command), two.apply(index, command));
            // The second replica restarts from its snapshot in the middle.
            if index == commands.len() as u64 / 2 {
                let records: Vec<_> = two.view().records().map(Ok::<_, std::convert::Infallible>).collect();
                let restored = Registry::restore(records).unwrap();
                prop_assert_eq!(restored.view(), two.view());
                two = restored;
            }
        }
        prop_assert_eq!(one.view(), two.view());
        let (a, b): (Vec<_>, Vec<_>) = (one.view().records().collect(), two.view().records().collect());
        prop_assert_eq!(a, b);
    }

    #[test]
    fn registering_the_same_again_changes_nothing(commands in proptest::collection::vec(command(), 1..30)) {
        let mut registry = Registry::new();
        let mut index = 0;
        for command in &commands {
            index += 1;
            registry.apply(index, command);
            if let Command::Register(registration) = command {
                // With one name for each thing, doing it twice is doing it once.
                let mut names: Vec<_> =
                    registration.checks.iter().map(|check| (&check.namespace, &check.id)).collect();
                names.sort();
                names.dedup();
                if names.len() == registration.checks.len() {
                    index += 1;
                    let again = registry.apply(index, command);
                    prop_assert!(again.changes.is_empty(), "{:?} touched {:?}", command, again.changes);
                }
            }
        }
    }

    #[test]
    fn forgetting_tombstones_runs_no_index_back(
        commands in proptest::collection::vec(command(), 1..40), up_to in 0u64..40,
    ) {
        let mut registry = Registry::new();
        for (index, command) in (1..).zip(&commands) {
            registry.apply(index, command);
        }
        let before = registry.view().clone();
        registry.apply(100, &Command::CompactTombstones { up_to });
        for text in ["", "a", "b", "z"] {
            let prefix = Name::new(text);
            let list = List { prefix };
            prop_assert!(list.run(registry.view()).index >= list.run(&before).index);
        }
        prop_assert!(registry.view().counts().tombstones <= before.counts().tombstones);
    }

    #[test]
    fn a_torn_snapshot_is_refused(commands in proptest::collection::vec(command(), 1..30), lost in 0usize..50) {
        let mut registry = Registry::new();
        for (index, command) in (1..).zip(&commands) {
            registry.apply(index, command);
        }
        let mut records: Vec<_> = registry.view().records().map(Ok::<_, std::convert::Infallible>).collect();
        let _lost = records.remove(lost % records.len());
        prop_assert!(Registry::restore(records).is_err());
    }
}
