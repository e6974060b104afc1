//! A client agent over SIGKILLs, restarts and reloads, beside a real server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use muster_test_process::{Agent, until};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// The statuses of the host's checks in the catalog, by ID.
fn told(server: &Agent) -> BTreeMap<String, String> {
    let checks = server.json("/v1/health/node/host");
    let text = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
    let list = checks.as_array().cloned().unwrap_or_default();
    list.iter().map(|check| (text(check, "CheckID"), text(check, "Status"))).collect()
}

fn instances(server: &Agent) -> Vec<String> {
    let found = server.json("/v1/catalog/node/host");
    found["Services"].as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect()
}

fn write(file: &std::path::Path, content: &Value) {
    std::fs::write(file, content.to_string()).unwrap();
}

#[test]
fn what_was_acknowledged_survives_and_what_is_gone_stays_gone() {
    let mut server = Agent::founder();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services.json");
    write(&file, &json!({ "services": [{ "name": "filed", "port": 1 }, { "name": "fading" }] }));
    let mut host = Agent::client_to_be("host", &[&server], &[&format!("-config-file={}", file.display())]);
    host.start_and_wait();
    host.done("/v1/agent/service/register", r#"{"Name":"api","Port":8,"Check":{"TTL":"1h"}}"#);
    host.done("/v1/agent/check/register", r#"{"Name":"mine","ServiceID":"filed","TTL":"1h"}"#);
    host.done("/v1/agent/check/pass/service:api", "");
    host.done("/v1/agent/check/warn/mine", "");
    host.done("/v1/agent/service/maintenance/api?enable=true", "");
    until("all is told", || {
        let checks = told(&server);
        let is = |id: &str, status: &str| checks.get(id).is_some_and(|told| told == status);
        is("mine", "warning") && is("service:api", "passing") && is("_service_maintenance:api", "critical")
    });
    assert_eq!(instances(&server), ["api", "fading", "filed"]);
    // While no server answers: maintenance ends, the same is registered again; then the agent dies.
    server.kill();
    host.done("/v1/agent/service/maintenance/api?enable=false", "");
    host.done("/v1/agent/service/register", r#"{"Name":"api","Port":8,"Check":{"TTL":"1h"}}"#);
    host.kill();
    write(&file, &json!({ "services": [{ "name": "filed", "port": 1 }] }));
    server.start();
    host.start_and_wait();
    until("the catalog is what is defined", || {
        let expected = [("mine", "warning"), ("serfHealth", "passing"), ("service:api", "passing")];
        instances(&server) == ["api", "filed"]
            && told(&server).into_iter().eq(expected.map(|(id, status)| (id.to_owned(), status.to_owned())))
    });
    let endless =
        r#"{"Name":"boom","Check":{"TTL":"10s","DeregisterCriticalServiceAfter":"3000000000000000h"}}"#;
    assert_eq!(host.put("/v1/agent/service/register", endless).0, 400);
}

#[test]
fn a_reload_is_taken_whole_or_not_at_all() {
    let server = Agent::founder();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services.json");
    write(&file, &json!({ "services": [{ "name": "web", "port": 1 }] }));
    let mut host = Agent::client_to_be("host", &[&server], &[&format!("-config-file={}", file.display())]);
    // An empty ID is what a crash leaves of one that never came to the disk.
    std::fs::write(host.data().join("node-id"), "").unwrap();
    host.start_and_wait();
    let ports = |host: &Agent| {
        let services = host.json("/v1/agent/services");
        let list = services.as_object().cloned().unwrap_or_default();
        list.into_iter().map(|(id, service)| (id, service["Port"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    let stands = [("web".to_owned(), 1)];
    for wrong in [
        json!({ "services": [{ "name": "web", "port": 2 }, { "name": "b", "check": { "http": "x" } }] }),
        json!({ "services": [{ "name": "web", "port": 2 }], "log_level": "loud" }),
        json!({ "services": [{ "name": "web", "port": 2 }], "checks": [{ "name": "c", "ttl": "x" }] }),
    ] {
        write(&file, &wrong);
        assert_eq!(host.put("/v1/agent/reload", "").0, 500, "{wrong}");
        assert_eq!(ports(&host), stands, "{wrong}");
    }
    write(&file, &json!({ "services": [{ "name": "web", "port": 3 }, { "name": "b" }] }));
    host.signal(Signal::SIGHUP);
    until("the files are taken up", || ports(&host) == [("b".to_owned(), 0), ("web".to_owned(), 3)]);
    until("the catalog is told", || instances(&server) == ["b", "web"]);
}

#[test]
fn a_hangup_while_it_starts_ends_nobody() {
    let mut host = Agent::client_to_be("host", &[], &["-retry-join=127.0.0.1:1"]);
    // The earliest moment that can be seen from outside: the data folder has the node's ID.
    host.start();
    until("it has begun", || host.data().join("node-id").exists());
    for _ in 0..20 {
        host.signal(Signal::SIGHUP);
    }
    until("the agent answers", || host.json("/v1/agent/services").is_object());
    until("it has read its files again", || host.words().contains("the configuration was read again"));
}
