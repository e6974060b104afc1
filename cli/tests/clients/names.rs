//! What a client agent's DNS answers is what a server's answers.

use std::net::Ipv4Addr;

use muster_test_process::{Agent, until};

#[test]
fn a_client_answers_every_name_as_a_server_does() {
    let server = Agent::founder();
    let client = Agent::client(&[&server], &[]);
    until("the node is passing", || client.passes_at(&server));
    // Asked before they are there: what is missing is watched as well.
    assert!(client.dig("webcap.service.consul", "A").is_empty());
    assert!(client.dig("nodex.node.consul", "A").is_empty());
    assert!(client.reverse(Ipv4Addr::new(10, 1, 0, 1)).is_empty());
    server.register("NodeX", "10.1.0.1", "WebCap", "");
    server.register("n2", "10.1.0.2", "web", "10.9.0.2");
    server.register("n3", "10.1.0.3", "webcap", "");
    let names = [
        ("WebCap.service.consul", "A"),
        ("webcap.service.consul", "A"),
        ("NodeX.node.consul", "A"),
        ("nodex.node.consul", "A"),
        ("web.service.consul", "A"),
        ("n2.node.consul", "A"),
        ("none.service.consul", "A"),
    ];
    until("all is known everywhere", || server.dig("webcap.service.consul", "A") == ["10.1.0.1", "10.1.0.3"]);
    for (name, kind) in names {
        until(name, || client.dig(name, kind) == server.dig(name, kind));
    }
    assert_eq!(client.dig("webcap.service.consul", "A"), ["10.1.0.1", "10.1.0.3"]);
    for last in [[10, 1, 0, 1], [10, 1, 0, 2], [10, 9, 0, 2], [10, 9, 9, 9]] {
        let address = Ipv4Addr::from(last);
        until(&address.to_string(), || client.reverse(address) == server.reverse(address));
    }
    assert_eq!(client.reverse(Ipv4Addr::new(10, 1, 0, 1)), ["NodeX.node.dc1.consul."]);
    assert_eq!(client.reverse(Ipv4Addr::new(10, 9, 0, 2)), ["web.service.dc1.consul."]);
    // And again when it changes.
    server.register("NodeX", "10.1.0.9", "WebCap", "");
    until("the new address of a node", || client.dig("nodex.node.consul", "A") == ["10.1.0.9"]);
    until("the new owner", || client.reverse(Ipv4Addr::new(10, 1, 0, 9)) == ["NodeX.node.dc1.consul."]);
    until("the former owner", || client.reverse(Ipv4Addr::new(10, 1, 0, 1)).is_empty());
}
