//! The health of checks: what registrations, restarts, removals and outages do to it.

use std::time::Duration;

use serde_json::json;

use crate::host::Host;

#[test]
fn the_same_registration_again_leaves_the_health_as_it_is() {
    let mut host = Host::started();
    let service = r#"{"Name":"web","Check":{"TTL":"1h"}}"#;
    let check = r#"{"Name":"alone","TTL":"1h"}"#;
    for again in [false, true] {
        host.put("/v1/agent/service/register", service);
        host.put("/v1/agent/check/register", check);
        if !again {
            host.put("/v1/agent/check/pass/service:web?note=fine", "");
            host.put("/v1/agent/check/warn/alone?note=hm", "");
        }
    }
    host.crash_and_start();
    assert_eq!((host.status("service:web").as_str(), host.status("alone").as_str()), ("passing", "warning"));
    assert_eq!(host.get("/v1/agent/checks")["service:web"]["Output"], "fine");
}

#[test]
fn a_status_in_a_definition_is_for_new_checks() {
    let mut host = Host::started();
    host.put("/v1/agent/check/register", r#"{"Name":"c","TTL":"1h"}"#);
    host.put("/v1/agent/service/register", r#"{"Name":"web","Check":{"TTL":"1h","Status":"passing"}}"#);
    assert_eq!(host.status("service:web"), "passing");
    host.put("/v1/agent/check/pass/c", "");
    host.put("/v1/agent/check/fail/service:web", "");
    host.put("/v1/agent/check/register", r#"{"Name":"c","TTL":"2h","Status":"critical"}"#);
    host.put("/v1/agent/service/register", r#"{"Name":"web","Check":{"TTL":"2h","Status":"passing"}}"#);
    for _ in 0..2 {
        assert_eq!((host.status("c").as_str(), host.status("service:web").as_str()), ("passing", "critical"));
        host.crash_and_start();
    }
    // One that was taken away is new.
    host.put("/v1/agent/check/deregister/c", "");
    host.put("/v1/agent/check/register", r#"{"Name":"c","TTL":"2h","Status":"warning"}"#);
    assert_eq!(host.status("c"), "warning");
}

#[test]
fn maintenance_that_ended_in_an_outage_does_not_come_back() {
    let mut host = Host::started();
    host.put("/v1/agent/service/register", r#"{"Name":"api","Check":{"TTL":"1h"}}"#);
    host.put("/v1/agent/service/maintenance/api?enable=true", "");
    host.put("/v1/agent/maintenance?enable=true", "");
    host.put("/v1/agent/check/register", r#"{"Name":"c","TTL":"1h"}"#);
    host.until("it is told", || host.catalog.checks().len() == 4);
    host.catalog.outage(true);
    host.put("/v1/agent/service/maintenance/api?enable=false", "");
    host.put("/v1/agent/maintenance?enable=false", "");
    host.put("/v1/agent/check/deregister/c", "");
    host.put("/v1/agent/service/register?replace-existing-checks=true", r#"{"Name":"api"}"#);
    host.crash();
    host.catalog.outage(false);
    host.start();
    host.until("all of it is gone", || host.catalog.checks().is_empty());
    assert!(host.catalog.services().contains_key("api"));
    // The marks are of no use any more.
    let marks = |host: &Host| std::fs::read_dir(host.folder().join("checks")).unwrap().count();
    host.until("no mark stays", || marks(&host) == 0);
}

#[test]
fn only_maintenance_is_maintenance() {
    let mut host = Host::started();
    for id in ["_mine", "_node_maintenance_not", "_service_maintenance:x"] {
        host.put("/v1/agent/check/register", &json!({ "ID": id, "Name": "m", "TTL": "1h" }).to_string());
    }
    host.put("/v1/agent/maintenance?enable=true&reason=why", "");
    host.crash_and_start();
    for id in ["_mine", "_node_maintenance_not", "_service_maintenance:x"] {
        host.put(&format!("/v1/agent/check/pass/{id}"), "");
    }
    assert_eq!(host.get("/v1/agent/checks")["_node_maintenance"]["Notes"], "why");
    host.put("/v1/agent/maintenance?enable=false", "");
    host.crash_and_start();
    assert_eq!(host.status("_mine"), "passing");
    assert_eq!(host.status("_node_maintenance"), "none");
}

#[test]
fn a_heartbeat_s_output_is_cut_once_and_to_the_check_s_own_limit() {
    let host = Host::started();
    for (name, limit, kept) in [("d", 0, 4096), ("small", 100, 100), ("large", 8000, 5000)] {
        let check = json!({ "Name": name, "TTL": "1h", "OutputMaxSize": limit });
        host.put("/v1/agent/check/register", &check.to_string());
        let update = json!({ "Status": "passing", "Output": "x".repeat(5000) });
        host.put(&format!("/v1/agent/check/update/{name}"), &update.to_string());
        let cut = if kept < 5000 { format!(" ... (captured {kept} of 5000 bytes)") } else { String::new() };
        let expected = json!(format!("{}{cut}", "x".repeat(kept)));
        assert_eq!(host.get("/v1/agent/checks")[name]["Output"], expected, "{name}");
    }
}

#[test]
fn a_new_check_believes_its_first_run_and_a_known_one_counts() {
    let mut host = Host::new();
    // Real probes need real time.
    host.paused = false;
    host.start();
    let folder = tempfile::tempdir().unwrap();
    let code = folder.path().join("code");
    let runs = folder.path().join("runs");
    let check = |name: &str, more: &str| {
        let script = format!("echo {name} >> {}; exit $(cat {})", runs.display(), code.display());
        let script = json!(script);
        format!(r#"{{"Name":"{name}","Args":["/bin/sh","-c",{script}],"Interval":"1s",{more}}}"#)
    };
    let ran = |name: &str| {
        let text = std::fs::read_to_string(&runs).unwrap_or_default();
        text.lines().filter(|line| *line == name).count()
    };
    std::fs::write(&code, "0").unwrap();
    host.put("/v1/agent/check/register", &check("good", r#""SuccessBeforePassing":3"#));
    host.until("the first success is believed", || host.status("good") == "passing");
    assert!(ran("good") < 3, "it waited for three");
    std::fs::write(&code, "2").unwrap();
    host.put("/v1/agent/check/register", &check("bad", r#""FailuresBeforeCritical":3,"Status":"passing""#));
    host.until("the first failure is believed", || host.status("bad") == "critical");
    assert!(ran("bad") < 3, "it waited for three");
    // What was known before a change or a restart is not given up for one result.
    let kept = check("kept", r#""FailuresBeforeCritical":3"#);
    std::fs::write(&code, "0").unwrap();
    host.put("/v1/agent/check/register", &kept);
    host.until("it passes", || host.status("kept") == "passing");
    std::fs::write(&code, "2").unwrap();
    host.crash();
    std::fs::write(&runs, "").unwrap();
    host.start();
    host.until("three failures are believed", || host.status("kept") == "critical");
    assert!(ran("kept") >= 3, "{} runs", ran("kept"));
}

#[test]
fn a_lease_that_is_back_ends_the_pause() {
    let host = Host::started();
    host.put("/v1/agent/check/register", r#"{"Name":"c","TTL":"1h"}"#);
    host.until("it is told", || host.catalog.checks().contains_key("c"));
    host.catalog.outage(true);
    host.put("/v1/agent/check/pass/c", "");
    host.wait(Duration::from_secs(100));
    host.catalog.outage(false);
    let took = host.until("the transition is told", || host.catalog.checks()["c"] == "passing");
    assert!(took < Duration::from_secs(3), "it took {took:?}");
}

#[test]
fn a_change_of_output_alone_is_told_when_its_patience_is_over() {
    let mut host = Host::started();
    host.put("/v1/agent/check/register", r#"{"Name":"c","TTL":"1h","Status":"passing"}"#);
    let told = |host: &Host| host.catalog.output("c");
    host.put("/v1/agent/check/pass/c?note=one", "");
    assert!(
        host.until("the first words are told", || told(&host) == Some("one".into())) < Duration::from_secs(1)
    );
    host.put("/v1/agent/check/pass/c?note=two", "");
    host.wait(Duration::from_secs(299));
    assert_eq!(told(&host), Some("one".into()));
    let waited = host.until("the other words are told", || told(&host) == Some("two".into()));
    assert!(waited < Duration::from_secs(2), "{waited:?}");
    host.crash();
}

#[test]
fn the_catalog_is_told_why_an_instance_goes() {
    let mut host = Host::new();
    host.services = vec![json!({ "name": "filed" }), json!({ "name": "fading" })];
    host.start();
    let critical =
        r#"{"Name":"sick","Check":{"TTL":"1s","Status":"critical","DeregisterCriticalServiceAfter":"1m"}}"#;
    host.put("/v1/agent/service/register", critical);
    for id in ["asked", "held"] {
        host.put("/v1/agent/service/register", &json!({ "Name": id }).to_string());
    }
    host.until("all are told", || host.catalog.services().len() == 5);
    host.put("/v1/agent/service/deregister/asked", "");
    host.put("/v1/agent/service/deregister/held?by=registrator", "");
    host.services.remove(0);
    host.reload().unwrap();
    host.until("the sick one is gone", || host.catalog.services().len() == 1);
    host.crash();
    host.services.clear();
    host.start();
    host.until("nothing is left", || host.catalog.services().is_empty());
    let mut causes = host.catalog.causes();
    causes.sort();
    let expected =
        ["asked by=agent", "fading by=files", "filed by=files", "held by=registrator", "sick by=critical"];
    assert_eq!(causes, expected);
}

#[test]
fn since_when_a_check_is_as_it_is_outlives_a_restart() {
    let mut host = Host::started();
    host.checks = vec![json!({ "name": "filed", "ttl": "1h" })];
    host.reload().unwrap();
    host.put("/v1/agent/service/register", r#"{"Name":"api","Check":{"TTL":"1h"}}"#);
    host.put("/v1/agent/maintenance?enable=true", "");
    host.put("/v1/agent/check/pass/service:api", "");
    let since = |host: &Host| {
        let seen = host.get("/v1/muster/agent/checks");
        let checks = seen["Checks"].as_array().cloned().unwrap_or_default().into_iter();
        checks.map(|check| (check["CheckID"].clone(), check["Since"].clone())).collect::<Vec<_>>()
    };
    let before = since(&host);
    assert!(before.len() == 3 && before.iter().all(|(_, since)| since.is_string()), "{before:?}");
    host.crash_and_start();
    assert_eq!(since(&host), before);
}
