//! A plain picture of one container: what an engine says of it, in our own words. It knows no engine and decides nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};

/// How many letters of an ID are shown, as everywhere in Docker.
const SHORT: usize = 12;

/// A container at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Container {
    /// Its whole ID.
    pub(crate) id: String,
    /// Its name, without the slash.
    pub(crate) name: String,
    /// The image as it was named when the container was made.
    pub(crate) image: String,
    /// Its own host name.
    pub(crate) hostname: String,
    /// Its labels, those of the image among them.
    pub(crate) labels: BTreeMap<String, String>,
    /// Its environment.
    pub(crate) env: BTreeMap<String, String>,
    /// Its ports, exposed or published.
    pub(crate) ports: BTreeMap<Port, Vec<Binding>>,
    /// Its addresses by the names of its networks.
    pub(crate) networks: BTreeMap<String, Addresses>,
    /// Whose network it has.
    pub(crate) network_mode: NetworkMode,
    /// What it is doing.
    pub(crate) state: State,
    /// When it was started last, as a text that sorts by time.
    pub(crate) started: String,
    /// What its own health check says; nothing where it has none.
    pub(crate) health: Option<Health>,
    /// The number of the signal that asks it to stop.
    pub(crate) stop_signal: i32,
    /// How long it is given to stop, in seconds, where that was said when it was made.
    pub(crate) stop_timeout: Option<u32>,
}

/// A port inside a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Port {
    /// Its number.
    pub(crate) number: u16,
    /// `tcp`, `udp` or `sctp`.
    pub(crate) protocol: String,
}

/// Where a port is published on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binding {
    /// The host's address; unspecified for all.
    pub(crate) ip: IpAddr,
    /// The host's port.
    pub(crate) port: u16,
}

/// The addresses of a container in one network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// By IPv4.
    pub(crate) v4: Option<IpAddr>,
    /// By IPv6.
    pub(crate) v6: Option<IpAddr>,
}

impl Addresses {
    /// The one that is told to others: by IPv4 where there is one.
    #[must_use]
    pub(crate) fn first(self) -> Option<IpAddr> {
        self.v4.or(self.v6)
    }
}

/// Whose network a container has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NetworkMode {
    /// Its own: the network of this name first.
    Own(String),
    /// The host's.
    Host,
    /// None.
    Off,
    /// That of another container, by its ID.
    Of(String),
}

impl NetworkMode {
    /// Reads an engine's text.
    #[must_use]
    pub(crate) fn read(text: &str) -> Self {
        match text {
            "host" => Self::Host,
            "none" => Self::Off,
            "" | "default" => Self::Own("bridge".into()),
            other => match other.strip_prefix("container:") {
                Some(id) => Self::Of(id.to_owned()),
                None => Self::Own(other.to_owned()),
            },
        }
    }
}

/// What a container is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It was not started yet, or is being removed.
    Absent,
    /// It runs.
    Running,
    /// It stands still, and will go on.
    Paused,
    /// It ended with this code, and the engine is about to start it again.
    Restarting(i64),
    /// It ended with this code.
    Exited(i64),
}

/// What a container's own health check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Health {
    /// What came out of it all.
    pub(crate) verdict: Verdict,
    /// What the last run wrote.
    pub(crate) log: String,
}

/// The words of an engine for health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not known yet.
    Starting,
    /// Good.
    Healthy,
    /// Bad.
    Unhealthy,
}

impl Container {
    /// The ID as people see it.
    #[must_use]
    pub(crate) fn short(&self) -> &str {
        short(&self.id)
    }

    /// What a template sees: the names of the fields are the engine's.
    #[must_use]
    pub(crate) fn fields(&self) -> Value {
        let env: Vec<String> = self.env.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let text = |address: Option<IpAddr>| address.map(|ip| ip.to_string()).unwrap_or_default();
        let network = |at: &Addresses| json!({ "IPAddress": text(at.v4), "GlobalIPv6Address": text(at.v6) });
        let networks: BTreeMap<&String, Value> =
            self.networks.iter().map(|(name, at)| (name, network(at))).collect();
        let first = self.networks.values().find_map(|at| at.v4);
        let mode = match &self.network_mode {
            NetworkMode::Own(name) => name.clone(),
            NetworkMode::Host => "host".into(),
            NetworkMode::Off => "none".into(),
            NetworkMode::Of(id) => format!("container:{id}"),
        };
        json!({
            "ID": self.id, "Id": self.id, "Name": format!("/{}", self.name), "Image": self.image,
            "Config": { "Hostname": self.hostname, "Image": self.image, "Labels": self.labels, "Env": env },
            "State": { "Running": self.state == State::Running, "StartedAt": self.started },
            "NetworkSettings": { "IPAddress": text(first), "Networks": networks },
            "HostConfig": { "NetworkMode": mode },
        })
    }
}

/// The beginning of an ID.
#[must_use]
pub(crate) fn short(id: &str) -> &str {
    id.get(..SHORT).unwrap_or(id)
}

/// The number of a signal: `15`, `TERM`, `SIGTERM` or `SIGRTMIN+3`; nothing where it is none.
#[must_use]
pub(crate) fn signal(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse() {
        return (1..=64).contains(&number).then_some(number);
    }
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    if let Some(more) = bare.strip_prefix("RTMIN") {
        let more: i32 = if more.is_empty() { 0 } else { more.strip_prefix('+')?.parse().ok()? };
        return (0..=30).contains(&more).then_some(34 + more);
    }
    format!("SIG{bare}").parse::<nix::sys::signal::Signal>().ok().map(|signal| signal as i32)
}

/// The name of a signal as people write it.
#[must_use]
pub(crate) fn signal_name(number: i32) -> String {
    nix::sys::signal::Signal::try_from(number)
        .map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A running container `web` that publishes 80/tcp as 8080.
    pub(crate) fn web() -> Container {
        let port = Port { number: 80, protocol: "tcp".into() };
        let everywhere = Binding { ip: "0.0.0.0".parse().unwrap(), port: 8080 };
        let bridge = Addresses { v4: "172.17.0.2".parse().ok(), v6: None };
        Container {
            id: "0123456789abcdef0123".into(),
            name: "web".into(),
            image: "registry:5000/team/nginx:1.25".into(),
            hostname: "0123456789ab".into(),
            labels: BTreeMap::new(),
            env: BTreeMap::new(),
            ports: [(port, vec![everywhere])].into(),
            networks: [("bridge".to_owned(), bridge)].into(),
            network_mode: NetworkMode::Own("bridge".into()),
            state: State::Running,
            started: "2026-01-01T00:00:00".into(),
            health: None,
            stop_signal: 15,
            stop_timeout: None,
        }
    }

    #[test]
    fn signals_have_many_names() {
        for (text, number) in [
            ("15", Some(15)),
            ("SIGTERM", Some(15)),
            ("quit", Some(3)),
            ("SIGRTMIN+3", Some(37)),
            ("RTMIN", Some(34)),
            ("0", None),
            ("SIGNONE", None),
            ("RTMIN+99", None),
        ] {
            assert_eq!(signal(text), number, "{text}");
        }
        assert_eq!((&*signal_name(15), &*signal_name(37)), ("SIGTERM", "signal 37"));
    }

    #[test]
    fn the_network_is_one_s_own_the_host_s_another_s_or_none() {
        for (text, mode) in [
            ("host", NetworkMode::Host),
            ("none", NetworkMode::Off),
            ("default", NetworkMode::Own("bridge".into())),
            ("net", NetworkMode::Own("net".into())),
            ("container:abc", NetworkMode::Of("abc".into())),
        ] {
            assert_eq!(NetworkMode::read(text), mode);
        }
    }
}
