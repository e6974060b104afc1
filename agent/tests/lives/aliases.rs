//! Aliases over the life of a host: of its own instances, and through the catalog.

use serde_json::json;

use crate::host::Host;

/// A host with an instance that passes, and one with an alias of it; `node` is what the alias names.
fn host(node: &str) -> Host {
    let host = Host::started();
    let web = json!({ "Name": "web", "Check": { "CheckID": "c", "TTL": "1h", "Status": "passing" } });
    host.put("/v1/agent/service/register", &web.to_string());
    host.put("/v1/agent/service/register", r#"{"Name":"me"}"#);
    let alias = json!({ "Name": "alias", "ServiceID": "me", "AliasService": "web", "AliasNode": node });
    host.put("/v1/agent/check/register", &alias.to_string());
    assert_eq!(host.get("/v1/agent/checks")["alias"]["Type"], "alias");
    host
}

fn output(host: &Host) -> String {
    host.get("/v1/agent/checks")["alias"]["Output"].as_str().unwrap().to_owned()
}

fn follows(host: &Host) {
    host.until("it passes", || host.status("alias") == "passing");
    assert_eq!(output(host), "All checks passing.");
    host.put("/v1/agent/check/fail/c?note=down", "");
    host.until("it fails", || host.status("alias") == "critical");
    assert_eq!(output(host), "Aliased check \"Service 'web' check\" failing: down");
    host.until("the catalog is told", || host.catalog.checks()["alias"] == "critical");
    host.put("/v1/agent/check/warn/c?note=hm", "");
    host.until("it warns", || host.status("alias") == "warning");
    host.put("/v1/agent/check/pass/c", "");
    host.until("it recovers", || host.status("alias") == "passing");
}

#[test]
fn an_alias_of_this_host_follows_it_through_outages_and_restarts() {
    let mut host = host("");
    follows(&host);
    host.catalog.outage(true);
    host.put("/v1/agent/check/fail/c?note=down", "");
    host.until("no server is needed", || host.status("alias") == "critical");
    host.crash_and_start();
    assert_eq!(host.status("alias"), "critical", "it is what it was");
    host.put("/v1/agent/check/pass/c", "");
    host.until("it recovers", || host.status("alias") == "passing");
    host.put("/v1/agent/service/deregister/web", "");
    host.until("it misses it", || output(&host) == "Service web could not be found on node ");
    host.put("/v1/agent/check/deregister/alias", "");
    assert_eq!(host.status("alias"), "none");
}

#[test]
fn an_alias_that_names_a_node_follows_the_catalog() {
    let mut host = host("host");
    follows(&host);
    host.catalog.outage(true);
    host.put("/v1/agent/check/fail/c?note=down", "");
    host.wait(std::time::Duration::from_secs(60));
    assert_eq!(host.status("alias"), "passing", "what is known is not given up while nobody answers");
    host.catalog.outage(false);
    host.until("it is told", || host.status("alias") == "critical");
    host.crash_and_start();
    host.put("/v1/agent/check/pass/c", "");
    host.until("it recovers", || host.status("alias") == "passing");
    host.put("/v1/agent/service/deregister/web", "");
    host.until("it misses it", || output(&host) == "Service web could not be found on node host");
}

#[test]
fn a_check_may_become_an_alias_and_be_one_no_more() {
    let host = host("");
    host.until("it passes", || host.status("alias") == "passing");
    host.put("/v1/agent/check/register", r#"{"Name":"alias","ServiceID":"me","TTL":"1h"}"#);
    host.put("/v1/agent/check/fail/alias", "");
    host.put("/v1/agent/check/fail/c", "");
    host.put("/v1/agent/check/pass/alias?note=mine", "");
    host.wait(std::time::Duration::from_secs(5));
    assert_eq!((host.status("alias").as_str(), output(&host).as_str()), ("passing", "mine"));
    host.put("/v1/agent/check/register", r#"{"Name":"alias","ServiceID":"me","AliasService":"web"}"#);
    host.until("it follows again", || host.status("alias") == "critical");
}
