//! Servers that are not who they were: an empty disk, another address. Whatever was acknowledged stays, and no
//! second cluster comes to be.

use serde_json::Value;

use muster_test_process::{Agent, Cluster, until};

/// Lower than any that is drawn: it would speak for those that found a cluster.
const LOWEST: &str = "00000000-0000-4000-8000-000000000001";

/// The voters as the leader tells them to `at`: address and ID.
fn voters(at: &Agent) -> Vec<(String, String)> {
    let (_, body) = at.get("/v1/operator/raft/configuration");
    let Ok(configuration) = serde_json::from_str::<Value>(&body) else { return Vec::new() };
    let text = |server: &Value, field: &str| server[field].as_str().unwrap_or_default().to_owned();
    let list = configuration["Servers"].as_array().cloned().unwrap_or_default();
    let voters = list.iter().filter(|one| one["Voter"] == true);
    voters.map(|one| (text(one, "Address"), text(one, "ID"))).collect()
}

/// A cluster of three in which `late` missed what the other two acknowledged; all are down at the end.
fn with_one_behind() -> (Cluster, usize, [usize; 2]) {
    let mut cluster = Cluster::start(3);
    let leader = cluster.leader();
    let (late, other) = ((leader + 1) % 3, (leader + 2) % 3);
    assert_eq!(cluster.servers[leader].put("/v1/kv/k", "old").0, 200);
    until("all have it", || cluster.servers[late].get("/v1/kv/k?stale&raw").1 == "old");
    cluster.servers[late].kill();
    assert_eq!(cluster.servers[leader].put("/v1/kv/k", "acknowledged").0, 200);
    [leader, other].into_iter().for_each(|one| cluster.servers[one].kill());
    (cluster, late, [leader, other])
}

#[test]
fn an_empty_disk_does_not_vote_as_who_it_was() {
    for node_id in [None, Some(())] {
        let (mut cluster, late, [lost, kept]) = with_one_behind();
        let held = node_id.map(|()| cluster.servers[lost].node_id());
        cluster.servers[lost].start_on_an_empty_disk(held.as_deref());
        cluster.servers[late].start();
        // Two of three answer, and one of them has forgotten: nothing may be decided by that.
        let asked = [late, lost].map(|at| {
            let server = &cluster.servers[at];
            until("it answers", || server.get("/v1/status/leader").0 == 200);
            server.get_in_background("/v1/kv/k?consistent&raw")
        });
        for answer in asked {
            assert_eq!(answer.recv().unwrap(), (500, "No cluster leader".into()));
        }
        cluster.servers[kept].start();
        cluster.wait_until_writable();
        for server in &cluster.servers {
            assert_eq!(server.get("/v1/kv/k?consistent&raw"), (200, "acknowledged".into()));
        }
        until("three vote again", || {
            cluster.servers.iter().all(|server| {
                let all = voters(server);
                all.len() == 3
                    && cluster.servers.iter().all(|one| all.iter().any(|(at, _)| *at == one.address()))
            })
        });
    }
}

#[test]
fn a_leader_that_comes_back_empty_founds_nothing_beside_its_cluster() {
    let mut cluster = Cluster::start(3);
    let leader = cluster.leader();
    assert_eq!(cluster.servers[leader].put("/v1/kv/k", "acknowledged").0, 200);
    cluster.servers[leader].kill();
    cluster.servers[leader].start_on_an_empty_disk(Some(LOWEST));
    let (back, other) = (&cluster.servers[leader], &cluster.servers[(leader + 1) % 3]);
    until("it is one of three voters, and its old self is none", || {
        let all = voters(other);
        all.len() == 3 && all.iter().filter(|(at, id)| *at == back.address() && id == LOWEST).count() == 1
    });
    assert_eq!(back.get("/v1/kv/k?consistent&raw"), (200, "acknowledged".into()));
    until("its node has its new ID", || {
        other.get(&format!("/v1/catalog/node/{}", back.name)).1.contains(LOWEST)
    });
    let passing = format!("/v1/health/node/{}", back.name);
    until("its node lives", || other.get(&passing).1.contains("Agent alive and reachable"));
}

#[test]
fn a_server_that_comes_back_under_another_address_is_found_there() {
    let mut cluster = Cluster::start(3);
    let leader = cluster.leader();
    let (moved, old) = ((leader + 1) % 3, cluster.servers[(leader + 1) % 3].address());
    cluster.servers[moved].kill();
    assert_eq!(cluster.servers[leader].put("/v1/kv/k", "missed").0, 200);
    cluster.servers[moved].start_elsewhere();
    let (moved, leader) = (&cluster.servers[moved], &cluster.servers[leader]);
    until("its new address votes, and the old one does not", || {
        let all = voters(leader);
        all.len() == 3
            && all.iter().any(|(at, _)| *at == moved.address())
            && all.iter().all(|(at, _)| *at != old)
    });
    until("it has what it missed", || moved.get("/v1/kv/k?raw") == (200, "missed".into()));
    assert_eq!(moved.put("/v1/kv/k", "through it").0, 200);
}

#[test]
fn who_bears_another_s_name_keeps_nobody_alive() {
    let server = Agent::founder();
    let node = &server.name;
    until("its node is in the catalog", || server.get(&format!("/v1/catalog/node/{node}")).1 != "null");
    let stranger = r#"{"Node":"stranger","ID":"11111111-2222-4333-8444-555555555555","Address":"10.0.0.9",
        "Check":{"CheckID":"serfHealth","Name":"Serf Health Status","Status":"passing"}}"#;
    assert_eq!(server.put("/v1/catalog/register", stranger).0, 200);
    let lease = r#"{"Node":"stranger","ID":"99999999-2222-4333-8444-555555555555"}"#;
    until("the stranger is critical, whoever renews in its name", || {
        assert!(server.put_rpc("/lease", lease).contains("\"Known\":false"));
        server.get("/v1/health/node/stranger").1.contains("Agent not live")
    });
}
