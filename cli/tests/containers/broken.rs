//! Bad labels, an engine that is not there or talks nonsense, a container that vanishes: all else goes on.

use muster_test_engine::Engine;

use crate::host::{Host, SECOND, SOON, within};
use crate::relay::Relay;

#[test]
fn a_bad_label_is_named_once_with_its_container_and_all_else_goes_on() {
    let host = Host::with_registrator(r#"{"resync":"1s"}"#);
    host.run(&["--name=bad", "--publish=80", "--label=SERVICE_CHECK_TTL=soon"]);
    host.run(&["--name=worse", "--publish=80", "--label=SERVICE_CHECK_NOSUCH=1", "--label=SERVICE_A.B=1"]);
    host.run(&["--name=good", "--publish=80"]);
    within(SECOND, "the good one is there", || host.state("host:good:80").0 == "passing");
    let said = |words: &str| host.agent.words().matches(words).count();
    let texts = [
        "SERVICE_CHECK_TTL: time: invalid duration \"soon\"",
        "SERVICE_CHECK_NOSUCH: a check has no field \"nosuch\"",
        "SERVICE_A.B is not in the metadata: \"a.b\" is no key",
    ];
    for (name, text) in [("bad", texts[0]), ("worse", texts[1])] {
        within(SOON, text, || host.state(&format!("host:{name}:80")) == ("critical".into(), text.into()));
        assert!(host.agent.words().contains(&format!("{name} (")));
    }
    // Three times everything is looked at, and nothing is said again.
    let looked = host.instance("host:good:80");
    std::thread::sleep(3 * SECOND);
    assert_eq!(host.instance("host:good:80"), looked);
    assert_eq!(texts.map(said), [1, 1, 1], "{}", host.agent.words());
}

#[test]
fn nonsense_about_one_container_leaves_it_as_it_is_and_all_else_goes_on() {
    let engine = Engine::own();
    let relay = Relay::before(engine.socket());
    let host = Host::reached_at(engine, &relay.address());
    let id = host.run(&["--name=web", "--publish=80", "--label=SERVICE_NAME=web"]);
    within(SOON, "it is found", || host.found("web") == 1);
    for nonsense in ["{\"Id\":7}", "{", "{}"] {
        relay.answer(&format!("/containers/{id}/json"), nonsense);
        host.engine.docker(&["pause", "web"]);
        within(SOON, "it is said", || host.agent.words().contains(&id[..12]));
        host.run(&["--name=other", "--publish=80", "--label=SERVICE_NAME=other"]);
        within(SECOND, "another one is found", || host.found("other") == 1);
        assert_eq!(host.found("web"), 1, "what cannot be read stays as it was");
        relay.tell_the_truth();
        within(SOON, "what is true is seen", || host.found("web") == 0);
        host.engine.docker(&["unpause", "web"]);
        within(SOON, "what is true is seen", || host.found("web") == 1);
        host.engine.docker(&["rm", "--force", "other"]);
    }
    relay.answer("/events", "nonsense\n");
    host.engine.docker(&["rename", "web", "new"]);
    within(10 * SECOND, "even without events", || host.instance("host:new:80").is_object());
}

#[test]
fn one_container_that_hangs_holds_no_other_up() {
    let engine = Engine::own();
    let relay = Relay::before(engine.socket());
    let host = Host::reached_at(engine, &relay.address());
    let id = host.run(&["--name=web", "--publish=80", "--label=SERVICE_NAME=web"]);
    within(SOON, "it is found", || host.found("web") == 1);
    relay.be_silent(&format!("/containers/{id}/json"));
    host.engine.docker(&["pause", "web"]);
    within(SOON, "it is said", || host.agent.words().contains("the engine gave no answer in"));
    for _ in 0..2 {
        let before = relay.unanswered();
        within(SOON, "the silent one is asked again", || relay.unanswered() > before);
        host.run(&["--name=other", "--publish=80", "--label=SERVICE_NAME=other"]);
        within(SECOND, "another one is found", || host.found("other") == 1);
        host.engine.docker(&["rm", "--force", "other"]);
        within(SECOND, "another one is gone", || host.instance("host:other:80").is_null());
    }
    assert_eq!(host.found("web"), 1, "what cannot be read stays as it was");
    relay.tell_the_truth();
    within(SOON, "what is true is seen", || host.state("host:web:80").1 == "paused");
}

#[test]
fn what_an_agent_refuses_of_one_container_holds_nothing_else_back() {
    let host = Host::with_registrator(r#"{"use_ip_from_label":"ip"}"#);
    host.run(&["--name=bad", "--publish=80", "--label=ip=0.0.0.0"]);
    let refusal = "Invalid service address (host:bad:80, container bad (";
    within(SOON, "it is said", || host.agent.words().contains(refusal));
    host.run(&["--name=brief", "--publish=80"]);
    within(SECOND, "another one is there", || host.instance("host:brief:80").is_object());
    host.engine.docker(&["rm", "--force", "brief"]);
    within(SECOND, "it goes with its container", || host.instance("host:brief:80").is_null());
    assert_eq!(host.agent.words().matches(refusal).count(), 1, "it is said once");
}

#[test]
fn the_check_of_a_state_that_somebody_takes_away_comes_back() {
    let host = Host::with_registrator("{}");
    host.run(&["--name=web", "--publish=80"]);
    within(SOON, "it is there", || host.state("host:web:80").0 == "passing");
    let path = "/v1/agent/check/deregister/host:web:80:container";
    assert_eq!(host.agent.call("PUT", path, "").0, 200);
    within(SOON, "it is there again", || host.state("host:web:80").0 == "passing");
    host.engine.docker(&["pause", "web"]);
    within(SECOND, "it is kept up to date", || host.state("host:web:80").1 == "paused");
}

#[test]
fn an_engine_that_is_not_there_is_waited_for() {
    let host = Host::with_registrator("{}");
    host.run(&["--name=web", "--publish=80", "--restart=always", "--label=SERVICE_NAME=web"]);
    within(SOON, "it is found", || host.found("web") == 1);
    host.engine.stop();
    within(SOON, "it is said", || host.agent.words().contains("the engine is not there: "));
    assert_eq!(host.agent.call("PUT", "/v1/kv/a", "b").0, 200, "the agent goes on");
    host.engine.start();
    host.until_equal(10 * SECOND, "the engine is back");
    let met = || host.agent.words().matches("the engine is there").count();
    within(SOON, "it is said that it is there again", || met() == 2);
}

#[test]
fn a_container_that_vanishes_at_once_is_no_trouble() {
    let host = Host::with_registrator("{}");
    for round in 0..10 {
        let name = format!("--name=brief{round}");
        host.engine.docker(&["run", "--rm", &name, "--publish=80", &host.image, "true"]);
    }
    host.run(&["--name=web", "--publish=80"]);
    host.until_equal(10 * SECOND, "ten that vanished");
    assert!(!host.agent.words().contains("cannot be read"), "{}", host.agent.words());
}
