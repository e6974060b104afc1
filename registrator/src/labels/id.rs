//! The ID of an instance on its agent: the same at every start, so that a restart finds what it registered.

use super::source::Attributes;
use crate::container::{Container, Port};

/// `owner:container:port`, with the protocol where it is not TCP; or what the attribute says. `several` says that the
/// container has more than one port that can be registered: an ID for all of them is told apart by the port.
/// `more` is the host's port where one port is published more than once, for all but the first.
pub(crate) fn id(
    owner: &str,
    container: &Container,
    attributes: &Attributes,
    port: &Port,
    several: bool,
    more: Option<u16>,
) -> String {
    let Port { number, protocol } = port;
    let protocol = if protocol == "tcp" { String::new() } else { format!(":{protocol}") };
    let mut id = match attributes.get("id") {
        Some(asked) if asked.of_port || !several => asked.value.clone(),
        Some(asked) => format!("{}-{number}{protocol}", asked.value),
        None => format!("{owner}:{}:{number}{protocol}", container.name),
    };
    if let Some(host_port) = more {
        id.push_str(&format!(":{host_port}"));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::tests::web;

    fn of(container: &Container, protocol: &str, several: bool, more: Option<u16>) -> String {
        let port = Port { number: 53, protocol: protocol.into() };
        id("host", container, &Attributes::of(container, 53), &port, several, more)
    }

    #[test]
    fn an_id_names_host_container_and_port() {
        let mut container = web();
        assert_eq!(of(&container, "tcp", false, None), "host:web:53");
        assert_eq!(of(&container, "udp", true, None), "host:web:53:udp");
        assert_eq!(of(&container, "tcp", true, Some(8053)), "host:web:53:8053");
        container.labels.insert("SERVICE_ID".into(), "mine".into());
        assert_eq!(of(&container, "tcp", false, None), "mine");
        assert_eq!(of(&container, "udp", true, None), "mine-53:udp");
        container.labels.insert("SERVICE_53_ID".into(), "own".into());
        assert_eq!(of(&container, "tcp", true, None), "own");
    }
}
