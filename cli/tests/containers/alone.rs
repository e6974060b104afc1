//! `muster registrator` as a process of its own, and what it does without an agent or an engine.

use muster_test_process::Agent;

use crate::host::{Host, Registrator, SECOND, SOON, within};

#[test]
fn it_waits_for_an_agent_unless_it_is_told_to_give_up() {
    let mut host = Host::without_registrator();
    host.agent.kill();
    let mut waits = Registrator::beside(&host, &[]);
    let mut gives_up = Registrator::beside(&host, &["-retry-attempts=1", "-retry-interval=10"]);
    within(SOON, "it gives up", || gives_up.ended() == Some(1));
    assert!(
        gives_up.words().contains("the agent cannot be reached: connection refused"),
        "{}",
        gives_up.words()
    );
    host.run(&["--name=web", "--publish=80"]);
    within(SOON, "it says what it waits for", || waits.words().contains("the agent cannot be reached"));
    assert_eq!(waits.ended(), None);
    host.agent.start_and_wait();
    within(10 * SECOND, "what was started meanwhile is there", || host.instance("host:web:80").is_object());
    assert_eq!(waits.words().matches("cannot be reached").count(), 1, "said once: {}", waits.words());
}

#[test]
fn flags_that_make_no_sense_are_refused_at_start() {
    let host = Host::without_registrator();
    for (flags, words) in [
        (&["-deregister=never"][..], "deregister \"never\""),
        (&["-tags={{ range .Config.Env }}"], "tags: template: range is not taken"),
        (&["-ip=here"], "ip: \"here\" is no IP address"),
        (&["-nosuch"], "flag provided but not defined: -nosuch"),
    ] {
        let mut registrator = Registrator::beside(&host, flags);
        within(SOON, words, || registrator.ended() == Some(1));
        assert!(registrator.words().contains(words), "{}", registrator.words());
    }
}

#[test]
fn ttl_flags_are_taken_and_have_no_effect() {
    let host = Host::without_registrator();
    let registrator = Registrator::beside(&host, &["-ttl=60", "-ttl-refresh=30", "-resync=600"]);
    host.run(&["--name=web", "--publish=80"]);
    within(SOON, "it works", || host.state("host:web:80").0 == "passing");
    assert!(registrator.words().contains("-ttl and -ttl-refresh are taken and have no effect"));
}

#[test]
fn it_runs_in_a_client_agent_too() {
    let host = Host::without_registrator();
    let file = tempfile::Builder::new().suffix(".hcl").tempfile().unwrap();
    let text = format!("registrator {{\n  owner = \"host\"\n  engine = \"{}\"\n}}\n", host.engine.address());
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().to_str().unwrap();
    let client = Agent::client(&[&host.agent], &["-registrator", "-config-file", path]);
    host.run(&["--name=web", "--publish=80", "--label=SERVICE_NAME=web"]);
    within(SOON, "DNS of the client has it", || client.dig("web.service.consul", "A") == ["127.0.0.1"]);
    let node = host.agent.json("/v1/catalog/service/web");
    assert_eq!(node[0]["Node"], client.name);
}
