//! A client agent: its own API, a relay of everything else to the servers, and DNS from memory that watches
//! keep fresh.

use std::io;
use std::sync::Arc;

use muster_agent::Agent;
use tokio_util::sync::CancellationToken;

use super::dns_on_watch::DnsOnWatch;
use super::reload::{self, Reload};
use super::supervise::Tasks;
use super::upstream_remote::Servers;
use super::{Common, bound, dns_sockets, doors, front, identity, register_containers};

/// What a client agent is started with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) common: Common,
    /// The port of servers whose address names none.
    pub(crate) server_port: u16,
}

/// Runs until a signal or the first task that ends unasked.
pub(crate) async fn run(settings: Settings, reload: Reload) -> io::Result<()> {
    let Settings { common, server_port } = settings;
    let token = CancellationToken::new();
    let agent_config = identity::complete(&common)?;
    let address = agent_config.address.clone();
    let http = bound(common.http, "HTTP").await?;
    let sockets = dns_sockets(common.dns_at).await?;
    let servers = Servers::new(common.retry_join.clone(), server_port).map_err(io::Error::other)?;
    let mut tasks = Tasks::default();
    let (agent, drive) = Agent::open(agent_config, servers.clone(), &token)?;
    agent
        .configure(common.services, common.checks)
        .await
        .map_err(|error| io::Error::other(error.to_string()))?;
    agent.defined_in(common.files);
    let stop = token.clone();
    tasks.spawn("agent", async move {
        drive.run(stop).await;
        Ok(())
    });
    let (list, stop) = (servers.clone(), token.clone());
    tasks.spawn("servers", async move {
        list.refresh(&stop).await;
        Ok(())
    });
    let (directory, watching) = DnsOnWatch::new(servers.clone(), token.clone());
    tasks.spawn("watches", async move {
        watching.await;
        Ok(())
    });
    if let Some(sockets) = sockets {
        tasks.spawn("dns", muster_dns::run(sockets, Arc::new(directory), common.dns, token.clone()));
    }
    let (router, stop) = (front::on_client(agent.clone(), servers), token.clone());
    tasks.spawn("http", doors::serve(http, router, common.limits, stop));
    register_containers(&mut tasks, &agent, (common.registrator, address), &token);
    tasks.spawn("reload", reload::run(agent.clone(), reload, token.clone()));
    tracing::info!(http = %common.http, dns = ?common.dns_at, "muster is up");
    tasks.supervise(token, agent.leaving(), common.leave, agent.leave()).await
}
