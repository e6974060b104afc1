//! Disk and memory say the same, whoever wrote at the same time.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::host::{Host, ask};

/// Sends all of them at once.
fn all_at_once(host: &Host, requests: Vec<(String, String)>) {
    host.run(async {
        let mut running = JoinSet::new();
        for (path, body) in requests {
            let agent = host.agent();
            running.spawn(async move { ask(agent, "PUT", &path, &body).await });
        }
        while let Some(done) = running.join_next().await {
            // A heartbeat may come too late for its check.
            assert!([200, 500].contains(&done.unwrap().0));
        }
    });
}

#[test]
fn a_heartbeat_never_brings_back_a_check_that_was_taken_away() {
    let mut host = Host::started();
    let checks: Vec<String> = (0..100).map(|place| format!("c{place}")).collect();
    for check in &checks {
        host.put("/v1/agent/check/register", &json!({ "Name": check, "TTL": "1h" }).to_string());
    }
    let both = checks.iter().flat_map(|check| ["pass", "deregister"].map(|what| (what, check)));
    let both = both.map(|(what, check)| (format!("/v1/agent/check/{what}/{check}"), String::new()));
    all_at_once(&host, both.collect());
    host.crash_and_start();
    assert_eq!(host.get("/v1/agent/checks"), json!({}));
    host.until("the catalog is rid of them", || host.catalog.checks().is_empty());
}

#[test]
fn the_last_of_many_registrations_is_the_last_on_disk_too() {
    let mut host = Host::started();
    let ports = |host: &Host| {
        let services = host.get("/v1/agent/services");
        let port = |service: &Value| service["Port"].as_u64().unwrap();
        services.as_object().unwrap().values().map(port).collect::<Vec<_>>()
    };
    let puts = (0..60).flat_map(|place| (1..5).map(move |port| (place, port)));
    let puts = puts.map(|(place, port)| {
        let body = json!({ "Name": format!("s{place}"), "Port": port }).to_string();
        ("/v1/agent/service/register".to_owned(), body)
    });
    all_at_once(&host, puts.collect());
    let before = ports(&host);
    assert_eq!(before.len(), 60);
    host.crash_and_start();
    assert_eq!(ports(&host), before);
    host.until("the catalog agrees", || host.catalog.services().into_values().eq(before.iter().copied()));
}

#[test]
fn what_is_registered_again_at_once_is_not_deregistered() {
    let host = Host::started();
    host.put("/v1/agent/service/register", r#"{"Name":"web","Port":1}"#);
    host.until("it is told", || host.catalog.services().contains_key("web"));
    host.catalog.outage(true);
    host.put("/v1/agent/service/deregister/web", "");
    host.put("/v1/agent/service/register", r#"{"Name":"web","Port":2}"#);
    host.catalog.outage(false);
    host.until("it is told again", || host.catalog.services().get("web") == Some(&2));
    assert_eq!(host.catalog.taken(), Vec::<String>::new());
}
