//! Who belongs to a cluster and who leads it: joining, leaving, dying and coming back, with real processes.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use muster_test_process::{Agent, Cluster, until};

/// The servers as `at` sees them: address, whether it votes, its ID.
fn servers(at: &Agent) -> Vec<(String, bool, String)> {
    let (_, body) = at.get("/v1/operator/raft/configuration");
    let Ok(configuration) = serde_json::from_str::<Value>(&body) else { return Vec::new() };
    let text = |server: &Value, field: &str| server[field].as_str().unwrap_or_default().to_owned();
    let list = configuration["Servers"].as_array().cloned().unwrap_or_default();
    list.iter().map(|one| (text(one, "Address"), one["Voter"] == true, text(one, "ID"))).collect()
}

fn votes(at: &Agent, whom: &Agent) -> bool {
    servers(at).iter().any(|(address, voter, _)| *address == whom.address() && *voter)
}

fn leader_address(at: &Agent) -> String {
    at.get("/v1/status/leader").1.trim_matches('"').to_owned()
}

fn knows(at: &Agent, node: &str) -> bool {
    at.get(&format!("/v1/catalog/node/{node}")).1 != "null"
}

#[test]
fn a_newcomer_catches_up_and_votes_and_a_dead_one_is_removed() {
    let first = Agent::founder();
    for number in 0..20 {
        assert_eq!(first.put(&format!("/v1/kv/number/{number}"), "x").0, 200);
    }
    let join = format!("-retry-join={}", first.address());
    let second = Agent::server(&[&join]);
    let mut third = Agent::server(&[&join]);
    for newcomer in [&second, &third] {
        until("the newcomer votes", || votes(&first, newcomer));
        until("it has what was there before it", || newcomer.get("/v1/kv/number/19?stale").0 == 200);
        newcomer.wait_until_writable();
        until("its node is in the catalog", || knows(&first, &newcomer.name));
    }
    // A living server is left alone.
    assert_eq!(second.put(&format!("/v1/agent/force-leave/{}", third.name), "").0, 200);
    assert!(votes(&first, &third) && knows(&first, &third.name));
    third.kill();
    until("the dead one is critical", || {
        first.get(&format!("/v1/health/node/{}", third.name)).1.contains("Agent not live")
    });
    // Asked of a server, whoever leads.
    assert_eq!(second.put(&format!("/v1/agent/force-leave/{}", third.name), "").0, 200);
    until("the leader's word is out", || servers(&first).len() == 2);
    assert!(!knows(&first, &third.name));
    // It comes back with all that it knew, but for that it was removed.
    third.start();
    until("who was removed while dead votes again", || votes(&first, &third));
    until("its node is back", || knows(&first, &third.name));
    third.wait_until_writable();
}

#[test]
fn a_dead_peer_is_removed_by_the_operator_in_consul_s_words() {
    let mut cluster = Cluster::start(3);
    let at = &cluster.servers[0];
    for (method, path, status, text) in [
        (
            "DELETE",
            "/v1/operator/raft/peer",
            400,
            "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove",
        ),
        (
            "DELETE",
            "/v1/operator/raft/peer?id=x&address=y",
            400,
            "Bad request: Must specify only one of ?id or ?address",
        ),
        ("DELETE", "/v1/operator/raft/peer?id=x", 500, "id \"x\" was not found in the Raft configuration"),
        (
            "DELETE",
            "/v1/operator/raft/peer?address=1.1.1.1:1",
            500,
            "address \"1.1.1.1:1\" was not found in the Raft configuration",
        ),
        ("DELETE", "/v1/operator/raft/peer?id=x&dc=zz", 500, "No path to datacenter"),
        ("GET", "/v1/operator/raft/peer", 405, "method GET not allowed"),
        ("PUT", "/v1/operator/raft/transfer-leader", 405, "method PUT not allowed"),
    ] {
        assert_eq!(at.call(method, path, ""), (status, text.into()), "{method} {path}");
    }
    let leader = cluster.leader();
    let (dead, follower) = ((leader + 1) % 3, (leader + 2) % 3);
    cluster.servers[dead].kill();
    let (leader, follower) = (&cluster.servers[leader], &cluster.servers[follower]);
    let address = cluster.servers[dead].address();
    until("the leader knows that it is dead", || {
        // A vote that is needed is not given away: two of three live.
        let own = format!("/v1/operator/raft/peer?address={}", follower.address());
        let (status, text) = follower.call("DELETE", &own, "");
        status == 500 && text.contains("would leave 1 of 2 voters alive")
    });
    assert_eq!(
        follower.call("DELETE", &format!("/v1/operator/raft/peer?address={address}"), ""),
        (200, String::new())
    );
    assert_eq!(servers(leader).len(), 2);
    assert_eq!(follower.put("/v1/kv/after", "x").0, 200);
}

#[test]
fn leadership_moves_when_asked_for_at_any_server() {
    let cluster = Cluster::start(3);
    let leader = cluster.leader();
    let (old, follower, other) =
        (&cluster.servers[leader], &cluster.servers[(leader + 1) % 3], &cluster.servers[(leader + 2) % 3]);
    let moved = other.call("POST", "/v1/operator/raft/transfer-leader", "");
    assert_eq!(moved, (200, r#"{"Success":true}"#.into()));
    until("another leads", || ![old.address(), String::new()].contains(&leader_address(follower)));
    assert_eq!(old.put("/v1/kv/after", "x").0, 200);
    let id = servers(old).into_iter().find(|(address, ..)| *address == old.address()).unwrap().2;
    let moved = follower.call("POST", &format!("/v1/operator/raft/transfer-leader?id={id}"), "");
    assert_eq!(moved.0, 200, "{}", moved.1);
    until("the one that was asked for leads", || leader_address(follower) == old.address());
}

#[test]
fn a_leader_that_leaves_hands_over_and_comes_back() {
    let mut cluster = Cluster::start(3);
    let leader = cluster.leader();
    let other = (leader + 1) % 3;
    let (node, gone) = (cluster.servers[leader].name.clone(), cluster.servers[leader].address());
    until("its node is in the catalog", || knows(&cluster.servers[other], &node));
    let left = Instant::now();
    assert_eq!(cluster.servers[leader].put("/v1/agent/leave", ""), (200, String::new()));
    assert_eq!(cluster.servers[other].put("/v1/kv/after", "x").0, 200);
    assert!(left.elapsed() < Duration::from_secs(3), "writes again after {:?}", left.elapsed());
    assert_eq!(cluster.servers[leader].wait_for_exit(), Some(0));
    until("it is no member", || {
        let stayed = servers(&cluster.servers[other]);
        stayed.len() == 2 && stayed.iter().all(|(address, ..)| *address != gone)
    });
    assert!(!knows(&cluster.servers[other], &node));
    cluster.servers[leader].start();
    let (back, other) = (&cluster.servers[leader], &cluster.servers[other]);
    until("it votes again", || votes(other, back));
    until("its node is back", || knows(other, &node));
    assert_eq!(back.get("/v1/kv/after?raw"), (200, "x".into()));
}

#[test]
fn a_server_leaves_on_the_signal_that_it_is_told_to_leave_on() {
    let first = Agent::founder();
    let join = format!("-retry-join={}", first.address());
    for (leaves, signal, flags) in [
        (false, Signal::SIGTERM, &[][..]),
        (false, Signal::SIGINT, &[]),
        (true, Signal::SIGTERM, &["-leave-on-terminate"]),
        (true, Signal::SIGINT, &["-skip-leave-on-interrupt=false"]),
    ] {
        let mut arguments = vec![join.as_str()];
        arguments.extend(flags);
        let mut second = Agent::server(&arguments);
        until("it votes", || votes(&first, &second));
        until("its node is in the catalog", || knows(&first, &second.name));
        second.signal(signal);
        assert_eq!(second.wait_for_exit(), Some(0));
        if leaves {
            assert!(!votes(&first, &second) && !knows(&first, &second.name), "{signal} {flags:?}");
            first.wait_until_writable();
        } else {
            // It is expected back: its vote stays, and so one of two is missing.
            assert!(votes(&first, &second), "{signal} {flags:?}");
            second.start();
            first.wait_until_writable();
            assert_eq!(second.put("/v1/agent/leave", "").0, 200);
            assert_eq!(second.wait_for_exit(), Some(0));
            until("it has left", || servers(&first).len() == 1);
        }
    }
}

#[test]
fn a_server_that_lost_its_disk_replaces_its_old_self() {
    let mut cluster = Cluster::start(3);
    let leader = cluster.leader();
    let (other, lost) = ((leader + 1) % 3, (leader + 2) % 3);
    let before = servers(&cluster.servers[other]);
    cluster.servers[lost].kill();
    assert_eq!(cluster.servers[other].put("/v1/kv/after", "x").0, 200);
    cluster.servers[lost].start_on_an_empty_disk(None);
    let (lost, other) = (&cluster.servers[lost], &cluster.servers[other]);
    until("it votes, and nobody else at its address", || {
        let after = servers(other);
        after.len() == 3 && votes(other, lost) && after != before
    });
    until("it has what it lost", || lost.get("/v1/kv/after?stale&raw") == (200, "x".into()));
}

#[test]
fn a_stale_answer_says_how_old_it_is() {
    let mut cluster = Cluster::start(3);
    let age = |server: &Agent, path: &str| -> u64 {
        let said = server.header(path, "X-Consul-LastContact");
        said.and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)
    };
    let stale = "/v1/kv/ready?stale";
    let leader = cluster.leader();
    assert_eq!(age(&cluster.servers[leader], stale), 0);
    let follower = (leader + 1) % 3;
    // A stale answer may lack what the leader has just acknowledged; it comes.
    until("the follower has the key", || {
        cluster.servers[follower].get("/v1/kv/ready?max_stale=60s").0 == 200
    });
    assert!(age(&cluster.servers[follower], stale) < 2000);
    for other in (0..3).filter(|other| *other != follower) {
        cluster.servers[other].kill();
    }
    let alone = &cluster.servers[follower];
    until("nobody leads", || leader_address(alone).is_empty());
    assert_eq!(alone.header(stale, "X-Consul-KnownLeader").as_deref(), Some("false"));
    until("its age grows", || (2000..60_000).contains(&age(alone, stale)));
    assert_eq!(alone.get("/v1/kv/ready?max_stale=1h").0, 200);
    // Too old for who asks: then a leader is needed, and there is none.
    assert_eq!(alone.get("/v1/kv/ready?max_stale=1s"), (500, "No cluster leader".into()));
    assert_eq!(alone.get("/v1/kv/ready?max_stale=x"), (400, "Invalid max_stale value \"x\"".into()));
}
