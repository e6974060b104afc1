//! What is registered at one agent is found at every other, and is gone everywhere when it stops.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use crate::ask::ids;
use crate::town::Town;

/// The interval of the checks and a second more.
const GONE: Duration = Duration::from_secs(2);

#[test]
fn a_service_that_stops_is_gone_everywhere_within_its_interval_and_a_second() {
    let mut town = Town::start();
    for host in town.hosts() {
        // The agent that runs it is the node on which it is found.
        let nodes = host.dig("c2.node.consul", "A");
        assert_eq!(nodes, [town.network.host("c2").address], "at {}", host.name);
        let members = host.get("/v1/agent/members").json();
        assert_eq!(members.as_array().map(Vec::len), Some(5), "at {}", host.name);
    }
    let (woken, answers) = channel();
    for host in town.hosts() {
        let index = host.get("/v1/health/service/web?passing").index;
        assert!(index > 0, "no index at {}", host.name);
        let woken = woken.clone();
        std::thread::spawn(move || {
            let answer = host.get(&format!("/v1/health/service/web?passing&index={index}&wait=30s"));
            let _ = woken.send((host.name, Instant::now(), answer));
        });
    }
    // Nobody is woken by what has nothing to do with it.
    assert_eq!(town.hosts()[0].put("/v1/kv/unrelated", "x").status, 200);
    assert!(answers.recv_timeout(Duration::from_millis(500)).is_err(), "woken by an unrelated change");

    let stopped = Instant::now();
    town.webs[1].kill();
    let took = town.wait_until_found(&["web-1", "web-3"], GONE);
    for _ in 0..5 {
        let (name, at, answer) = answers.recv_timeout(GONE).expect("a blocked query was not woken");
        assert_eq!(ids(&answer), ["web-1", "web-3"], "at {name}");
        assert!(at - stopped <= GONE, "woken at {name} after {:?}", at - stopped);
    }
    // Without ?passing it is still there, with the reason.
    let all = town.hosts()[4].get("/v1/health/service/web");
    assert_eq!(ids(&all), ["web-1", "web-2", "web-3"]);
    assert!(all.body.contains("connection refused"), "{}", all.body);

    town.webs[1].start_again();
    let back = town.wait_until_found(&["web-1", "web-2", "web-3"], GONE + GONE);
    eprintln!("e2e: a stopped nginx was gone on every node after {took:?}, back {back:?} after its start");

    let answer = town.clients[1].host.put("/v1/agent/service/deregister/web-2", "");
    assert_eq!(answer.status, 200, "{answer:?}");
    town.wait_until_found(&["web-1", "web-3"], GONE);
    assert_eq!(ids(&town.hosts()[0].get("/v1/health/service/web")), ["web-1", "web-3"]);
}
