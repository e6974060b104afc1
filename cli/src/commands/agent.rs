//! `muster agent`: a server with its HTTP API and its DNS.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::Failure;
use crate::wiring;

/// Consul's flags, as far as this version has them.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Flags {
    /// One server on loopback with a temporary folder, for development.
    #[arg(long)]
    dev: bool,
    /// Run as a server. Client agents are not built yet.
    #[arg(long)]
    server: bool,
    /// Found a cluster of one.
    #[arg(long)]
    bootstrap: bool,
    /// Found a cluster when this many servers have met.
    #[arg(long)]
    bootstrap_expect: Option<usize>,
    /// RPC address of another server; may be repeated. The port may be left out.
    #[arg(long)]
    retry_join: Vec<String>,
    /// Where the log and the snapshots live.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// This node's name; the host's name if left out.
    #[arg(long)]
    node: Option<String>,
    /// The address for other servers.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// The address that others are told; that of `-bind` if left out.
    #[arg(long)]
    advertise: Option<IpAddr>,
    /// Scripts may be run as checks, whoever registers them.
    #[arg(long)]
    enable_script_checks: bool,
    /// Scripts may be run as checks where a configuration file defines them.
    #[arg(long)]
    enable_local_script_checks: bool,
    /// The address for HTTP and DNS.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    client: IpAddr,
    /// The datacenter's name.
    #[arg(long, default_value = "dc1")]
    datacenter: String,
    /// The domain of DNS names.
    #[arg(long, default_value = "consul")]
    domain: String,
    /// The port of the HTTP API.
    #[arg(long, default_value_t = 8500)]
    http_port: u16,
    /// The port of DNS.
    #[arg(long, default_value_t = 8600)]
    dns_port: u16,
    /// The port between servers.
    #[arg(long, default_value_t = 8300)]
    server_port: u16,
    /// Leave the cluster on SIGTERM; by default only client agents do.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    leave_on_terminate: Option<bool>,
    /// Do not leave the cluster on SIGINT; by default servers do not.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    skip_leave_on_interrupt: Option<bool>,
    /// MiB of the disk under -data-dir that stay free: below it a server refuses writes and goes on reading.
    #[arg(long, default_value_t = 64)]
    disk_reserve: u64,
    /// trace, debug, info, warn or error.
    #[arg(long, default_value = "info")]
    log_level: String,
}

pub(crate) async fn run(flags: Flags) -> Result<(), Failure> {
    let level = if flags.log_level == "err" { "error" } else { &flags.log_level };
    // The management of members says on top what we answer or try again.
    let filter = format!("{level},openraft=error,openraft::raft::api::management=off")
        .parse::<tracing_subscriber::EnvFilter>()
        .map_err(|_| Failure::Usage(format!("-log-level {level}: use trace, debug, info, warn or error")))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let temporary = flags.dev.then(tempfile::tempdir).transpose();
    let temporary = temporary.map_err(|error| Failure::Io { what: "temporary folder".into(), error })?;
    let common = common(&flags, temporary.as_ref().map(|folder| folder.path().to_owned()))?;
    let ran = if flags.dev || flags.server {
        wiring::server::run(server(&flags, common)?).await
    } else {
        wiring::host::run(wiring::host::Settings { common, server_port: flags.server_port }).await
    };
    ran.map_err(|error| Failure::Io { what: "muster agent".into(), error })
}

fn common(flags: &Flags, temporary: Option<PathBuf>) -> Result<wiring::Common, Failure> {
    let keep = temporary.is_none();
    let Some(data_dir) = temporary.or_else(|| flags.data_dir.clone()) else {
        return Err(Failure::Usage("data_dir cannot be empty: give -data-dir".into()));
    };
    let host = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let is_server = flags.dev || flags.server;
    let agent = muster_agent::Config {
        node: flags.node.clone().or_else(host).unwrap_or_else(|| "muster".into()),
        address: flags.advertise.unwrap_or(flags.bind).to_string(),
        datacenter: flags.datacenter.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        server_port: if is_server { flags.server_port } else { 0 },
        scripts_from_api: flags.enable_script_checks,
        scripts_from_files: flags.enable_local_script_checks,
        ..muster_agent::Config::default()
    };
    let dns = muster_dns::Config {
        domain: flags.domain.trim_matches('.').to_ascii_lowercase(),
        datacenter: flags.datacenter.clone(),
        ..muster_dns::Config::default()
    };
    Ok(wiring::Common {
        agent,
        dns,
        data_dir,
        keep,
        retry_join: flags
            .retry_join
            .iter()
            .map(|address| wiring::with_port(address, flags.server_port))
            .collect(),
        http: SocketAddr::new(flags.client, flags.http_port),
        dns_at: SocketAddr::new(flags.client, flags.dns_port),
        services: Vec::new(),
        checks: Vec::new(),
        // As in Consul: a client leaves, a server is expected back.
        leave: wiring::supervise::Leave {
            on_interrupt: !flags.skip_leave_on_interrupt.unwrap_or(is_server),
            on_terminate: flags.leave_on_terminate.unwrap_or(!is_server),
        },
    })
}

fn server(flags: &Flags, common: wiring::Common) -> Result<wiring::server::Settings, Failure> {
    let expect = match (flags.dev || flags.bootstrap, flags.bootstrap_expect) {
        (true, Some(_)) => {
            return Err(Failure::Usage(
                "'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive".into(),
            ));
        }
        (true, None) => 1,
        (false, expect) => expect.unwrap_or(0),
    };
    let rpc = SocketAddr::new(flags.bind, flags.server_port);
    let (terms, disk_reserve) = (muster_server::Terms::default(), flags.disk_reserve << 20);
    Ok(wiring::server::Settings { common, expect, rpc, terms, disk_reserve })
}
