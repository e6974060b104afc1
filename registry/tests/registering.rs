//! Registrations that once did more than they were asked.

use muster_registry::catalog::query::{Nodes, ServiceInstances, Services};
use muster_registry::command::{Registration, ServiceSpec};
use muster_registry::{Change, Changes, Command, Name, Namespace, Query as _, Registry, Response};

fn registration(node: &str, id: &str) -> Registration {
    Registration {
        node: node.into(),
        node_id: id.into(),
        address: "10.0.0.1".into(),
        ..Registration::default()
    }
}

fn web(tags: &[&str], port: u16) -> Option<ServiceSpec> {
    let tags = tags.iter().map(|tag| (*tag).into()).collect();
    Some(ServiceSpec { id: "w".into(), name: "web".into(), tags, port, ..ServiceSpec::default() })
}

fn register(registry: &mut Registry, index: u64, asked: Registration) -> Changes {
    let applied = registry.apply(index, &Command::Register(Box::new(asked)));
    assert_eq!(applied.response, Response::Done);
    applied.changes
}

/// Consul 1.8.7 keeps both nodes as they are.
#[test]
fn who_skips_the_update_of_a_node_removes_no_other() {
    let mut registry = Registry::new();
    register(&mut registry, 1, registration("m3", "id3"));
    register(&mut registry, 2, Registration { service: web(&[], 1), ..registration("m4", "id4") });
    let skipping = Registration { skip_node_update: true, ..registration("m3", "id4") };
    assert!(register(&mut registry, 3, skipping).is_empty());
    let ids: Vec<_> = Nodes.answer(registry.view()).into_iter().map(|node| &*node.id).collect();
    assert_eq!(ids, ["id3", "id4"]);
    let web = ServiceInstances { service: Name::new("web") };
    assert_eq!(web.answer(registry.view()).len(), 1);
}

/// As in Consul 1.8.7: the ID that is given counts, none too.
#[test]
fn a_node_that_is_registered_without_an_id_has_none() {
    let mut registry = Registry::new();
    register(&mut registry, 1, registration("n", "id"));
    register(&mut registry, 2, registration("n", ""));
    assert_eq!(registry.view().node("n").map(|node| &*node.id), Some(""));
    assert!(registry.view().node_by_id("id").is_none());
}

#[test]
fn tags_that_stay_leave_the_list_of_services_alone() {
    let mut registry = Registry::new();
    let services = Services { namespace: Namespace::DEFAULT };
    let mut moved = Vec::new();
    for (index, service) in [
        (1, web(&["a"], 1)),
        (2, web(&["a"], 2)),
        (3, web(&["a", "a"], 2)),
        (4, web(&["b"], 2)),
        (5, web(&["b"], 3)),
    ] {
        let changes = register(&mut registry, index, Registration { service, ..registration("n", "") });
        let touched = changes.iter().any(|change| matches!(change, Change::Services(_)));
        assert_eq!(touched, services.run(registry.view()).index == index);
        moved.extend(touched.then_some(index));
    }
    assert_eq!(moved, [1, 4]);
}
