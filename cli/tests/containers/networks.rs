//! Addresses: of the host, of networks, of another container, by IPv6.

use crate::host::{Host, Registrator, SOON, within};

#[test]
fn the_address_is_that_of_the_network_that_was_asked_for() {
    let host = Host::without_registrator();
    host.engine.docker(&["network", "create", "--subnet=10.77.0.0/24", "aback"]);
    host.engine.docker(&[
        "network",
        "create",
        "--subnet=10.78.0.0/24",
        "--ipv6",
        "--subnet=fd00:78::/64",
        "six",
    ]);
    host.run(&["--name=two", "--network=aback", "--ip=10.77.0.7", "--label=ip=10.9.9.9/16"]);
    host.engine.docker(&["network", "connect", "--ip=10.78.0.7", "--ip6=fd00:78::7", "six", "two"]);
    host.run(&["--name=side", "--network=container:two"]);
    host.run(&["--name=bare", "--network=host"]);
    let address = |name: &str| host.instance(&format!("host:{name}:80"))["Address"].clone();
    let with = |flags: &[&str], expected: &[(&str, &str)]| {
        let registrator = Registrator::beside(&host, flags);
        within(SOON, &flags.join(" "), || expected.iter().all(|(name, at)| address(name) == *at));
        drop(registrator);
    };
    // A container without a port on the host is reached in its own network; the first is that it was started in.
    with(&["-internal"], &[("two", "10.77.0.7"), ("side", "10.77.0.7"), ("bare", "127.0.0.1")]);
    with(&["-useIpFromNetwork=six"], &[("two", "10.78.0.7"), ("side", "10.78.0.7"), ("bare", "127.0.0.1")]);
    let both = host.instance("host:two:80");
    assert_eq!(both["TaggedAddresses"]["lan_ipv6"]["Address"], "fd00:78::7");
    // The other has no such label, and keeps the address of its network.
    with(&["-internal", "-useIpFromLabel=ip"], &[("two", "10.9.9.9"), ("side", "10.77.0.7")]);
}

#[test]
fn each_host_port_of_a_port_is_an_instance() {
    let host = Host::with_registrator("{}");
    host.run(&["--name=web", "--publish=127.0.0.1:18080:80", "--publish=127.0.0.1:18081:80"]);
    within(SOON, "both are there", || host.catalog().is_some_and(|catalog| catalog.len() == 2));
    let services = host.agent.json("/v1/agent/services");
    let mut ports: Vec<u64> =
        services.as_object().unwrap().values().filter_map(|service| service["Port"].as_u64()).collect();
    ports.sort_unstable();
    assert_eq!(ports, [18080, 18081]);
    assert!(services["host:web:80"].is_object());
}
