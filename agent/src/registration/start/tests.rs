//! Every way in which an ID may be known at the beginning, and what becomes of it.

use super::*;

const SCRIPTS: Scripts = Scripts { allowed: false };

fn check(json: &str) -> CheckDefinition {
    muster_api::decode::json(json.as_bytes()).unwrap()
}

fn service(id: &str) -> ServiceDefinition {
    ServiceDefinition { id: id.into(), name: id.into(), ..ServiceDefinition::default() }
}

/// What stands on disk.
fn found(records: Vec<Record>) -> Found {
    let mut found = Found::default();
    for record in records {
        match record {
            Record::Service(stored) => found.services.push(*stored),
            Record::Check(stored) => found.checks.push(*stored),
        }
    }
    found
}

fn files(services: &[ServiceDefinition], checks: &[CheckDefinition]) -> JudgedFiles {
    JudgedFiles::judge(services, checks, SCRIPTS, |_| true).unwrap()
}

fn passing(json: &str, origin: Origin) -> Record {
    Record::check(&check(json), origin, "passing", "fine").since(7)
}

/// The IDs that are in force, and those that are gone, the news marked.
fn ids(beginning: &Beginning) -> (Vec<String>, Vec<String>) {
    let services = beginning.services.iter().map(|(service, _)| service.id.clone());
    let checks = beginning.checks.iter().map(|(judged, ..)| judged.check.id.clone());
    let maintenance = beginning.maintenance.iter().map(|(check, _)| check.id.clone());
    let gone = beginning.gone.iter().map(|key| {
        let news = if beginning.newly_gone.contains(key) { "!" } else { "" };
        format!("{}{news}", key.id())
    });
    (services.chain(checks).chain(maintenance).collect(), gone.collect())
}

#[test]
fn what_nobody_defines_any_more_is_gone() {
    let known = found(vec![
        Record::service(&service("api"), Origin::Api),
        Record::service(&service("filed"), Origin::File),
        Record::gone(&Key::Service("marked".into())),
        passing(r#"{"id":"alone","ttl":"1s"}"#, Origin::Api),
        passing(r#"{"id":"of api","serviceid":"api","ttl":"1s"}"#, Origin::Api),
        passing(r#"{"id":"orphan","serviceid":"filed","ttl":"1s"}"#, Origin::Api),
        passing(r#"{"id":"of file","ttl":"1s"}"#, Origin::File),
        passing(r#"{"id":"script","args":["true"],"interval":"1s"}"#, Origin::Api),
        passing(r#"{"id":"_service_maintenance:api","serviceid":"api"}"#, Origin::Api),
        passing(r#"{"id":"_service_maintenance:x","serviceid":"x"}"#, Origin::Api),
        Record::gone(&Key::Check("c marked".into())),
    ]);
    let (there, gone) = ids(&plan(known, files(&[], &[]), SCRIPTS));
    assert_eq!(there, ["api", "alone", "of api", "_service_maintenance:api"]);
    let expected =
        ["filed!", "marked", "orphan!", "of file!", "script!", "_service_maintenance:x!", "c marked"];
    assert_eq!(gone, expected);
}

#[test]
fn what_the_files_define_is_theirs_and_keeps_its_health() {
    for origin in [Origin::Api, Origin::File] {
        let known = found(vec![
            Record::service(&service("web"), origin),
            passing(r#"{"id":"disk","ttl":"1s"}"#, origin),
            passing(r#"{"id":"mine","serviceid":"web","ttl":"1s"}"#, Origin::Api),
        ]);
        let defined = files(&[service("web")], &[check(r#"{"name":"disk","ttl":"2s"}"#)]);
        let beginning = plan(known, defined, SCRIPTS);
        assert_eq!(ids(&beginning), (vec!["web".into(), "mine".into(), "disk".into()], vec![]));
        assert_eq!(beginning.services[0].1, Origin::File);
        let known = Known { status: Status::Passing, output: "fine".into(), since: 7 };
        assert_eq!(beginning.checks[1].1, Some(known));
        assert_eq!(beginning.checks[1].2, Origin::File);
    }
    // A mark has no health, and what is defined again is not gone.
    let known = found(vec![Record::gone(&Key::Check("disk".into()))]);
    let beginning = plan(known, files(&[], &[check(r#"{"name":"disk","ttl":"2s"}"#)]), SCRIPTS);
    assert_eq!(ids(&beginning), (vec!["disk".into()], vec![]));
    assert_eq!(beginning.checks[0].1, None);
}
