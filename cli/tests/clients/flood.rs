//! Whoever may ask an agent must not be able to make its host critical, however much is asked.

use std::time::{Duration, Instant};

use muster_test_process::{Agent, until};

/// Not held up, however busy the machine is.
const PROMPT: Duration = Duration::from_secs(5);

/// A question for the addresses of `name`.
fn question(id: u16, name: &str) -> Vec<u8> {
    let mut packet = [&id.to_be_bytes()[..], &[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]].concat();
    for label in name.split('.') {
        packet.push(u8::try_from(label.len()).unwrap());
        packet.extend(label.as_bytes());
    }
    packet.extend([0, 0, 1, 0, 1]);
    packet
}

/// Asks for `names` as fast as the port takes it, again until each is answered; the codes of the answers.
fn ask_all(client: &Agent, names: u16) -> Vec<u8> {
    let socket = client.dns_socket();
    let mut codes: Vec<Option<u8>> = vec![None; usize::from(names)];
    let deadline = Instant::now() + Duration::from_secs(60);
    while codes.contains(&None) && Instant::now() < deadline {
        let open: Vec<u16> = (0..names).filter(|at| codes[usize::from(*at)].is_none()).take(256).collect();
        for at in open {
            socket.send(&question(at, &format!("no-{at}.service.consul"))).unwrap();
        }
        let mut reply = [0; 1024];
        while let Ok(length) = socket.recv(&mut reply) {
            let id = u16::from_be_bytes([reply[0], reply[1]]);
            if length > 4 {
                codes[usize::from(id)] = Some(reply[3] & 0xf);
            }
        }
    }
    codes.into_iter().map(|code| code.unwrap_or(u8::MAX)).collect()
}

fn relay_answers(client: &Agent) {
    let began = Instant::now();
    assert_eq!(
        client.call_within(PROMPT, "GET", "/v1/kv/ready?raw", ""),
        (200, "x".into()),
        "{:?}",
        began.elapsed()
    );
}

/// Looks for longer than a lease lasts.
fn stays_passing(client: &Agent, server: &Agent) {
    let over = Instant::now() + Duration::from_secs(6);
    while Instant::now() < over {
        assert!(client.passes_at(server), "its node is critical");
        relay_answers(client);
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn thousands_of_names_do_not_hold_up_lease_and_relay() {
    let server = Agent::founder();
    let client = Agent::client(&[&server], &[]);
    until("the node is passing", || client.passes_at(&server));
    server.register("n1", "10.0.0.1", "web", "");
    assert_eq!(client.dig("web.service.consul", "A"), ["10.0.0.1"]);
    let codes = ask_all(&client, 4_000);
    let no_such_name = codes.iter().filter(|code| **code == 3).count();
    assert!(no_such_name > 3_900, "{no_such_name} of {} were told that there is none", codes.len());
    stays_passing(&client, &server);
    assert_eq!(client.dig("web.service.consul", "A"), ["10.0.0.1"]);
    server.register("n1", "10.0.0.1", "late", "");
    until("one that comes late is found", || client.dig("late.service.consul", "A") == ["10.0.0.1"]);
}

#[test]
fn hundreds_of_relayed_queries_that_block_do_not_hold_up_lease_and_relay() {
    let server = Agent::founder();
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), r#"{"limits":{"http_max_conns_per_client":2000}}"#).unwrap();
    let client = Agent::client(&[&server], &["-config-file", file.path().to_str().unwrap()]);
    until("the node is passing", || client.passes_at(&server));
    until("the relay works", || client.get("/v1/kv/ready?raw").0 == 200);
    let key: serde_json::Value = serde_json::from_str(&server.get("/v1/kv/ready").1).unwrap();
    let path = format!("/v1/kv/ready?index={}&wait=60s", key[0]["ModifyIndex"]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let asks = reqwest::Client::builder().no_proxy().build().unwrap();
    for _ in 0..600 {
        let asked = asks.get(client.url(&path)).send();
        runtime.spawn(asked);
    }
    stays_passing(&client, &server);
    assert_eq!(client.put("/v1/kv/ready", "x").0, 200);
    runtime.shutdown_background();
}
