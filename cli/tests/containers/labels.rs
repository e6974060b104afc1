//! Labels and flags of the well-known registrator, each with a real container.

use serde_json::json;

use crate::host::{Host, Registrator, SOON, within};

#[test]
fn labels_and_environment_say_name_id_tags_and_metadata() {
    let host = Host::with_registrator(
        r#"{"tags":"all,{{ strSlice .ID 0 3 }}","meta_from_labels":"team.","name_filter":"^(web|dns|off)$"}"#,
    );
    let id = host.run(&[
        "--name=web",
        "--publish=80",
        "--env=SERVICE_NAME=environment",
        "--label=SERVICE_NAME=label",
        r"--label=SERVICE_TAGS=b,a\,c",
        "--env=SERVICE_REGION=eu",
        "--label=team.owner=shop",
    ]);
    host.run(&[
        "--name=dns",
        "--publish=80",
        "--publish=53/udp",
        "--label=SERVICE_53_NAME=names",
        "--label=SERVICE_80_ID=mine",
        "--env=SERVICE_53_TAGS=fast",
    ]);
    host.run(&["--name=off", "--publish=80", "--label=SERVICE_IGNORE=yes"]);
    host.run(&["--name=filtered", "--publish=80"]);
    within(SOON, "the last is there", || host.instance("mine").is_object());
    let web = host.instance("host:web:80");
    assert_eq!(web["Service"], "label");
    assert_eq!(web["Tags"], json!(["b", "a,c", "all", &id[..3]]));
    assert_eq!((&web["Meta"]["region"], &web["Meta"]["owner"]), (&json!("eu"), &json!("shop")));
    assert_eq!(web["Meta"]["registrator-container"], id[..12]);
    assert_eq!(host.instance("mine")["Service"], "idle-80");
    let udp = host.instance("host:dns:53:udp");
    assert_eq!(udp["Service"], "names");
    assert_eq!(udp["Tags"][0], "fast");
    assert_eq!(udp["Tags"][3], "udp");
    for absent in ["host:off:80", "host:filtered:80"] {
        assert!(host.instance(absent).is_null(), "{absent}");
    }
}

#[test]
fn flags_choose_who_is_registered() {
    let host = Host::without_registrator();
    host.run(&["--name=named", "--publish=80", "--label=SERVICE_NAME=x"]);
    host.run(&["--name=marked", "--publish=80", "--label=SERVICE_REGISTER=1"]);
    host.run(&["--name=inside"]);
    let seen = |flag: &str, there: &str, absent: &[&str]| {
        let registrator = Registrator::beside(&host, &[flag]);
        let id = |name: &str| format!("host:{name}:80");
        within(SOON, flag, || {
            host.instance(&id(there)).is_object()
                && absent.iter().all(|name| host.instance(&id(name)).is_null())
        });
        drop(registrator);
    };
    seen("-internal=false", "named", &["inside"]);
    seen("-explicit", "named", &["marked", "inside"]);
    seen("-require-label", "marked", &["named", "inside"]);
    seen("-internal", "inside", &[]);
    seen("-ip=192.0.2.7", "named", &["inside"]);
    assert_eq!(host.instance("host:named:80")["Address"], "192.0.2.7");
}

#[test]
fn checks_of_labels_are_run_by_the_agent() {
    let host = Host::with_registrator("{}");
    host.run(&[
        "--name=web",
        "--publish=80",
        "--label=SERVICE_80_CHECK_HTTP=/up",
        "--label=SERVICE_CHECK_INTERVAL=1s",
        "--label=SERVICE_CHECK_HEADER=X-One: 1",
    ]);
    host.run(&["--name=tcp", "--publish=80", "--label=SERVICE_CHECK_TCP=true"]);
    host.run(&[
        "--name=ttl",
        "--publish=80",
        "--label=SERVICE_CHECK_TTL=100s",
        "--label=SERVICE_CHECK_INITIAL_STATUS=warning",
    ]);
    host.run(&["--name=script", "--publish=80", "--label=SERVICE_CHECK_SCRIPT=test -n '$SERVICE_IP a'"]);
    within(SOON, "all are there", || {
        ["web", "tcp", "ttl", "script"]
            .iter()
            .all(|name| host.instance(&format!("host:{name}:80")).is_object())
    });
    let checks = host.agent.json("/v1/agent/checks");
    let kind = |name: &str| checks[format!("service:host:{name}:80")]["Type"].clone();
    assert_eq!((kind("web"), kind("tcp"), kind("ttl")), (json!("http"), json!("tcp"), json!("ttl")));
    assert_eq!(checks["service:host:ttl:80"]["Status"], "warning");
    // Scripts are off: whoever asked for one is not found, and it says why.
    let (status, output) = host.state("host:script:80");
    assert_eq!(status, "critical");
    assert!(output.starts_with("SERVICE_CHECK_SCRIPT: Scripts are disabled on this agent"), "{output}");
    assert!(host.agent.words().contains("script ("), "{}", host.agent.words());
}
