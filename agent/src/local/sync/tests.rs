//! A catalog in memory takes the actions; after one round it must agree, and hold what is not ours as it was.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_healthchecks::{Report, Status};
use proptest::prelude::*;
use tokio::time::Instant;

use super::super::Origin;
use super::super::remote::{RemoteNode, RemoteWeights};
use super::*;

const PATIENCE: Duration = Duration::from_secs(300);

fn service(id: &str, port: u16) -> ServiceDefinition {
    ServiceDefinition { id: id.into(), name: "web".into(), port, ..ServiceDefinition::default() }
}

fn check(id: &str, service: &str) -> CheckDefinition {
    CheckDefinition { id: id.into(), service_id: service.into(), ..CheckDefinition::default() }
}

fn us(meta: &BTreeMap<String, String>) -> Identity<'_> {
    Identity { id: "me", address: "10.0.0.1", meta, server: false }
}

fn put_check(local: &mut LocalState, id: &str, service: &str) {
    local.put_check(
        check(id, service),
        "ttl",
        (Status::Critical, String::new()),
        Origin::Api,
        Instant::now(),
    );
}

fn report(id: &str, status: Status, output: &str) -> Report {
    Report { id: id.into(), status, output: output.into(), order: 1 }
}

/// What the catalog becomes by `action`.
fn tell(remote: &mut Remote, local: &LocalState, action: &Action) {
    match action {
        Action::ForgetFormerLife => *remote = Remote::default(),
        Action::Node => {
            remote.node = Some(RemoteNode { id: "me".into(), address: "10.0.0.1".into(), meta: None });
            let alive =
                RemoteCheck { id: "serfHealth".into(), status: "passing".into(), ..RemoteCheck::default() };
            remote.checks.insert("serfHealth".into(), alive);
        }
        Action::Service { id, checks, .. } => {
            let held = &local.service(id).unwrap().definition;
            let told = RemoteService {
                id: id.clone(),
                service: held.name.clone(),
                port: held.port,
                weights: RemoteWeights { passing: 1, warning: 1 },
                ..RemoteService::default()
            };
            remote.services.insert(id.clone(), told);
            checks.iter().for_each(|(check, _)| tell_check(remote, local, check));
        }
        Action::Check { id, .. } => tell_check(remote, local, id),
        Action::ForgetService { id, .. } => {
            remote.services.remove(id);
            remote.checks.retain(|_, check| check.service_id != *id);
        }
        Action::ForgetCheck { id, .. } => drop(remote.checks.remove(id)),
    }
}

fn tell_check(remote: &mut Remote, local: &LocalState, id: &str) {
    let held = local.check(id).unwrap();
    let told = RemoteCheck {
        id: id.to_owned(),
        name: held.definition.name.clone(),
        status: held.status.as_str().into(),
        notes: held.definition.notes.clone(),
        output: held.output.clone(),
        service_id: held.definition.service_id.clone(),
    };
    remote.checks.insert(id.to_owned(), told);
}

fn round(local: &mut LocalState, remote: &mut Remote) -> usize {
    let meta = BTreeMap::new();
    let first = compare(local, remote, us(&meta), |_| false);
    let actions: Vec<Action> = first.into_iter().chain(plan(local)).collect();
    for action in &actions {
        tell(remote, local, action);
        local.told(action);
    }
    actions.len()
}

#[test]
fn what_others_registered_stays_and_what_was_ours_goes() {
    let (mut local, mut remote) = (LocalState::new(), Remote::default());
    let theirs = RemoteService { id: "theirs".into(), ..RemoteService::default() };
    remote.services.insert("theirs".into(), theirs);
    local.put_service(service("w1", 80), Origin::Api);
    put_check(&mut local, "c1", "w1");
    round(&mut local, &mut remote);
    assert_eq!(remote.services.keys().collect::<Vec<_>>(), ["theirs", "w1"]);
    local.remove_service("w1");
    round(&mut local, &mut remote);
    assert_eq!(remote.services.keys().collect::<Vec<_>>(), ["theirs"]);
    assert_eq!(remote.checks.keys().collect::<Vec<_>>(), ["serfHealth"]);
    assert_eq!(round(&mut local, &mut remote), 0);
}

#[test]
fn a_change_on_the_way_is_told_again() {
    let (mut local, mut remote) = (LocalState::new(), Remote::default());
    local.put_service(service("w1", 80), Origin::Api);
    let actions = plan(&local);
    local.put_service(service("w1", 81), Origin::Api);
    actions.iter().for_each(|action| local.told(action));
    assert!(matches!(plan(&local).as_slice(), [Action::Service { .. }]));
    round(&mut local, &mut remote);
    assert_eq!(remote.services["w1"].port, 81);
}

#[test]
fn what_is_back_is_not_taken_away() {
    let (mut local, mut remote) = (LocalState::new(), Remote::default());
    local.put_service(service("w1", 80), Origin::Api);
    put_check(&mut local, "c1", "");
    round(&mut local, &mut remote);
    local.remove_service("w1");
    local.remove_check("c1");
    let actions = plan(&local);
    assert!(actions.iter().all(|action| local.still(action)) && actions.len() == 2);
    local.put_service(service("w1", 80), Origin::Api);
    put_check(&mut local, "c1", "");
    assert!(actions.iter().all(|action| !local.still(action)));
    // Gone once more: the word of the first time does not count for the second.
    local.remove_service("w1");
    local.remove_check("c1");
    actions.iter().for_each(|action| local.told(action));
    assert!(local.take_settled().is_empty());
    round(&mut local, &mut remote);
    assert_eq!(local.take_settled(), [Key::Service("w1".into()), Key::Check("c1".into())]);
}

#[test]
fn what_is_ours_and_lost_goes() {
    let (mut local, mut remote) = (LocalState::new(), Remote::default());
    for id in ["lost", "theirs"] {
        remote.services.insert(id.into(), RemoteService { id: id.into(), ..RemoteService::default() });
    }
    compare(&mut local, &remote, us(&BTreeMap::new()), |key| key.id() == "lost");
    let gone = plan(&local).into_iter().filter(|action| *action != Action::Node);
    assert!(gone.eq([Action::ForgetService { id: "lost".into(), revision: 1, checks: Vec::new() }]));
}

#[test]
fn a_word_that_comes_too_late_does_not_count() {
    let (mut local, now) = (LocalState::new(), Instant::now());
    put_check(&mut local, "c", "");
    local.hear_from("c", 5);
    let word = |order| Report { order, ..report("c", Status::Passing, "") };
    assert_eq!(local.report(word(4), now, PATIENCE), super::super::Change::None);
    assert_eq!(local.report(word(6), now, PATIENCE), super::super::Change::Status);
}

#[test]
fn a_change_of_output_alone_waits() {
    let (mut local, mut remote) = (LocalState::new(), Remote::default());
    put_check(&mut local, "c", "");
    round(&mut local, &mut remote);
    let now = Instant::now();
    local.report(report("c", Status::Critical, "first words"), now, PATIENCE);
    assert_eq!((plan(&local).len(), round(&mut local, &mut remote)), (1, 1), "the first words do not wait");
    local.report(report("c", Status::Critical, "new words"), now, PATIENCE);
    assert_eq!(round(&mut local, &mut remote), 0);
    assert_eq!(local.outputs_due(now), Some(now + PATIENCE));
    assert_eq!(local.outputs_due(now + PATIENCE), None);
    assert_eq!(plan(&local).len(), 1);
}

/// One partial round in which checks say something else while the catalog takes what they said before.
fn told_while(local: &mut LocalState, remote: &mut Remote, says: Report) {
    let actions = plan(local);
    actions.iter().for_each(|action| tell(remote, local, action));
    local.report(says, Instant::now(), PATIENCE);
    actions.iter().for_each(|action| local.told(action));
}

#[test]
fn words_that_come_while_others_are_told_are_told_when_their_patience_is_over() {
    let (mut local, mut remote) = (LocalState::new(), Remote::default());
    local.put_service(service("w", 80), Origin::Api);
    put_check(&mut local, "c", "w");
    let others = |remote: &Remote| remote.checks["c"].output.clone();
    let over = |local: &mut LocalState, remote: &mut Remote| {
        assert_eq!(plan(local), [], "they may wait");
        assert_eq!(local.outputs_due(Instant::now() + PATIENCE + PATIENCE), None);
        let actions = plan(local);
        actions.iter().for_each(|action| tell(remote, local, action));
        actions.iter().for_each(|action| local.told(action));
        assert_eq!((plan(local), local.outputs_due(Instant::now())), (vec![], None), "all is told");
    };
    round(&mut local, &mut remote);
    // The check is on its way itself.
    local.report(report("c", Status::Passing, "one"), Instant::now(), PATIENCE);
    told_while(&mut local, &mut remote, report("c", Status::Passing, "two"));
    assert_eq!(others(&remote), "one");
    over(&mut local, &mut remote);
    assert_eq!(others(&remote), "two");
    // It goes along with its instance, and has words that wait.
    local.report(report("c", Status::Passing, "three"), Instant::now(), PATIENCE);
    local.put_service(service("w", 81), Origin::Api);
    told_while(&mut local, &mut remote, report("c", Status::Passing, "four"));
    assert_eq!(others(&remote), "three");
    over(&mut local, &mut remote);
    assert_eq!(others(&remote), "four");
}

#[test]
fn a_former_life_goes_whole_but_a_living_namesake_is_left_alone() {
    let mut remote = Remote {
        node: Some(RemoteNode { id: "other".into(), ..RemoteNode::default() }),
        services: [("ghost".to_owned(), RemoteService::default())].into(),
        checks: BTreeMap::new(),
    };
    let alive = |status: &str| RemoteCheck { status: status.into(), ..RemoteCheck::default() };
    remote.checks.insert("serfHealth".into(), alive("passing"));
    let (meta, mut local) = (BTreeMap::new(), LocalState::new());
    assert_eq!(compare(&mut local, &remote, us(&meta), |_| false), None);
    remote.checks.insert("serfHealth".into(), alive("critical"));
    round(&mut local, &mut remote);
    assert!(remote.services.is_empty());
}

#[test]
fn tags_that_others_may_change_are_taken_over() {
    let (mut local, meta) = (LocalState::new(), BTreeMap::new());
    local.put_service(ServiceDefinition { enable_tag_override: true, ..service("w1", 80) }, Origin::Api);
    let told = RemoteService { tags: Some(vec!["theirs".into()]), ..RemoteService::default() };
    let remote = Remote { services: [("w1".to_owned(), told)].into(), ..Remote::default() };
    compare(&mut local, &remote, us(&meta), |_| false);
    assert_eq!(local.service("w1").unwrap().definition.tags, Some(vec!["theirs".into()]));
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u16),
    Check(u8, u8),
    Report(u8, bool),
    RemoveService(u8),
    RemoveCheck(u8),
    Round,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3u8, 0..3u16).prop_map(|(id, port)| Step::Put(id, port)),
        (0..4u8, 0..4u8).prop_map(|(id, of)| Step::Check(id, of)),
        (0..4u8, any::<bool>()).prop_map(|(id, well)| Step::Report(id, well)),
        (0..3u8).prop_map(Step::RemoveService),
        (0..4u8).prop_map(Step::RemoveCheck),
        Just(Step::Round),
    ]
}

proptest! {
    #[test]
    fn after_a_round_the_catalog_agrees_and_a_second_has_nothing_to_say(steps in prop::collection::vec(step(), 0..40)) {
        let (mut local, mut remote) = (LocalState::new(), Remote::default());
        for step in steps {
            match step {
                Step::Put(id, port) => local.put_service(service(&format!("s{id}"), port), Origin::Api),
                Step::Check(id, of) => {
                    let owner = format!("s{of}");
                    let owner = if local.service(&owner).is_some() { owner } else { String::new() };
                    put_check(&mut local, &format!("c{id}"), &owner);
                }
                Step::Report(id, well) => {
                    let status = if well { Status::Passing } else { Status::Critical };
                    local.report(report(&format!("c{id}"), status, ""), Instant::now(), PATIENCE);
                }
                Step::RemoveService(id) => drop(local.remove_service(&format!("s{id}"))),
                Step::RemoveCheck(id) => drop(local.remove_check(&format!("c{id}"))),
                Step::Round => drop(round(&mut local, &mut remote)),
            }
        }
        round(&mut local, &mut remote);
        let mine: Vec<_> = local.services().map(|service| service.definition.id.clone()).collect();
        prop_assert_eq!(remote.services.keys().cloned().collect::<Vec<_>>(), mine);
        let mut checks: Vec<_> = local.checks().map(|check| check.definition.id.clone()).collect();
        checks.push("serfHealth".into());
        checks.sort();
        prop_assert_eq!(remote.checks.keys().cloned().collect::<Vec<_>>(), checks);
        prop_assert_eq!(round(&mut local, &mut remote), 0);
    }
}
