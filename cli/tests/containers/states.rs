//! What remains of a container that ended, and what a registrator finds that was started again.

use crate::host::{Host, Registrator, SOON, within};

#[test]
fn a_failed_one_stays_critical_until_it_is_removed_with_deregister_on_success() {
    let host = Host::with_registrator(r#"{"deregister":"on-success"}"#);
    let ends_with = |code: u8| format!("until [ -e /end ]; do sleep 0.05; done; exit {code}");
    host.run(&["--name=well", "--publish=80", "--", "sh", "-c", &ends_with(0)]);
    host.run(&["--name=ill", "--publish=80", "--", "sh", "-c", &ends_with(3)]);
    host.run(&["--name=shot", "--publish=80"]);
    within(SOON, "all are there", || {
        ["well", "ill", "shot"].iter().all(|name| host.instance(&format!("host:{name}:80")).is_object())
    });
    for name in ["well", "ill"] {
        host.engine.docker(&["exec", name, "touch", "/end"]);
    }
    host.engine.docker(&["kill", "shot"]);
    within(SOON, "who ended well or by a signal is gone", || {
        host.instance("host:well:80").is_null() && host.instance("host:shot:80").is_null()
    });
    within(SOON, "who failed is critical", || {
        host.state("host:ill:80") == ("critical".into(), "it ended with exit code 3".into())
    });
    let containers = host.agent.muster(&["containers"]);
    assert!(containers.contains("ill") && containers.contains("it ended with exit code 3"), "{containers}");
    host.engine.docker(&["rm", "ill"]);
    within(SOON, "who was removed is gone", || host.instance("host:ill:80").is_null());
}

#[test]
fn a_restarting_one_is_critical_until_it_runs() {
    let host = Host::with_registrator("{}");
    host.run(&["--name=web", "--publish=80", "--restart=always", "--", "sh", "-c", "sleep 1; exit 4"]);
    within(SOON, "it restarts", || host.state("host:web:80").1 == "restarting: it ended with exit code 4");
    within(SOON, "it runs", || host.state("host:web:80").0 == "passing");
}

#[test]
fn a_second_life_registers_nothing_anew_and_sweeps_what_the_first_left() {
    let host = Host::without_registrator();
    let mut registrator = Registrator::beside(&host, &[]);
    let foreign = r#"{"ID":"host:old:80","Name":"old","Port":1}"#;
    let others = r#"{"ID":"x","Name":"old","Meta":{"registrator":"other","registrator-container":"0"}}"#;
    for body in [foreign, others] {
        assert_eq!(host.agent.call("PUT", "/v1/agent/service/register", body).0, 200);
    }
    host.run(&["--name=stays", "--publish=80"]);
    host.run(&["--name=goes", "--publish=80"]);
    within(SOON, "both are there", || host.catalog().is_some_and(|catalog| catalog.len() == 3));
    let index = |id: &str| {
        let node = host.agent.json(&format!("/v1/catalog/node/{}", host.agent.name));
        node["Services"][id]["ModifyIndex"].clone()
    };
    let before = index("host:stays:80");
    registrator.kill();
    host.engine.docker(&["rm", "--force", "goes"]);
    registrator.start();
    within(SOON, "what is gone was swept", || host.instance("host:goes:80").is_null());
    assert_eq!(index("host:stays:80"), before, "what stays was not written again");
    assert_eq!(registrator.words().matches("registered at").count(), 2, "{}", registrator.words());
    assert!(host.instance("host:old:80").is_object() && host.instance("x").is_object());
}

#[test]
fn cleanup_takes_what_the_well_known_registrator_left_and_nothing_else() {
    let host = Host::without_registrator();
    for id in ["host:old:80", "host:old:53:udp", "other:old:80", "host:web:80", "plain"] {
        let body = format!(r#"{{"ID":"{id}","Name":"left"}}"#);
        assert_eq!(host.agent.call("PUT", "/v1/agent/service/register", &body).0, 200);
    }
    host.run(&["--name=web", "--publish=80"]);
    let _registrator = Registrator::beside(&host, &["-cleanup"]);
    within(SOON, "what was left is gone, what runs is taken over", || {
        host.instance("host:old:80").is_null()
            && host.instance("host:old:53:udp").is_null()
            && host.instance("host:web:80")["Meta"]["registrator"] == "host"
    });
    assert!(host.instance("other:old:80").is_object() && host.instance("plain").is_object());
}
