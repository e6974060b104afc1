//! Texts pinned from Consul 1.8.7.

use muster_api::check::CheckDefinition;

use super::{Counted, Target, worst};
use crate::definition::Status::{self, Critical, Passing, Warning};

fn of(statuses: &[Status]) -> (Status, String) {
    let names = ["a", "b", "c"];
    worst(names.iter().zip(statuses).map(|(name, status)| Counted { name, status: *status, output: "so" }))
}

#[test]
fn the_worst_is_told() {
    let failing = |name: &str| format!("Aliased check {name:?} failing: so");
    assert_eq!(of(&[]), (Passing, "No checks found.".into()));
    assert_eq!(of(&[Passing, Passing]), (Passing, "All checks passing.".into()));
    assert_eq!(of(&[Passing, Warning, Passing]), (Warning, failing("b")));
    assert_eq!(of(&[Warning, Critical, Critical]), (Critical, failing("b")));
}

#[test]
fn either_field_makes_an_alias() {
    let target = |node: &str, service: &str| {
        let (alias_node, alias_service) = (node.to_owned(), service.to_owned());
        Target::read(&CheckDefinition { alias_node, alias_service, ..CheckDefinition::default() })
    };
    assert_eq!(target("", ""), None);
    for (node, service) in [("n", ""), ("", "s"), ("n", "s")] {
        assert_eq!(target(node, service), Some(Target { node: node.into(), service: service.into() }));
    }
}
