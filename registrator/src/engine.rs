//! The only place that knows the engine's API: list, inspect, events. It turns what an engine says into plain pictures
//! and decides nothing. It answers for one connection; who lost it makes another.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::errors::Error;
use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerStateStatusEnum as Status, EventMessage,
    HealthStatusEnum, NetworkSettings,
};
use bollard::query_parameters::{EventsOptionsBuilder, ListContainersOptionsBuilder};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::{Stream, StreamExt as _};

use crate::container::{Addresses, Binding, Container, Health, NetworkMode, Port, State, Verdict, signal};
use crate::known::Seen;

/// Where Docker listens, where nobody says.
const SOCKET: &str = "unix:///var/run/docker.sock";
/// Longest wait for an answer, in seconds.
const PATIENCE: u64 = 10;
/// Longest wait for a picture: one container that hangs shall not hold up the others.
const GLANCE: Duration = Duration::from_secs(5);

/// Where an engine is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct Engine {
    address: String,
    /// The folder of `key.pem`, `cert.pem` and `ca.pem`, where TLS is spoken.
    certificates: Option<PathBuf>,
}

/// The engine was lost.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Lost(String);

impl Lost {
    /// It closed the stream of its events.
    pub(crate) fn ended() -> Self {
        Self("it ended the connection".into())
    }
}

/// One thing that an engine said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// The container to look at.
    pub(crate) container: String,
    /// What happened to it, as far as it is not seen by looking.
    pub(crate) what: What,
    /// When, in nanoseconds since 1970 by the engine's clock.
    pub(crate) at: i64,
}

/// What is not seen by looking at a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It was sent this signal.
    Signalled(i32),
    /// It was started or has ended.
    Settled,
    /// Anything else.
    Other,
}

impl Engine {
    /// The engine at `address`: `unix:///path`, `tcp://host:port` or `https://host:port`; by TLS where a folder of
    /// certificates is given.
    ///
    /// # Errors
    /// Where the address is none of these.
    pub fn at(address: &str, certificates: Option<PathBuf>) -> Result<Self, String> {
        let schemes = ["unix://", "tcp://", "http://", "https://"];
        if !schemes.iter().any(|scheme| address.starts_with(scheme)) {
            let schemes = schemes.join(", ");
            return Err(format!("the engine's address {address:?} has to begin with one of {schemes}"));
        }
        Ok(Self { address: address.to_owned(), certificates })
    }

    /// As Docker's own command line finds it: `DOCKER_HOST`, and `DOCKER_CERT_PATH` where `DOCKER_TLS_VERIFY` is set;
    /// the usual socket else. A given address wins.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn from_environment(given: Option<&str>) -> Result<Self, String> {
        let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let address = given.map(str::to_owned).or_else(|| variable("DOCKER_HOST"));
        let address = address.unwrap_or_else(|| SOCKET.to_owned());
        let tls = variable("DOCKER_TLS_VERIFY").is_some() || address.starts_with("https://");
        let folder = || {
            let own = variable("HOME").map(|home| PathBuf::from(home).join(".docker"));
            variable("DOCKER_CERT_PATH").map(PathBuf::from).or(own)
        };
        let certificates = if tls && !address.starts_with("unix://") { folder() } else { None };
        Self::at(&address, certificates)
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Speaks to it, in a version of its API that both know.
    pub(crate) async fn connect(&self) -> Result<Session, Lost> {
        let docker = match (&self.certificates, self.address.starts_with("unix://")) {
            (_, true) => Docker::connect_with_unix(&self.address, PATIENCE, API_DEFAULT_VERSION),
            (None, _) => Docker::connect_with_http(&self.address, PATIENCE, API_DEFAULT_VERSION),
            (Some(folder), _) => {
                let file = |name| folder.join(name);
                let (key, certificate, ca) = (file("key.pem"), file("cert.pem"), file("ca.pem"));
                let version = API_DEFAULT_VERSION;
                Docker::connect_with_ssl(&self.address, &key, &certificate, &ca, PATIENCE, version)
            }
        };
        let docker = docker.map_err(|error| Lost(words(&error)))?;
        let docker = docker.negotiate_version().await.map_err(|error| Lost(words(&error)))?;
        Ok(Session { docker })
    }
}

/// A connection to an engine.
pub(crate) struct Session {
    docker: Docker,
}

impl Session {
    /// The IDs of all containers, and whether each has ended.
    pub(crate) async fn list(&self) -> Result<BTreeMap<String, bool>, Lost> {
        use bollard::models::ContainerSummaryStateEnum as Listed;
        let options = ListContainersOptionsBuilder::new().all(true).build();
        let listed = self.docker.list_containers(Some(options)).await;
        let listed = listed.map_err(|error| Lost(words(&error)))?;
        let one = |summary: bollard::models::ContainerSummary| {
            let ended = matches!(summary.state, Some(Listed::EXITED | Listed::CREATED | Listed::DEAD));
            summary.id.map(|id| (id, ended))
        };
        Ok(listed.into_iter().filter_map(one).collect())
    }

    /// Looks at one container.
    pub(crate) async fn look(&self, id: &str) -> Result<Seen, Lost> {
        let looking = tokio::time::timeout(GLANCE, self.docker.inspect_container(id, None)).await;
        let unread = |error: &dyn std::fmt::Display| Ok(Seen::Unread(format!("it cannot be read: {error}")));
        match looking {
            Err(_) => unread(&format!("the engine gave no answer in {GLANCE:?}")),
            Ok(Ok(said)) => match picture(said) {
                Some(container) => Ok(Seen::Picture(Box::new(container))),
                None => unread(&"the engine does not say what it is"),
            },
            Ok(Err(Error::DockerResponseServerError { status_code: 404, .. })) => Ok(Seen::Gone),
            Ok(Err(
                error @ (Error::DockerResponseServerError { .. }
                | Error::JsonDataError { .. }
                | Error::JsonSerdeError { .. }
                | Error::RequestTimeoutError),
            )) => unread(&words(&error)),
            Ok(Err(error)) => Err(Lost(words(&error))),
        }
    }

    /// What happens to containers, from `since` on (nanoseconds since 1970).
    pub(crate) fn events(&self, since: i64) -> impl Stream<Item = Result<Option<Event>, Lost>> + use<> {
        let kinds = HashMap::from([("type", vec!["container", "network"])]);
        let (seconds, rest) = (since.div_euclid(1_000_000_000), since.rem_euclid(1_000_000_000));
        let since = format!("{seconds}.{rest:09}");
        let options = EventsOptionsBuilder::new().since(&since).filters(&kinds).build();
        let said = self.docker.events(Some(options));
        said.map(|said| said.map(event).map_err(|error| Lost(words(&error))))
    }
}

/// Now, in nanoseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// The innermost reason.
fn words(error: &Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}

/// What an event means; nothing where it is no reason to look.
fn event(said: EventMessage) -> Option<Event> {
    let action = said.action.unwrap_or_default();
    // A health check of every container starts a process every few seconds.
    let idle = ["exec_", "attach", "detach", "top", "resize", "copy", "archive-path", "export", "commit"];
    if idle.iter().any(|idle| action.starts_with(idle)) {
        return None;
    }
    let actor = said.actor?;
    let mut attributes = actor.attributes.unwrap_or_default();
    let container = match said.typ {
        Some(bollard::models::EventMessageTypeEnum::NETWORK) => attributes.remove("container")?,
        _ => actor.id?,
    };
    let sent = attributes.get("signal").and_then(|text| signal(text));
    let what = match (action.as_str(), sent) {
        ("kill", Some(signal)) => What::Signalled(signal),
        ("start" | "die" | "died" | "restart", _) => What::Settled,
        _ => What::Other,
    };
    let at = said.time_nano.or_else(|| said.time?.checked_mul(1_000_000_000)).unwrap_or_else(now);
    Some(Event { container, what, at })
}

/// A picture of what an engine says; nothing where it does not even say which container it is about.
fn picture(said: ContainerInspectResponse) -> Option<Container> {
    let config = said.config.unwrap_or_default();
    let mode = said.host_config.and_then(|host| host.network_mode).unwrap_or_default();
    let pair = |text: String| {
        let (key, value) = text.split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    };
    let network = said.network_settings.unwrap_or_default();
    let state = said.state.unwrap_or_default();
    // Less than nothing is for ever.
    let stop_timeout = config.stop_timeout.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
    Some(Container {
        id: said.id.filter(|id| !id.is_empty())?,
        name: said.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image: config.image.unwrap_or_default(),
        hostname: config.hostname.unwrap_or_default(),
        labels: config.labels.unwrap_or_default().into_iter().collect(),
        env: config.env.unwrap_or_default().into_iter().filter_map(pair).collect(),
        ports: ports(config.exposed_ports.unwrap_or_default(), &network),
        networks: networks(network),
        network_mode: NetworkMode::read(&mode),
        started: state.started_at.clone().unwrap_or_default().trim_end_matches('Z').to_owned(),
        health: health(&state),
        state: doing(&state),
        stop_signal: config.stop_signal.and_then(|text| signal(&text)).unwrap_or(15),
        stop_timeout,
    })
}

fn doing(state: &ContainerState) -> State {
    let code = state.exit_code.unwrap_or_default();
    match state.status {
        Some(Status::RUNNING) if state.paused == Some(true) => State::Paused,
        Some(Status::RUNNING | Status::STOPPING) => State::Running,
        Some(Status::PAUSED) => State::Paused,
        Some(Status::RESTARTING) => State::Restarting(code),
        Some(Status::EXITED) => State::Exited(code),
        Some(Status::CREATED | Status::REMOVING | Status::DEAD | Status::EMPTY) | None => State::Absent,
    }
}

fn health(state: &ContainerState) -> Option<Health> {
    let said = state.health.as_ref()?;
    let verdict = match said.status? {
        HealthStatusEnum::STARTING => Verdict::Starting,
        HealthStatusEnum::HEALTHY => Verdict::Healthy,
        HealthStatusEnum::UNHEALTHY => Verdict::Unhealthy,
        HealthStatusEnum::NONE | HealthStatusEnum::EMPTY => return None,
    };
    let last = said.log.as_ref().and_then(|log| log.last());
    let log = last.and_then(|last| last.output.clone()).unwrap_or_default();
    Some(Health { verdict, log })
}

fn ports(exposed: Vec<String>, network: &NetworkSettings) -> BTreeMap<Port, Vec<Binding>> {
    let mut ports: BTreeMap<Port, Vec<Binding>> = BTreeMap::new();
    for text in exposed {
        if let Some(port) = port(&text) {
            ports.entry(port).or_default();
        }
    }
    for (text, bindings) in network.ports.iter().flatten() {
        let Some(port) = port(text) else { continue };
        let bound = bindings.iter().flatten().filter_map(|binding| {
            let ip = binding.host_ip.as_deref().filter(|ip| !ip.is_empty()).unwrap_or("0.0.0.0");
            Some(Binding { ip: ip.parse().ok()?, port: binding.host_port.as_deref()?.parse().ok()? })
        });
        ports.entry(port).or_default().extend(bound.filter(|binding| binding.port != 0));
    }
    ports
}

/// `80/tcp`, or `80`.
fn port(text: &str) -> Option<Port> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    Some(Port { number: number.parse().ok()?, protocol: protocol.to_owned() })
}

fn networks(network: NetworkSettings) -> BTreeMap<String, Addresses> {
    let address = |text: Option<String>| text.and_then(|text| text.parse::<IpAddr>().ok());
    let networks = network.networks.unwrap_or_default().into_iter();
    networks
        .map(|(name, at)| {
            (name, Addresses { v4: address(at.ip_address), v6: address(at.global_ipv6_address) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_engine_s_words_make_a_picture() {
        let said = read(json!({
            "Id": "cafe", "Name": "/web",
            "Config": {"Hostname": "h", "Image": "nginx:1", "Labels": {"a": "b"}, "Env": ["K=v=w", "bad"],
                       "ExposedPorts": {"80/tcp": {}, "53/udp": {}}, "StopSignal": "SIGQUIT", "StopTimeout": 30},
            "HostConfig": {"NetworkMode": "default"},
            "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00.5Z", "ExitCode": 0,
                      "Health": {"Status": "healthy", "Log": [{"Output": "old"}, {"Output": "new"}]}},
            "NetworkSettings": {
                "Ports": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
                          "53/udp": null},
                "Networks": {"bridge": {"IPAddress": "172.17.0.2", "GlobalIPv6Address": ""}}},
        }));
        let seen = picture(said).unwrap();
        assert_eq!((&*seen.name, &*seen.started, seen.stop_signal), ("web", "2026-01-01T00:00:00.5", 3));
        assert_eq!((seen.env["K"].as_str(), seen.env.len(), seen.stop_timeout), ("v=w", 1, Some(30)));
        assert_eq!((seen.state, &*seen.health.unwrap().log), (State::Running, "new"));
        let bound: Vec<usize> = seen.ports.values().map(Vec::len).collect();
        assert_eq!(bound, [0, 2]);
        assert_eq!(seen.networks["bridge"].first(), "172.17.0.2".parse().ok());
        assert!(picture(read(json!({"Name": "/x"}))).is_none());
        let patient = picture(read(json!({"Id": "cafe", "Config": {"StopTimeout": -1}}))).unwrap();
        assert_eq!(patient.stop_timeout, Some(u32::MAX));
    }

    #[test]
    fn an_event_says_where_to_look() {
        let of = |value| event(read(value)).map(|event| (event.container, event.what, event.at));
        let actor = |attributes| json!({"ID": "cafe", "Attributes": attributes});
        for (said, expected) in [
            (
                json!({"Type": "container", "Action": "kill", "Actor": actor(json!({"signal": "15"})), "timeNano": 7}),
                Some(("cafe".to_owned(), What::Signalled(15), 7)),
            ),
            (
                json!({"Type": "container", "Action": "die", "Actor": actor(json!({})), "time": 2}),
                Some(("cafe".to_owned(), What::Settled, 2_000_000_000)),
            ),
            (
                json!({"Type": "network", "Action": "connect", "Actor": actor(json!({"container": "x"})), "time": 1}),
                Some(("x".to_owned(), What::Other, 1_000_000_000)),
            ),
            (json!({"Type": "container", "Action": "exec_start: sh", "Actor": actor(json!({}))}), None),
            (json!({"Type": "network", "Action": "create", "Actor": actor(json!({}))}), None),
            (json!({"Type": "container", "Action": "start"}), None),
        ] {
            assert_eq!(of(said), expected);
        }
    }

    #[test]
    fn an_address_says_how_it_is_spoken_to() {
        assert!(Engine::at("ssh://host", None).unwrap_err().contains("has to begin with"));
        assert_eq!(Engine::at("unix:///x.sock", None).unwrap().address(), "unix:///x.sock");
    }
}
