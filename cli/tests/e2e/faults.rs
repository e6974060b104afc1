//! What must survive: the death of the leader, the death of all servers, a host that is cut off.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::ask::{ids, until};
use crate::network::Host;
use crate::town::{Town, everywhere};

const ALL: [&str; 3] = ["web-1", "web-2", "web-3"];

#[test]
fn servers_may_die_and_nothing_acknowledged_is_lost() {
    let mut town = Town::start();
    let leader = town.leader();
    let survivors: Vec<Host> =
        town.hosts().into_iter().filter(|host| host.name != town.servers[leader].host.name).collect();
    // Everyone writes before, during and after the leader's death, and remembers what was acknowledged.
    let over = AtomicBool::new(false);
    let hosts = town.hosts();
    let (acknowledged, gap) = std::thread::scope(|scope| {
        let writers: Vec<_> = hosts.iter().map(|host| scope.spawn(|| write(host, &over))).collect();
        std::thread::sleep(Duration::from_millis(500));
        town.servers[leader].kill();
        let gap = everywhere(&survivors, |host| {
            let write = || host.put(&format!("/v1/kv/after/{}", host.name), "x").status;
            until(&format!("a write at {}", host.name), Duration::from_secs(3), write, |s| *s == 200)
        });
        std::thread::sleep(Duration::from_millis(500));
        over.store(true, Ordering::Relaxed);
        let written: Vec<String> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        (written, gap)
    });
    eprintln!(
        "e2e: {} writes acknowledged; accepted again everywhere {gap:?} after the leader's death",
        acknowledged.len()
    );
    assert!(acknowledged.len() > 30, "only {} writes were acknowledged", acknowledged.len());
    assert_nothing_lost(&survivors, &acknowledged);
    town.wait_until_found(&ALL, Duration::from_secs(2));

    town.servers[leader].start_again();
    town.wait_until_writable(Duration::from_secs(20));
    assert_nothing_lost(&town.hosts(), &acknowledged);

    // All at once. Client agents go on answering names from memory.
    let before = state(&town.hosts()[0]);
    town.servers.iter_mut().for_each(crate::process::Process::kill);
    for client in &town.clients {
        assert_eq!(client.host.dig("web.service.consul", "A").len(), 2, "at {}", client.host.name);
    }
    town.servers.iter_mut().for_each(crate::process::Process::start_again);
    town.wait_until_writable(Duration::from_secs(30));
    assert_nothing_lost(&town.hosts(), &acknowledged);
    town.wait_until_found(&ALL, Duration::from_secs(10));
    for host in town.hosts() {
        until(
            &format!("the whole state at {}", host.name),
            Duration::from_secs(10),
            || state(&host),
            |now| *now == before,
        );
    }
}

#[test]
fn a_host_that_is_cut_off_is_critical_and_comes_back() {
    let town = Town::start();
    let limit = Duration::from_secs(5);
    let (cut, others): (Vec<Host>, Vec<Host>) = town.hosts().into_iter().partition(|host| host.name == "c2");
    let agent = town.clients[1].id();
    // Where there are no cables, the host's nginx can still be reached; nobody but its own agent asks them.
    let settled = |host: &Host, health: &str, webs: &[&str]| {
        let path = "/v1/health/node/c2";
        let ask = || {
            let checks = host.get(path).json();
            let checks = checks.as_array().cloned().unwrap_or_default();
            let alive = checks.iter().find(|check| check["CheckID"] == "serfHealth").cloned();
            let health = alive.and_then(|check| check["Status"].as_str().map(str::to_owned));
            (
                health,
                host.instances("/v1/health/service/web?passing"),
                host.dig("web.service.consul", "A").len(),
            )
        };
        let addresses = if webs.len() == 1 { 1 } else { 2 };
        let wished = (Some(health.to_owned()), webs.iter().map(ToString::to_string).collect(), addresses);
        until(&format!("c2 {health} at {}", host.name), limit, ask, |found| *found == wished)
    };
    town.network.connect(&cut[0], agent, false);
    let gone = everywhere(&others, |host| settled(host, "critical", &["web-1"]));
    // It is no flutter: it stays so while the host is away, and the others go on.
    let stay = Instant::now();
    while stay.elapsed() < Duration::from_secs(2) {
        assert_eq!(others[0].instances("/v1/health/service/web?passing"), ["web-1"]);
        assert_eq!(others[3].put("/v1/kv/meanwhile", "x").status, 200);
    }
    town.network.connect(&cut[0], agent, true);
    let back = everywhere(&town.hosts(), |host| settled(host, "passing", &ALL));
    eprintln!("e2e: a host that was cut off was critical after {gone:?}, and back {back:?} after its return");
}

#[test]
fn an_agent_whose_server_is_cut_off_goes_to_another_in_time() {
    let town = Town::start();
    // The first client agent talks to the first server, the second one to the second: one of them follows.
    let leader = town.leader();
    let at = usize::from(leader == 0);
    let (cut, client) = (town.servers[at].host.clone(), town.clients[at].host.clone());
    let judge = &town.servers[leader].host;
    town.network.connect(&cut, town.servers[at].id(), false);
    let began = Instant::now();
    let mut lost = false;
    while began.elapsed() < Duration::from_secs(8) {
        let critical = judge.get("/v1/health/state/critical").json();
        let nodes: Vec<&str> =
            critical.as_array().into_iter().flatten().filter_map(|check| check["Node"].as_str()).collect();
        assert!(
            !nodes.contains(&client.name),
            "{} lost its lease with {}: {critical}",
            client.name,
            cut.name
        );
        lost |= nodes.contains(&cut.name);
    }
    assert!(lost, "{} was cut off, and nobody noticed", cut.name);
    assert_eq!(client.put("/v1/kv/elsewhere", "x").status, 200);
    town.network.connect(&cut, town.servers[at].id(), true);
}

/// Writes at one agent until told to stop; the keys that were acknowledged.
fn write(host: &Host, over: &AtomicBool) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("written/{}/{number:05}", host.name);
        let answer = host.put(&format!("/v1/kv/{key}"), "x");
        if answer.status == 200 && answer.body == "true" {
            acknowledged.push(key);
        }
    }
    acknowledged
}

fn assert_nothing_lost(hosts: &[Host], acknowledged: &[String]) {
    for host in hosts {
        let held = host.get("/v1/kv/written/?keys&consistent").json();
        let held: std::collections::BTreeSet<&str> =
            held.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
        let lost: Vec<&String> = acknowledged.iter().filter(|key| !held.contains(key.as_str())).collect();
        assert!(lost.is_empty(), "at {}: acknowledged, but lost: {lost:?}", host.name);
    }
}

/// What one agent shows of everything.
fn state(host: &Host) -> (Vec<String>, Vec<String>) {
    let paths =
        ["/v1/kv/written/?recurse", "/v1/catalog/nodes", "/v1/catalog/services", "/v1/catalog/service/web"];
    let bodies = paths.iter().map(|path| host.get(path).body).collect();
    (ids(&host.get("/v1/health/service/web?passing")), bodies)
}

#[test]
fn a_leader_that_is_cut_off_is_replaced_and_catches_up() {
    let town = Town::start();
    let leader = town.leader();
    let (cut, others): (Vec<Host>, Vec<Host>) =
        town.hosts().into_iter().partition(|host| host.name == town.servers[leader].host.name);
    let (cut, agent) = (&cut[0], town.servers[leader].id());
    assert_eq!(cut.put("/v1/kv/who", "before").status, 200);

    town.network.connect(cut, agent, false);
    // A client asks again when nothing comes within a second.
    let gap = everywhere(&others, |host| {
        let write = || host.brief("PUT", "/v1/kv/who", "after", 1).status;
        until(&format!("a write at {}", host.name), Duration::from_secs(8), write, |status| *status == 200)
    });
    // Longer than any connection waits for an answer: what comes next has to notice and begin anew.
    std::thread::sleep(Duration::from_secs(10));
    for host in &others {
        assert_eq!(host.get("/v1/kv/who?raw").body, "after", "at {}", host.name);
    }
    if town.network.has_cables() {
        // It neither acknowledges nor shows as the newest what it cannot know to be so.
        let asked = [("PUT", ""), ("GET", "?raw"), ("GET", "?raw&consistent")];
        std::thread::scope(|scope| {
            for (method, how) in asked {
                scope.spawn(move || {
                    let answer = cut.brief(method, &format!("/v1/kv/who{how}"), "alone", 10);
                    assert_ne!(answer.status, 200, "{method} {how} at a leader that is alone: {answer:?}");
                });
            }
        });
        assert_eq!(cut.get("/v1/kv/who?raw&stale").body, "before");
    }
    town.network.connect(cut, agent, true);
    let returned = Instant::now();
    let shows = || cut.get("/v1/kv/who?raw&stale").body;
    until("the old leader catches up", Duration::from_secs(5), shows, |shown| shown == "after");
    let write = || cut.brief("PUT", "/v1/kv/who", "again", 5).status;
    until("a write at the old leader", Duration::from_secs(5), write, |status| *status == 200);
    let caught_up = returned.elapsed();
    everywhere(&town.hosts(), |host| {
        let path = format!("/v1/health/node/{}", cut.name);
        let ask = || host.get(&path).body.contains("Agent alive and reachable");
        until(&format!("{} alive at {}", cut.name, host.name), Duration::from_secs(5), ask, |alive| *alive)
    });
    eprintln!(
        "e2e: a leader cut off: writes elsewhere after {gap:?}; back in step {caught_up:?} after its return"
    );
}
