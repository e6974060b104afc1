//! A server: consensus on the RPC port, an agent of its own, HTTP and DNS over its view, all under one token.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use muster_agent::Agent;
use muster_server::consensus::types::Peer;
use muster_server::{Server, Terms};
use tokio_util::sync::CancellationToken;

use super::dns_on_view::DnsOnView;
use super::reload::{self, Reload};
use super::supervise::Tasks;
use super::upstream_local::InProcess;
use super::{Common, bound, dns_sockets, doors, front, identity, register_containers};

/// What a server is started with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) common: Common,
    pub(crate) expect: usize,
    pub(crate) rpc: SocketAddr,
    pub(crate) terms: Terms,
    /// Most queries that may block at once.
    pub(crate) blocked_queries: usize,
    /// Bytes of the disk that stay free.
    pub(crate) disk_reserve: u64,
}

/// Runs until a signal or the first task that ends unasked; that one is the reason we stop.
pub(crate) async fn run(settings: Settings, reload: Reload) -> io::Result<()> {
    let Settings { common, expect, rpc: rpc_at, terms, blocked_queries, disk_reserve } = settings;
    let token = CancellationToken::new();
    let agent_config = identity::complete(&common)?;
    let address = agent_config.address.clone();
    let (node_id, datacenter) = (agent_config.node_id.clone(), agent_config.datacenter.clone());
    let at = SocketAddr::new(agent_config.address.parse().unwrap_or(rpc_at.ip()), rpc_at.port());
    let me = Peer { name: agent_config.node.clone(), node_id, address: at.to_string() };
    let rpc = bound(rpc_at, "RPC").await?;
    let http = bound(common.http, "HTTP").await?;
    let sockets = dns_sockets(common.dns_at).await?;
    let config = muster_server::Config {
        datacenter,
        me,
        data_dir: common.data_dir.clone(),
        expect,
        retry_join: common.retry_join.clone(),
        snapshot_after: 16_384,
        disk_reserve,
        terms,
        blocked_queries,
    };
    // The server ends after the HTTP port, so that what is being written can be answered.
    let port_closed = CancellationToken::new();
    let server = Server::open(config, rpc, port_closed.clone()).await?;
    let mut tasks = Tasks::default();
    let upstream = InProcess { routes: server.port(), meetings: server.meetings() };
    let (agent, drive) = Agent::open(agent_config, upstream, &token)?;
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
    let directory = Arc::new(DnsOnView::new(&server));
    if let Some(sockets) = sockets {
        tasks.spawn("dns", muster_dns::run(sockets, directory, common.dns, token.clone()));
    }
    let (router, stop) = (front::on_server(agent.clone(), server.router()), token.clone());
    tasks.spawn("http", async move {
        let _closed = port_closed.drop_guard();
        doors::serve(http, router, common.limits, stop).await
    });
    tasks.spawn("server", server.run());
    register_containers(&mut tasks, &agent, (common.registrator, address), &token);
    tasks.spawn("reload", reload::run(agent.clone(), reload, token.clone()));
    tracing::info!(http = %common.http, dns = ?common.dns_at, rpc = %rpc_at, "muster is up");
    tasks.supervise(token, agent.leaving(), common.leave, agent.leave()).await
}
