//! What configuration files define, and what becomes of it when they change while the agent runs or is down.

use std::fs;

use serde_json::json;

use crate::host::Host;

#[test]
fn a_check_of_the_api_on_a_service_of_a_file_survives_restarts() {
    let mut host = Host::new();
    host.services = vec![json!({ "name": "web", "port": 1 })];
    host.start();
    host.put("/v1/agent/check/register", r#"{"Name":"mine","ServiceID":"web","TTL":"1h"}"#);
    host.put("/v1/agent/check/pass/mine", "");
    host.until("it is told", || host.catalog.checks().get("mine").is_some_and(|status| status == "passing"));
    for _ in 0..2 {
        host.crash_and_start();
        assert_eq!(host.status("mine"), "passing");
    }
    // Without the file it belongs to nobody: it goes, from the catalog too.
    host.services.clear();
    host.crash_and_start();
    assert_eq!(host.status("mine"), "none");
    host.until("it goes", || host.catalog.checks().is_empty() && host.catalog.services().is_empty());
}

#[test]
fn what_a_file_defined_goes_with_the_file_also_while_the_agent_is_down() {
    let mut host = Host::new();
    host.catalog.put_foreign("theirs");
    host.services = vec![json!({ "name": "web", "check": { "ttl": "1h" } }), json!({ "name": "db" })];
    host.checks = vec![json!({ "name": "disk", "ttl": "1h" }), json!({ "name": "load", "ttl": "1h" })];
    host.start();
    host.until("all is told", || host.catalog.checks().len() == 4 && host.catalog.services().len() == 3);
    host.crash();
    host.services.remove(0);
    host.checks.remove(0);
    host.start();
    host.until("what is no longer defined goes", || {
        host.catalog.services().into_keys().eq(["db", "theirs"])
            && host.catalog.checks().into_keys().eq(["load", "theirs"])
    });
    // The same while no server can be reached, over another crash.
    host.catalog.outage(true);
    host.crash();
    host.services.clear();
    host.start();
    host.crash();
    host.catalog.outage(false);
    host.start();
    host.until("the rest goes", || host.catalog.services().into_keys().eq(["theirs"]));
}

#[test]
fn a_heartbeat_of_a_file_s_check_survives() {
    let mut host = Host::new();
    host.checks = vec![json!({ "name": "disk", "ttl": "1h" })];
    host.start();
    host.put("/v1/agent/check/pass/disk", "");
    host.crash_and_start();
    assert_eq!(host.status("disk"), "passing");
}

#[test]
fn a_file_takes_over_what_the_api_defined() {
    let mut host = Host::started();
    let port = |host: &Host| host.get("/v1/agent/service/web")["Port"].clone();
    host.put("/v1/agent/service/register", r#"{"Name":"web","Port":1}"#);
    // The same words from a file are a file's all the same.
    host.services = vec![json!({ "name": "web", "port": 1 })];
    host.reload().unwrap();
    host.services = vec![json!({ "name": "web", "port": 2 })];
    host.reload().unwrap();
    assert_eq!(port(&host), 2);
    host.services.clear();
    host.reload().unwrap();
    host.crash_and_start();
    assert_eq!(host.get("/v1/agent/services"), json!({}));
    // And from the API to a file over a restart.
    host.put("/v1/agent/service/register", r#"{"Name":"web","Port":1}"#);
    host.crash();
    host.services = vec![json!({ "name": "web", "port": 2 })];
    host.start();
    assert_eq!(port(&host), 2);
    host.crash();
    host.services.clear();
    host.start();
    assert_eq!(host.get("/v1/agent/services"), json!({}));
    host.until("it goes", || host.catalog.services().is_empty());
}

#[test]
fn a_reload_that_fails_touches_nothing() {
    let mut host = Host::new();
    host.services = vec![json!({ "name": "web", "port": 1 })];
    host.start();
    for wrong in [
        json!({ "name": "bad", "check": { "http": "x" } }),
        json!({ "name": "bad", "address": "0.0.0.0" }),
        json!({ "name": "bad", "checks": [{ "ttl": "1s", "status": "zz" }] }),
    ] {
        host.services = vec![json!({ "name": "web", "port": 2 }), json!({ "name": "more" }), wrong];
        host.reload().unwrap_err();
        assert_eq!(host.get("/v1/agent/service/web")["Port"], 1);
        assert_eq!(host.get("/v1/agent/services").as_object().unwrap().len(), 1);
    }
    host.services = vec![json!({ "name": "other" })];
    host.checks = vec![json!({ "name": "of web", "service_id": "web", "ttl": "1h" })];
    let error = host.reload().unwrap_err();
    assert!(error.contains(r#"ServiceID "web" does not exist"#), "{error}");
    assert_eq!(host.get("/v1/agent/services").as_object().unwrap().len(), 1);
}

#[test]
fn a_script_that_may_no_longer_run_is_gone() {
    let mut host = Host::started();
    let script = r#"{"Name":"script","Args":["/bin/true"],"Interval":"1h"}"#;
    host.put("/v1/agent/check/register", script);
    host.until("it is told", || host.catalog.checks().contains_key("script"));
    host.crash();
    host.scripts = false;
    host.start();
    assert_eq!(host.status("script"), "none");
    host.until("it goes", || host.catalog.checks().is_empty());
    host.crash();
    host.scripts = true;
    host.start();
    assert_eq!(host.status("script"), "none", "as in Consul it does not come back by itself");
}

#[test]
fn what_cannot_be_read_any_more_is_gone_and_what_others_registered_stays() {
    let mut host = Host::started();
    host.catalog.put_foreign("theirs");
    for id in ["torn", "newer", "whole"] {
        host.put("/v1/agent/service/register", &json!({ "Name": id, "Check": { "TTL": "1h" } }).to_string());
    }
    host.until("all is told", || host.catalog.checks().len() == 4);
    host.crash();
    for folder in ["services", "checks"] {
        for entry in fs::read_dir(host.folder().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.contains("torn") {
                fs::write(&path, b"{\"format\":1,").unwrap();
            } else if name.contains("newer") {
                fs::write(&path, br#"{"format":4711,"what":"nobody knows"}"#).unwrap();
            }
        }
    }
    host.start();
    host.until("what nobody can read goes", || {
        host.catalog.services().into_keys().eq(["theirs", "whole"])
            && host.catalog.checks().into_keys().eq(["service:whole", "theirs"])
    });
    // Both can be registered again.
    host.put("/v1/agent/service/register", r#"{"Name":"torn","Port":7}"#);
    host.crash_and_start();
    assert_eq!(host.get("/v1/agent/service/torn")["Port"], 7);
}
