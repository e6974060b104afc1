//! The whole, as real processes on real ports: what a user does, and what must survive.

mod cluster;
mod disk;
mod identity;

use std::time::{Duration, Instant};

use muster_test_process::{Agent, Cluster};

const REGISTRATION: &str = r#"{"Node":"n1","Address":"10.0.0.1",
    "Service":{"Service":"web","Port":80,"Tags":["v1"]},
    "Check":{"CheckID":"alive","Name":"alive","Status":"STATUS","ServiceID":"web"}}"#;

fn register(server: &Agent, status: &str) {
    let answer = server.put("/v1/catalog/register", &REGISTRATION.replace("STATUS", status));
    assert_eq!(answer, (200, "true".into()));
}

#[test]
fn a_key_and_a_service_are_found_and_outlive_a_restart() {
    let mut server = Agent::founder();
    assert_eq!(server.put("/v1/kv/a/b", "value"), (200, "true".into()));
    assert_eq!(server.get("/v1/kv/a/b?raw"), (200, "value".into()));
    assert_eq!(server.put("/v1/kv/a/b?cas=0", "other"), (200, "false".into()));
    register(&server, "passing");
    assert_eq!(server.dig("web.service.consul", "A"), ["10.0.0.1"]);
    assert_eq!(server.dig("v1.web.service.consul", "SRV"), ["1 1 80 n1.node.dc1.consul."]);
    register(&server, "critical");
    assert!(server.dig("web.service.consul", "A").is_empty());
    assert_eq!(server.get("/v1/health/service/web?passing"), (200, "[]".into()));
    register(&server, "passing");
    let (before_status, before) = server.get("/v1/health/service/web");
    assert_eq!(before_status, 200);
    server.kill();
    server.start();
    server.wait_until_writable();
    assert_eq!(server.get("/v1/health/service/web"), (200, before));
    assert_eq!(server.get("/v1/kv/a/b?raw"), (200, "value".into()));
    assert_eq!(server.muster(&["kv", "get", "a/b"]), "value\n");
    assert!(server.muster(&["catalog", "services"]).contains("web"));
}

#[test]
fn a_blocked_query_wakes_for_its_own_change_alone() {
    let server = Agent::founder();
    register(&server, "passing");
    let index = server.index("/v1/health/service/web");
    let path = format!("/v1/health/service/web?index={index}&wait=30s");
    let blocked = server.get_in_background(&path);
    assert_eq!(server.put("/v1/kv/unrelated", "x").0, 200);
    assert!(blocked.recv_timeout(Duration::from_millis(300)).is_err(), "woken by an unrelated change");
    let changed = Instant::now();
    register(&server, "critical");
    let (status, body) = blocked.recv_timeout(Duration::from_secs(5)).expect("the waiter was not woken");
    assert!(status == 200 && body.contains("critical"), "{body}");
    assert!(changed.elapsed() < Duration::from_secs(1));
}

#[test]
fn refusals_are_in_consul_s_words() {
    let server = Agent::founder();
    let large = "x".repeat(600_000);
    for (method, path, body, status, text) in [
        ("PUT", "/v1/kv/", "x", 400, "Missing key name"),
        ("GET", "/v1/kv/none", "", 404, ""),
        ("GET", "/v1/kv/x?index=foo", "", 400, "Invalid index"),
        ("GET", "/v1/kv/x?wait=foo", "", 400, "Invalid wait time"),
        (
            "GET",
            "/v1/kv/x?stale&consistent",
            "",
            400,
            "Cannot specify ?stale with ?consistent, conflicting semantics.",
        ),
        ("PUT", "/v1/kv/a?flags=x", "", 500, "strconv.ParseUint: parsing \"x\": invalid syntax"),
        ("POST", "/v1/kv/a", "", 405, "method POST not allowed"),
        ("DELETE", "/v1/catalog/nodes", "", 405, "method DELETE not allowed"),
        ("PUT", "/v1/catalog/register", "{", 400, "Request decode failed: unexpected EOF"),
        ("PUT", "/v1/catalog/register", "{}", 500, "Must provide node"),
        (
            "PUT",
            "/v1/catalog/register",
            r#"{"Node":"x"}"#,
            500,
            "Must provide address if SkipNodeUpdate is not set",
        ),
        (
            "PUT",
            "/v1/catalog/register",
            r#"{"Node":"n1","Address":"1.1.1.1","Service":{"ID":"only"}}"#,
            500,
            "Must provide service name with ID",
        ),
        (
            "PUT",
            "/v1/catalog/register",
            r#"{"Node":"n1","Address":"1.1.1.1","Check":{"Name":"c","ServiceID":"nosuch"}}"#,
            500,
            "failed inserting check: Missing service registration on node \"n1\"",
        ),
        ("GET", "/v1/catalog/service/", "", 400, "Missing service name"),
        ("GET", "/v1/catalog/service/none", "", 200, "[]"),
        ("GET", "/v1/catalog/node/none", "", 200, "null"),
        ("GET", "/v1/health/state/foo", "", 200, "[]"),
        ("GET", "/v1/health/service/web?passing=x", "", 400, "Invalid value for ?passing"),
        ("GET", "/v1/catalog/nodes?dc=zz", "", 500, "No path to datacenter"),
        ("GET", "/v1/nonsense", "", 404, ""),
        (
            "PUT",
            "/v1/kv/big",
            large.as_str(),
            413,
            "Request body(600000 bytes) too large, max size: 524288 bytes. See https://www.consul.io/docs/agent/options.html#kv_max_value_size.",
        ),
    ] {
        assert_eq!(server.call(method, path, body), (status, text.into()), "{method} {path}");
    }
    assert_eq!(server.call("GET", "/v1/agent/services", ""), (200, "{}".into()));
}

#[test]
fn three_servers_lose_nothing_that_they_acknowledged() {
    let mut cluster = Cluster::start(3);
    for server in 0..3 {
        assert_eq!(cluster.servers[server].put(&format!("/v1/kv/from/{server}"), "x").0, 200);
    }
    // What one server acknowledged, every server shows at once in the default mode.
    for server in &cluster.servers {
        assert_eq!(server.get("/v1/kv/from/?keys").1, r#"["from/0","from/1","from/2"]"#);
        assert_eq!(server.get("/v1/kv/from/2?raw&consistent").0, 200);
    }
    let mut acknowledged = Vec::new();
    let leader = cluster.leader();
    cluster.servers[leader].kill();
    let killed = Instant::now();
    let other = (leader + 1) % 3;
    while cluster.servers[other].put("/v1/kv/after", "x").0 != 200 {
        assert!(killed.elapsed() < Duration::from_secs(10), "no write accepted after the leader's death");
    }
    let gap = killed.elapsed();
    assert!(gap < Duration::from_secs(3), "writes were accepted again only after {gap:?}");
    for number in 0..50 {
        let key = format!("/v1/kv/number/{number:02}");
        if cluster.servers[other].put(&key, "x").0 == 200 {
            acknowledged.push(key);
        }
    }
    assert!(acknowledged.len() > 40);
    cluster.servers.iter_mut().for_each(Agent::kill);
    cluster.servers.iter_mut().for_each(Agent::start);
    cluster.wait_until_writable();
    for server in &cluster.servers {
        for key in &acknowledged {
            assert_eq!(server.get(key).0, 200, "{key} is lost");
        }
        assert_eq!(server.get("/v1/kv/after").0, 200);
    }
}

/// Writes, kills and restarts `at`, and says what its first answer in the default mode shows, as often as
/// `rounds` say: pairs of what was acknowledged and what was shown.
fn first_answers(cluster: &mut Cluster, rounds: u32) -> Vec<(String, String)> {
    let rounds = (1..=rounds).map(|round| {
        let leader = cluster.leader();
        let writer = (leader + 1) % cluster.servers.len();
        let mut last = String::new();
        for number in 0..30 {
            last = format!("{round}.{number}");
            assert_eq!(cluster.servers[writer].put("/v1/kv/count", &last).0, 200);
        }
        let server = &mut cluster.servers[leader];
        server.kill();
        server.start();
        let deadline = Instant::now() + Duration::from_secs(20);
        let shown = loop {
            match server.get("/v1/kv/count?raw") {
                (200 | 404, shown) => break shown,
                (status, _) => assert!(Instant::now() < deadline, "no answer but {status}"),
            }
        };
        cluster.wait_until_writable();
        (last, shown)
    });
    rounds.collect()
}

#[test]
fn a_leader_that_comes_back_at_once_shows_all_that_was_acknowledged() {
    let mut cluster = Cluster::start(3);
    for (acknowledged, shown) in first_answers(&mut cluster, 8) {
        assert_eq!(shown, acknowledged);
    }
}

#[test]
fn a_sole_server_that_comes_back_shows_all_that_was_acknowledged() {
    let mut cluster = Cluster { servers: vec![Agent::founder()] };
    for (acknowledged, shown) in first_answers(&mut cluster, 8) {
        assert_eq!(shown, acknowledged);
    }
}
