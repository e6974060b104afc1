//! Why something is not found, asked of any server and of client agents: leases, departures, and what outlives
//! restarts.

use muster_test_process::{Agent, Cluster, until};
use nix::sys::signal::Signal;
use serde_json::Value;

fn why(agent: &Agent, name: &str) -> Value {
    let (status, body) = agent.get(&format!("/v1/muster/why/{name}"));
    if status == 200 { serde_json::from_str(&body).unwrap() } else { Value::Null }
}

fn has_lease(agent: &Agent, name: &str, state: &str) -> bool {
    let answer = why(agent, name);
    let lease = &answer["Instances"][0]["Lease"];
    lease["State"] == state && lease["Since"].is_string() && (state == "lost" || lease["HeardMsAgo"].is_u64())
}

#[test]
fn every_server_and_client_says_the_same_and_remembers_it() {
    let mut servers = Cluster::start(3).servers;
    let mut host = Agent::client(&servers.iter().collect::<Vec<_>>(), &[]);
    let other = Agent::client(&[&servers[1]], &[]);
    until("the node is passing", || host.passes_at(&servers[0]));
    let service = r#"{"ID":"w1","Name":"web","Check":{"CheckID":"c","Name":"c","TTL":"1h"}}"#;
    assert_eq!(host.put("/v1/agent/service/register", service).0, 200);
    assert_eq!(host.put("/v1/agent/check/fail/c?note=bad", "").0, 200);
    // The leader alone knows leases: the others ask it, and a client agent asks one of them.
    for agent in servers.iter().chain([&host, &other]) {
        until("the lease is held, and heard", || has_lease(agent, "web", "held"));
    }
    until("the catalog is told", || why(&other, "web")["Instances"][0]["Checks"][1]["Output"] == "bad");
    let since = |agent: &Agent| why(agent, "web")["Instances"][0]["Checks"][1]["Since"].clone();
    let turned = since(&other);
    assert!(turned.is_string() && servers.iter().all(|server| since(server) == turned), "{turned}");
    let seen = |host: &Agent| {
        let checks: Value = serde_json::from_str(&host.get("/v1/muster/agent/checks").1).unwrap_or_default();
        checks["Checks"][0]["Since"].clone()
    };
    let local = seen(&host);
    host.kill();
    until("the lease is lost", || has_lease(&other, "web", "lost"));
    let lost = &why(&other, "web")["Instances"][0]["Reasons"][0];
    assert_eq!((&lost["Kind"], &lost["CheckID"]), (&"lease-lost".into(), &"serfHealth".into()));
    host.start();
    until("the lease is held again", || has_lease(&other, "web", "held"));
    until("the agent answers", || seen(&host) == local);
    assert_eq!(since(&other), turned, "a restart is no turn");
    host.stop(Signal::SIGTERM);
    let went = |agent: &Agent| why(agent, "web")["Departed"][0]["By"] == "left";
    until("it left", || went(&other));
    // All servers restart: what went is remembered.
    servers.iter_mut().for_each(Agent::kill);
    servers.iter_mut().for_each(Agent::start);
    until("it is remembered", || servers.iter().all(went));
}

#[test]
fn without_a_leader_the_last_that_is_known_is_told() {
    let mut servers = Cluster::start(3).servers;
    servers[0].register("n1", "10.0.0.1", "web", "");
    until("all know it", || servers.iter().all(|server| why(server, "web")["Instances"][0]["Node"] == "n1"));
    servers[1].kill();
    servers[2].kill();
    until("no leader is known", || why(&servers[0], "web")["Stale"] == true);
    let answer = why(&servers[0], "web");
    assert_eq!(answer["Instances"][0]["Found"]["Passing"], true);
    assert_eq!(answer["Instances"][0]["Lease"]["State"], "none");
}
