//! Where an instance is reached: the published port on the host, or the container's own in one of its networks.

use std::net::IpAddr;

use super::source::Attributes;
use crate::container::{Binding, Container, NetworkMode, Port};
use crate::plan::Settings;

/// One place where a port is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The address that is told to others.
    pub(crate) address: String,
    /// Its port there.
    pub(crate) port: u16,
    /// The host's port, where this is not the first place of the port.
    pub(crate) more: Option<u16>,
    /// Both addresses of the container, where it has two and its own are told.
    pub(crate) both: Option<(IpAddr, IpAddr)>,
}

/// The places of one port; none where it is not published. `whose` is the container whose network this one has: itself
/// as a rule.
///
/// # Errors
/// In words, where it should have a place and has none.
pub(crate) fn places(
    container: &Container,
    whose: &Container,
    port: &Port,
    attributes: &Attributes,
    settings: &Settings,
) -> Result<Vec<Place>, String> {
    let mut places = match (&whose.network_mode, network(attributes, settings)) {
        (NetworkMode::Host, _) => vec![plain(settings.host(None), port.number)],
        (NetworkMode::Off, _) if settings.internal => {
            return Err("it has no network, and -internal wants an address of its own".into());
        }
        (NetworkMode::Off, _) => Vec::new(),
        (_, Some((name, from))) => {
            let at = whose.networks.get(name).and_then(|at| Some((at, at.first()?)));
            let (at, first) = at.ok_or_else(|| {
                let known: Vec<&str> = whose.networks.keys().map(String::as_str).collect();
                format!("{from} asks for the network {name}; it has an address in: {}", known.join(", "))
            })?;
            vec![Place { both: at.v4.zip(at.v6), ..plain(first.to_string(), port.number) }]
        }
        (NetworkMode::Own(name), None) if settings.internal => {
            let at = whose.networks.get(name).filter(|at| at.first().is_some());
            let at = at.or_else(|| whose.networks.values().find(|at| at.first().is_some()));
            let (at, first) = at
                .and_then(|at| Some((at, at.first()?)))
                .ok_or("it has no address in any network, and -internal wants one")?;
            vec![Place { both: at.v4.zip(at.v6), ..plain(first.to_string(), port.number) }]
        }
        (NetworkMode::Of(other), None) if settings.internal => {
            return Err(format!("its network is that of {other}, which has none of its own"));
        }
        _ => published(whose.ports.get(port).map_or(&[], Vec::as_slice), settings),
    };
    if let Some(address) = from_label(container, settings)? {
        for place in &mut places {
            place.address.clone_from(&address);
            place.both = None;
        }
    }
    Ok(places)
}

fn plain(address: String, port: u16) -> Place {
    Place { address, port, more: None, both: None }
}

/// The network that was asked for, and by what.
fn network<'a>(attributes: &'a Attributes, settings: &'a Settings) -> Option<(&'a str, &'a str)> {
    let own = attributes.get("network").map(|asked| (asked.value.as_str(), asked.label.as_str()));
    own.or_else(|| Some((settings.use_ip_from_network.as_deref()?, "-useIpFromNetwork")))
}

/// Each host port once. What is published by IPv4 and by IPv6 is told by IPv4.
fn published(bindings: &[Binding], settings: &Settings) -> Vec<Place> {
    let by_v4 = bindings.iter().any(|binding| binding.ip.is_ipv4());
    let mut places: Vec<Place> = Vec::new();
    for binding in bindings.iter().filter(|binding| binding.ip.is_ipv4() == by_v4) {
        if places.iter().any(|place| place.port == binding.port) {
            continue;
        }
        let more = (!places.is_empty()).then_some(binding.port);
        places.push(Place { more, ..plain(settings.host(Some(binding.ip)), binding.port) });
    }
    places
}

/// What the label of `-useIpFromLabel` says, without its mask.
fn from_label(container: &Container, settings: &Settings) -> Result<Option<String>, String> {
    let Some(label) = &settings.use_ip_from_label else { return Ok(None) };
    let Some(text) = container.labels.get(label) else { return Ok(None) };
    let bare = text.split('/').next().unwrap_or(text).trim();
    let address = bare.parse::<IpAddr>();
    address.map(|ip| Some(ip.to_string())).map_err(|_| format!("label {label}: {text:?} is no IP address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Addresses;
    use crate::container::tests::web;

    fn settings() -> Settings {
        Settings { node_address: "10.0.0.7".into(), ..Settings::default() }
    }

    fn of(container: &Container, settings: &Settings) -> Result<Vec<String>, String> {
        let port = container.ports.keys().next().unwrap().clone();
        let attributes = Attributes::of(container, port.number);
        let places = places(container, container, &port, &attributes, settings)?;
        Ok(places.iter().map(|place| format!("{}:{}", place.address, place.port)).collect())
    }

    fn bound(list: &[(&str, u16)]) -> Container {
        let mut container = web();
        let bindings = list.iter().map(|(ip, port)| Binding { ip: ip.parse().unwrap(), port: *port });
        *container.ports.values_mut().next().unwrap() = bindings.collect();
        container
    }

    #[test]
    fn a_published_port_is_told_by_the_host() {
        let everywhere = bound(&[("0.0.0.0", 8080), ("::", 8080)]);
        assert_eq!(of(&everywhere, &settings()).unwrap(), ["10.0.0.7:8080"]);
        let forced = Settings { ip: "192.0.2.1".parse().ok(), ..settings() };
        assert_eq!(of(&everywhere, &forced).unwrap(), ["192.0.2.1:8080"]);
        let single = bound(&[("127.0.0.1", 8080), ("10.1.1.1", 8081), ("10.1.1.1", 8080)]);
        assert_eq!(of(&single, &settings()).unwrap(), ["127.0.0.1:8080", "10.1.1.1:8081"]);
        assert_eq!(of(&single, &forced).unwrap(), ["192.0.2.1:8080", "192.0.2.1:8081"]);
        assert_eq!(of(&bound(&[("::", 9), ("0.0.0.0", 8)]), &settings()).unwrap(), ["10.0.0.7:8"]);
        assert_eq!(of(&bound(&[("::1", 9)]), &settings()).unwrap(), ["::1:9"]);
        assert!(of(&bound(&[]), &settings()).unwrap().is_empty());
    }

    #[test]
    fn inside_its_own_network_comes_first_and_a_named_one_before_it() {
        let mut container = bound(&[]);
        let other = Addresses { v4: "10.9.0.2".parse().ok(), v6: "fd00::2".parse().ok() };
        container.networks.insert("back".into(), other);
        let internal = Settings { internal: true, ..settings() };
        assert_eq!(of(&container, &internal).unwrap(), ["172.17.0.2:80"]);
        let named = Settings { use_ip_from_network: Some("back".into()), ..settings() };
        assert_eq!(of(&container, &named).unwrap(), ["10.9.0.2:80"]);
        container.labels.insert("SERVICE_NETWORK".into(), "back".into());
        assert_eq!(of(&container, &settings()).unwrap(), ["10.9.0.2:80"]);
        container.networks.get_mut("back").unwrap().v4 = None;
        assert_eq!(of(&container, &settings()).unwrap(), ["fd00::2:80"]);
        container.networks.remove("back");
        let error = of(&container, &settings()).unwrap_err();
        assert_eq!(error, "SERVICE_NETWORK asks for the network back; it has an address in: bridge");
        container.networks.clear();
        container.labels.clear();
        assert!(of(&container, &internal).unwrap_err().contains("no address in any network"));
    }

    #[test]
    fn the_host_s_network_has_the_host_s_address() {
        let host = Container { network_mode: NetworkMode::Host, ..bound(&[]) };
        for settings in [settings(), Settings { internal: true, ..settings() }] {
            assert_eq!(of(&host, &settings).unwrap(), ["10.0.0.7:80"]);
        }
        let off = Container { network_mode: NetworkMode::Off, ..bound(&[]) };
        assert!(of(&off, &settings()).unwrap().is_empty());
    }

    #[test]
    fn a_label_can_say_the_address() {
        let by_label = Settings { use_ip_from_label: Some("ip".into()), ..settings() };
        let mut container = web();
        assert_eq!(of(&container, &by_label).unwrap(), ["10.0.0.7:8080"]);
        container.labels.insert("ip".into(), "10.42.1.9/16".into());
        assert_eq!(of(&container, &by_label).unwrap(), ["10.42.1.9:8080"]);
        container.labels.insert("ip".into(), "me".into());
        assert_eq!(of(&container, &by_label).unwrap_err(), "label ip: \"me\" is no IP address");
    }
}
