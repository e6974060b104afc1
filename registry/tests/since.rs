//! Since when something is as it is, and what went lately.

use muster_registry::catalog::DEPARTURES;
use muster_registry::command::{CheckSpec, Deregistration, Registration, ServiceSpec, SetCheck};
use muster_registry::{Cause, Command, Namespace, Registry, Response, Status};

fn node(name: &str, id: &str, service: Option<&str>, status: Status, output: &str) -> Command {
    let check = CheckSpec {
        id: "c".into(),
        namespace: Namespace::DEFAULT,
        name: "c".into(),
        status,
        notes: "".into(),
        output: output.into(),
        service_id: "".into(),
        kind: "".into(),
        definition: "".into(),
    };
    let service =
        service.map(|name| ServiceSpec { id: "s".into(), name: name.into(), ..ServiceSpec::default() });
    Command::Register(Box::new(Registration {
        node: name.into(),
        node_id: id.into(),
        address: "10.0.0.1".into(),
        service,
        checks: vec![check],
        ..Registration::default()
    }))
}

fn since(registry: &Registry) -> Option<u64> {
    registry.view().node_check("n", "c").map(|check| check.since)
}

fn deregister(node: &str, service_id: &str) -> Command {
    let (node, service_id) = (node.into(), service_id.into());
    Command::Deregister(Deregistration { node, service_id, ..Deregistration::default() })
}

fn went(registry: &Registry) -> Vec<(u64, Cause, String)> {
    let text = |service: Option<&str>| service.unwrap_or("-").to_owned();
    let departures = registry.view().departures();
    departures
        .map(|went| (went.at, went.by, text(went.service.as_ref().map(|service| &*service.spec.name))))
        .collect()
}

#[test]
fn a_check_is_as_it_is_since_its_last_turn() {
    let mut registry = Registry::new();
    registry.apply(1, &node("n", "", None, Status::Passing, "ok"));
    assert_eq!(since(&registry), Some(0), "it is not known of what brought no time");
    for (index, at, status, output, expected) in [
        (2, 100, Status::Critical, "bad", 100),
        (3, 200, Status::Critical, "worse", 100),
        // A new leader's clock is behind: time stands still until it has caught up.
        (4, 50, Status::Passing, "ok", 200),
        (5, 300, Status::Passing, "ok", 200),
    ] {
        registry.apply(index, &node("n", "", None, status, output).dated(at));
        assert_eq!(since(&registry), Some(expected), "{index}");
    }
    let set = SetCheck {
        node: "n".into(),
        namespace: Namespace::DEFAULT,
        check_id: "c".into(),
        status: Status::Warning,
        output: "".into(),
    };
    registry.apply(6, &Command::SetCheck(set).dated(400));
    assert_eq!((since(&registry), registry.view().time()), (Some(400), 400));
}

#[test]
fn what_went_is_remembered_with_its_cause() {
    let mut registry = Registry::new();
    registry.apply(1, &node("n", "id", Some("web"), Status::Passing, "").dated(10));
    registry.apply(2, &node("n", "id", Some("api"), Status::Passing, "").dated(20));
    registry.apply(3, &node("m", "id", Some("db"), Status::Passing, "").dated(30));
    registry.apply(4, &deregister("m", "nope").owed_to(Cause::Catalog).dated(40));
    registry.apply(5, &deregister("m", "s").owed_to(Cause::Critical).dated(50));
    registry.apply(6, &deregister("m", "").owed_to(Cause::Reaped).dated(60));
    let expected = [
        (20, Cause::Renamed, "web"),
        (30, Cause::Renamed, "api"),
        (30, Cause::Renamed, "-"),
        (50, Cause::Critical, "db"),
        (60, Cause::Reaped, "-"),
    ];
    assert_eq!(went(&registry), expected.map(|(at, by, name)| (at, by, name.to_owned())));
}

#[test]
fn the_memory_of_departures_is_bounded() {
    let mut registry = Registry::new();
    let most = DEPARTURES as u64;
    for at in 1..=most {
        registry.apply(at * 2, &node("n", "", Some("web"), Status::Passing, "").dated(at));
        registry.apply(at * 2 + 1, &deregister("n", "s").dated(at));
    }
    registry.apply(most * 3, &node("n", "", Some("web"), Status::Passing, "").dated(most + 1));
    registry.apply(most * 3 + 1, &deregister("n", "s").dated(most + 1));
    let went = went(&registry);
    assert_eq!((went.len(), went[0].0, went[DEPARTURES - 1].0), (DEPARTURES, 2, most + 1));
}

#[test]
fn a_date_changes_no_answer() {
    let mut registry = Registry::new();
    let orphan = CheckSpec {
        id: "c".into(),
        namespace: Namespace::DEFAULT,
        name: "c".into(),
        status: Status::Passing,
        notes: "".into(),
        output: "".into(),
        service_id: "nope".into(),
        kind: "".into(),
        definition: "".into(),
    };
    let asked = Registration { node: "n".into(), checks: vec![orphan], ..Registration::default() };
    let command = Command::Register(Box::new(asked)).dated(1);
    assert!(matches!(registry.apply(1, &command).response, Response::Rejected(_)));
    // Dated once more, it has the later date and the same cause.
    let again = deregister("n", "").owed_to(Cause::Left).dated(1).dated(2);
    assert_eq!(again, deregister("n", "").owed_to(Cause::Left).dated(2));
}
