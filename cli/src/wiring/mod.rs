//! The only place where rooms are put together. It decides nothing.

mod dns_facts;
mod dns_on_view;
mod dns_on_watch;
#[cfg(test)]
mod fake_server;
mod front;
pub(crate) mod host;
mod identity;
mod registrar_http;
mod registrar_local;
pub(crate) mod reload;
pub(crate) mod server;
pub(crate) mod supervise;
mod upstream_local;
mod upstream_remote;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
pub(crate) use muster_server::doors;
pub(crate) use registrar_http::OverHttp;
use tokio::net::{TcpListener, TcpStream};

/// An engine, and how its containers are registered.
pub(crate) type Registrator = (muster_registrator::Engine, muster_registrator::Config);

/// What every agent is started with, on a server or elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    /// The agent's own settings; its node ID is filled in from the data folder where it is empty.
    pub(crate) agent: muster_agent::Config,
    /// How names are answered.
    pub(crate) dns: muster_dns::Config,
    pub(crate) data_dir: std::path::PathBuf,
    /// Whether what is registered outlives the process.
    pub(crate) keep: bool,
    pub(crate) retry_join: Vec<String>,
    pub(crate) http: SocketAddr,
    /// Nowhere where DNS is switched off.
    pub(crate) dns_at: Option<SocketAddr>,
    pub(crate) limits: doors::Limits,
    /// The registrator that runs beside the agent.
    pub(crate) registrator: Option<Registrator>,
    /// What the configuration files define.
    pub(crate) services: Vec<ServiceDefinition>,
    pub(crate) checks: Vec<CheckDefinition>,
    /// In which files.
    pub(crate) files: muster_agent::Files,
    /// When the node leaves as the process is told to end.
    pub(crate) leave: supervise::Leave,
}

/// Runs a registrator beside its agent. An engine that is not there does not end it.
fn register_containers<U: muster_agent::Upstream>(
    tasks: &mut supervise::Tasks,
    agent: &muster_agent::Agent<U>,
    (registrator, address): (Option<Registrator>, String),
    token: &tokio_util::sync::CancellationToken,
) {
    let Some((engine, mut config)) = registrator else { return };
    config.settings.node_address = address;
    let (agent, stop) = (registrar_local::InAgent(agent.clone()), token.clone());
    tasks.spawn("registrator", async move {
        muster_registrator::run(engine, agent, config, stop).await;
        Ok(())
    });
}

async fn bound(address: SocketAddr, what: &str) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| named(address, what, &error))
}

/// The sockets of DNS, unless it is switched off.
async fn dns_sockets(address: Option<SocketAddr>) -> io::Result<Option<muster_dns::Sockets>> {
    let Some(address) = address else { return Ok(None) };
    let bound = muster_dns::Sockets::bind(address).await;
    bound.map(Some).map_err(|error| named(address, "DNS", &error))
}

fn named(address: SocketAddr, what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the {what} port {address} cannot be had: {error}"))
}

/// `address` with a port, if it has none.
pub(crate) fn with_port(address: &str, port: u16) -> String {
    let has_port = address.parse::<SocketAddr>().is_ok()
        || address.parse::<std::net::IpAddr>().is_err()
            && address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    match address.parse::<std::net::IpAddr>() {
        _ if has_port => address.to_owned(),
        Ok(std::net::IpAddr::V6(address)) => format!("[{address}]:{port}"),
        _ => format!("{address}:{port}"),
    }
}

/// Whether somebody listens there; the refusal is in Consul's words.
async fn reachable(address: &str) -> Result<(), String> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    if tokio::net::lookup_host(address).await.map(|mut found| found.next().is_none()).unwrap_or(true) {
        return Err(format!("Failed to resolve {host}: lookup {host}: no such host"));
    }
    let connecting = tokio::time::timeout(Duration::from_secs(5), TcpStream::connect(address)).await;
    match connecting {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Err(format!("Failed to join {host}: dial tcp {address}: connect: connection refused"))
        }
        Ok(Err(error)) => Err(format!("Failed to join {host}: dial tcp {address}: {error}")),
        Err(_) => Err(format!("Failed to join {host}: dial tcp {address}: i/o timeout")),
    }
}

#[cfg(test)]
mod tests {
    use super::with_port;

    #[test]
    fn a_port_is_added_where_there_is_none() {
        for (given, expected) in [
            ("10.0.0.1", "10.0.0.1:8300"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("host", "host:8300"),
            ("host:2", "host:2"),
            ("::1", "[::1]:8300"),
            ("[::1]:3", "[::1]:3"),
        ] {
            assert_eq!(with_port(given, 8300), expected);
        }
    }
}
