//! Servers that are not of the cluster, that leave it, die and return: a client agent finds those that lead on.

use std::time::Duration;

use muster_test_process::{Agent, Cluster, until};
use nix::sys::signal::Signal;

#[test]
fn a_server_of_no_cluster_is_passed_over() {
    let (lost, server) = (Agent::server(&[]), Agent::founder());
    until("it listens", || lost.get("/v1/status/leader").0 == 200);
    let client = Agent::client(&[&lost, &server], &[]);
    until("the node is passing", || client.passes_at(&server));
    server.register("n1", "10.0.0.1", "web", "");
    assert_eq!(client.get("/v1/kv/ready?raw"), (200, "x".into()));
    assert_eq!(client.dig("web.service.consul", "A"), ["10.0.0.1"]);
}

#[test]
fn a_server_that_was_removed_is_left() {
    let servers = Cluster::start(3).servers;
    let leader = servers[0].get("/v1/status/leader").1;
    let (leads, follow): (Vec<_>, Vec<_>) =
        servers.iter().partition(|server| leader.contains(&server.address()));
    let (removed, other) = (follow[0], leads[0]);
    let client = Agent::client(&[removed, other], &[]);
    until("the node is passing", || client.passes_at(other));
    other.register("n1", "10.0.0.1", "web", "");
    until("the name is known", || client.dig("web.service.consul", "A") == ["10.0.0.1"]);
    let path = format!("/v1/operator/raft/peer?address={}", removed.address());
    // One that was founded just now may look once more whether it belongs to the cluster, and join it again.
    until("it is removed and left behind", || {
        let _ = other.call("DELETE", &path, "");
        removed.get("/v1/status/leader").1 == r#""""#
    });
    other.register("n1", "10.0.0.2", "web", "");
    until("the new address is shown", || client.dig("web.service.consul", "A") == ["10.0.0.2"]);
    until("the node is passing, or again", || client.passes_at(other));
    assert_eq!(client.get("/v1/kv/ready?raw&stale"), (200, "x".into()));
    other.register("n1", "10.0.0.3", "web", "");
    until("and every later one", || client.dig("web.service.consul", "A") == ["10.0.0.3"]);
}

#[test]
fn servers_may_die_and_return() {
    let mut servers = Cluster::start(3).servers;
    let client = {
        let known: Vec<&Agent> = servers.iter().collect();
        Agent::client(&known[..1], &[])
    };
    until("the node is passing", || client.passes_at(&servers[1]));
    servers[1].register("n1", "10.0.0.1", "web", "");
    until("the name is known", || client.dig("web.service.consul", "A") == ["10.0.0.1"]);
    // The only one that it was told of dies: it has learned of the others.
    servers[0].kill();
    until("writes go on", || servers[1].put("/v1/kv/after", "x").0 == 200);
    servers[1].register("n1", "10.0.0.2", "web", "");
    until("the new address is shown", || client.dig("web.service.consul", "A") == ["10.0.0.2"]);
    until("the relay works", || client.get("/v1/kv/after?raw") == (200, "x".into()));
    until("the node is passing", || client.passes_at(&servers[1]));
    // All die: what was known is known on.
    servers[1].kill();
    servers[2].kill();
    for _ in 0..20 {
        assert_eq!(client.dig("web.service.consul", "A"), ["10.0.0.2"]);
        std::thread::sleep(Duration::from_millis(200));
    }
    servers.iter_mut().for_each(Agent::start);
    until("writes go on", || servers[2].put("/v1/kv/again", "x").0 == 200);
    servers[2].register("n1", "10.0.0.3", "web", "");
    until("the new address is shown", || client.dig("web.service.consul", "A") == ["10.0.0.3"]);
    until("the node is passing", || client.passes_at(&servers[2]));
}

#[test]
fn an_agent_that_stops_answers_who_waits_and_holds_nobody_up() {
    let server = Agent::founder();
    let mut client = Agent::client(&[&server], &[]);
    until("the node is passing", || client.passes_at(&server));
    let key: serde_json::Value = serde_json::from_str(&server.get("/v1/kv/ready").1).unwrap();
    let url = client.url(&format!("/v1/kv/ready?index={}&wait=60s", key[0]["ModifyIndex"]));
    let (done, answered) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let asks = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer =
            runtime.block_on(async { asks.get(url).send().await.map(|answer| answer.status().as_u16()) });
        let _ = done.send(answer);
    });
    assert!(answered.recv_timeout(Duration::from_millis(500)).is_err(), "it waits");
    let took = client.stop(Signal::SIGTERM);
    assert_eq!(answered.recv_timeout(Duration::from_secs(5)).unwrap().unwrap(), 503);
    assert!(took < Duration::from_secs(3), "{took:?}");
    until("its node has left", || server.get(&format!("/v1/catalog/node/{}", client.name)).1 == "null");
}
