//! The judge beside the answers themselves: over random registrations, its verdict is what they say.

use std::sync::Arc;

use muster_api::Params;
use muster_registry::command::{CheckSpec, Registration, ServiceSpec};
use muster_registry::health::query::ServiceHealth;
use muster_registry::{Command, Name, Namespace, Query as _, Registry};
use proptest::prelude::*;

use super::*;
use crate::http::health;
use crate::names::{Health, InstanceFacts};

fn check(id: &str, service_id: &str, status: Status, words: &str) -> CheckSpec {
    CheckSpec {
        id: id.into(),
        namespace: Namespace::DEFAULT,
        name: if id.ends_with(":container") { CONTAINER_STATE } else { id }.into(),
        status,
        notes: words.into(),
        output: words.into(),
        service_id: service_id.into(),
        kind: "ttl".into(),
        definition: "".into(),
    }
}

fn registered(node: usize, name: &str, tags: &[&str], checks: Vec<CheckSpec>) -> Command {
    let service = ServiceSpec {
        id: "w".into(),
        name: name.into(),
        tags: tags.iter().map(|tag| Arc::from(*tag)).collect(),
        ..ServiceSpec::default()
    };
    Command::Register(Box::new(Registration {
        node: format!("n{node}").into(),
        address: "10.0.0.1".into(),
        service: Some(service),
        checks,
        ..Registration::default()
    }))
}

fn random_check() -> impl Strategy<Value = CheckSpec> {
    const IDS: [&str; 5] = ["c", "serfHealth", "_node_maintenance", "_service_maintenance:w", "w:container"];
    const STATES: [Status; 4] = [Status::Passing, Status::Passing, Status::Warning, Status::Critical];
    (
        proptest::sample::select(&IDS[..]),
        any::<bool>(),
        proptest::sample::select(&STATES[..]),
        proptest::sample::select(&["", "stopping: SIGTERM sent", "refused"][..]),
    )
        .prop_map(|(id, own, status, words)| check(id, if own { "w" } else { "" }, status, words))
}

/// What instances carry, and what is asked for: case does not count.
const TAGS: &[&[&str]] = &[&["v1"], &["V1", "b"], &[]];
const ASKED: &[&[&str]] = &[&[], &["v1"], &["v1", "b"]];

proptest! {
    #[test]
    fn the_verdict_is_what_the_answers_say(
        hosts in proptest::collection::vec(
            (proptest::collection::vec(random_check(), 0..4), proptest::sample::select(TAGS)),
            1..5,
        ),
        asked in proptest::sample::select(ASKED),
    ) {
        let mut registry = Registry::new();
        for (node, (checks, tags)) in hosts.into_iter().enumerate() {
            registry.apply(node as u64 + 1, &registered(node, "web", tags, checks));
        }
        let view = registry.view();
        let query: String = asked.iter().map(|tag| format!("&tag={tag}")).collect();
        let params = Arc::new(Params::parse(&format!("passing{query}")).unwrap());
        let passing = health::question(&"dc1".into(), "service", "web", params).unwrap().render(view).unwrap();
        let passing: Vec<serde_json::Value> = serde_json::from_slice(passing.body()).unwrap();
        let mut verdicts = Vec::new();
        for instance in (ServiceHealth { service: Name::new("web") }).answer(view) {
            let (found, reasons) = judge(&instance, asked);
            let facts = InstanceFacts::from(instance);
            let tagged = asked.iter().all(|tag| facts.tags.iter().any(|own| own.eq_ignore_ascii_case(tag)));
            prop_assert_eq!(found.dns, tagged && facts.health != Health::Critical);
            prop_assert_eq!(found.dns_only_passing, tagged && facts.health == Health::Passing);
            prop_assert_eq!(reasons.is_empty(), found.passing, "who is missing has a reason: {:?}", reasons);
            verdicts.extend(found.passing.then(|| facts.node.name.to_string()));
        }
        let answered: Vec<_> = passing.iter().map(|one| one["Node"]["Node"].as_str().unwrap()).collect();
        prop_assert_eq!(verdicts, answered);
    }
}

fn reasons(name: &str, checks: Vec<CheckSpec>, tags: &[&str]) -> Vec<(ReasonKind, String)> {
    let mut registry = Registry::new();
    registry.apply(1, &registered(1, name, &["v1"], checks));
    let query = ServiceHealth { service: Name::new(name) };
    let (_, reasons) = judge(&query.answer(registry.view())[0], tags);
    reasons.into_iter().map(|reason| (reason.kind, reason.text)).collect()
}

#[test]
fn every_reason_is_said_in_plain_words() {
    let critical = |id: &str, words: &str| check(id, "", Status::Critical, words);
    let own = |id: &str, words: &str| check(id, "w", Status::Critical, words);
    for (checks, kind, text) in [
        (critical("serfHealth", ""), ReasonKind::LeaseLost, "the agent of node n1 does not renew its lease"),
        (
            critical("_node_maintenance", "disk"),
            ReasonKind::NodeMaintenance,
            "node n1 is in maintenance: disk",
        ),
        (own("_service_maintenance:w", "why"), ReasonKind::ServiceMaintenance, "it is in maintenance: why"),
        (
            own("w:container", "stopping: SIGTERM sent"),
            ReasonKind::Draining,
            "its container is being stopped: stopping: SIGTERM sent",
        ),
        (own("w:container", "paused"), ReasonKind::Critical, "check w:container is critical: paused"),
        (own("c", "a\n  b"), ReasonKind::Critical, "check c is critical: a b"),
        (check("c", "w", Status::Warning, ""), ReasonKind::Warning, "check c warns: it says nothing"),
    ] {
        assert_eq!(reasons("web", vec![checks], &["v1"]), [(kind, text.to_owned())]);
    }
    let many = reasons("a.b", vec![own("c", "x"), critical("serfHealth", "")], &["v2"]);
    let kinds: Vec<ReasonKind> = many.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [ReasonKind::Tag, ReasonKind::LeaseLost, ReasonKind::Critical, ReasonKind::DnsName]);
    let long = reasons("web", vec![own("c", &"é".repeat(300))], &[]);
    assert!(long[0].1.ends_with("é…") && long[0].1.chars().count() < SHOWN + 30, "{long:?}");
}
