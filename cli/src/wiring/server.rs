//! A server: consensus on the RPC port, HTTP and DNS over its view, all under one token.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use muster_server::Server;
use muster_server::consensus::types::Peer;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::dns_on_view::DnsOnView;
use super::identity;

/// How long an orderly stop may take.
const GRACE: Duration = Duration::from_secs(10);

/// What a server is started with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) datacenter: String,
    pub(crate) domain: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) expect: usize,
    pub(crate) retry_join: Vec<String>,
    pub(crate) rpc: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) dns: SocketAddr,
}

/// Runs until a signal or the first task that ends unasked; that one is the reason we stop.
pub(crate) async fn run(settings: Settings) -> io::Result<()> {
    let token = CancellationToken::new();
    let node_id = identity::node_id(&settings.data_dir)?;
    let me = Peer { name: settings.name.clone(), node_id, address: settings.rpc.to_string() };
    let rpc = bound(settings.rpc, "RPC").await?;
    let http = bound(settings.http, "HTTP").await?;
    let sockets =
        muster_dns::Sockets::bind(settings.dns).await.map_err(|error| named(settings.dns, "DNS", &error))?;
    let config = muster_server::Config {
        datacenter: settings.datacenter.clone(),
        me: me.clone(),
        data_dir: settings.data_dir,
        expect: settings.expect,
        retry_join: settings.retry_join,
        snapshot_after: 16_384,
    };
    let server = Server::open(config, rpc, token.clone()).await?;
    let mut tasks: JoinSet<(&'static str, io::Result<()>)> = JoinSet::new();
    let (consensus, stop) = (server.consensus.clone(), token.clone());
    tasks.spawn(async move {
        identity::keep_registered(consensus, me, env!("CARGO_PKG_VERSION"), stop).await;
        ("registration", Ok(()))
    });
    let directory = Arc::new(DnsOnView::new(server.hub.clone(), server.consensus.clone()));
    let names = muster_dns::Config {
        domain: settings.domain,
        datacenter: settings.datacenter,
        ..muster_dns::Config::default()
    };
    let stop = token.clone();
    tasks.spawn(async move { ("dns", muster_dns::run(sockets, directory, names, stop).await) });
    let (router, stop) = (server.router(), token.clone());
    tasks.spawn(async move {
        let http = http.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        // Blocked queries may wait for minutes: their connections end with the process, not before.
        let served = axum::serve(http, router).into_future();
        tokio::select! {
            result = served => ("http", result),
            () = stop.cancelled() => ("http", Ok(())),
        }
    });
    tasks.spawn(async move { ("server", server.run().await) });
    tracing::info!(http = %settings.http, dns = %settings.dns, rpc = %settings.rpc, "muster is up");
    supervise(tasks, token).await
}

async fn supervise(
    mut tasks: JoinSet<(&'static str, io::Result<()>)>,
    token: CancellationToken,
) -> io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let reason = tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        first = tasks.join_next() => match first {
            Some(Ok((name, Ok(())))) => Err(io::Error::other(format!("{name} ended unasked"))),
            Some(Ok((name, Err(error)))) => Err(io::Error::other(format!("{name}: {error}"))),
            Some(Err(panic)) => Err(io::Error::other(panic)),
            None => Ok(()),
        },
    };
    tracing::info!("stopping");
    token.cancel();
    let drained = tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(?GRACE, "not everything had ended when the time was over");
    }
    reason
}

async fn bound(address: SocketAddr, what: &str) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| named(address, what, &error))
}

fn named(address: SocketAddr, what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the {what} port {address} cannot be had: {error}"))
}
