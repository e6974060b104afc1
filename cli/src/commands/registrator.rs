//! `muster registrator`: registers containers with an agent that runs elsewhere, with the flags of the well-known
//! registrator for Docker.

use std::io::IsTerminal as _;
use std::time::Duration;

use bytes::Bytes;
use muster_registrator::Registrar as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Failure;
use super::http::HttpFlags;
use crate::config::RegistratorSettings;
use crate::wiring::OverHttp;

/// Flags of `muster registrator`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// The address of all that is published; that of the agent's node if left out.
    #[arg(long)]
    ip: Option<String>,
    /// Register the containers' own addresses and ports instead of those on the host.
    #[arg(long)]
    internal: bool,
    /// Register only containers that have a SERVICE_NAME.
    #[arg(long)]
    explicit: bool,
    /// Register only containers that have a SERVICE_REGISTER.
    #[arg(long)]
    require_label: bool,
    /// Tags for everything, with commas between; a template.
    #[arg(long)]
    tags: Option<String>,
    /// Seconds after which everything is looked at again, at most 300; 60 if left out. Events are followed at once.
    #[arg(long)]
    resync: Option<u64>,
    /// Remove what the well-known registrator left behind on this host.
    #[arg(long)]
    cleanup: bool,
    /// When a container that ended is deregistered: always, or on-success.
    #[arg(long)]
    deregister: Option<String>,
    /// Take the address from this label of a container.
    #[arg(long = "useIpFromLabel")]
    use_ip_from_label: Option<String>,
    /// Take the address that a container has in this network, and its own ports.
    #[arg(long = "useIpFromNetwork")]
    use_ip_from_network: Option<String>,
    /// Labels that begin so are metadata.
    #[arg(long)]
    meta_from_labels: Option<String>,
    /// Register only containers whose names match this regular expression.
    #[arg(long)]
    name_filter: Option<String>,
    /// The name in IDs and in the mark of what is ours; the host's name if left out.
    #[arg(long)]
    owner: Option<String>,
    /// The engine, as DOCKER_HOST has it; that is taken if this is left out, and /var/run/docker.sock else.
    #[arg(long)]
    engine: Option<String>,
    /// Attempts to reach the agent at start before giving up; -1, and what is taken if left out, is for ever.
    #[arg(long, default_value_t = -1)]
    retry_attempts: i64,
    /// Milliseconds between these attempts.
    #[arg(long, default_value_t = 2000)]
    retry_interval: u64,
    /// Taken and left aside: what is registered with an agent needs no heartbeat.
    #[arg(long)]
    ttl: Option<u64>,
    /// Taken and left aside.
    #[arg(long)]
    ttl_refresh: Option<u64>,
    /// trace, debug, info, warn or error.
    #[arg(long, default_value = "info")]
    log_level: String,
    /// consul://HOST:PORT or consul-unix://PATH; what -http-addr says if left out.
    #[arg(value_name = "URI")]
    words: Vec<String>,
}

pub(super) async fn run(mut flags: Flags) -> Result<(), Failure> {
    if let Some(address) = agent_address(&flags.words).map_err(Failure::Said)? {
        flags.http.set_address(address);
    }
    let (engine, config) = flags.settings().settle().map_err(Failure::Said)?;
    let filter = super::agent::filter(&flags.log_level).map_err(Failure::Said)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_ansi(std::io::stderr().is_terminal()).init();
    if flags.ttl.or(flags.ttl_refresh).is_some() {
        tracing::warn!("-ttl and -ttl-refresh are taken and have no effect");
    }
    let (client, base, token) = flags.http.connection().map_err(Failure::Said)?;
    let agent = OverHttp { client, base, token };
    let io = |error| Failure::Io { what: "signals".into(), error };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(io)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(io)?;
    let token = CancellationToken::new();
    let working = async {
        reach(&agent, flags.retry_attempts, Duration::from_millis(flags.retry_interval)).await?;
        tracing::info!(engine = engine.address(), agent = agent.base, "the registrator is up");
        muster_registrator::run(engine, agent, config, token.clone()).await;
        Ok(())
    };
    tokio::select! {
        ended = working => ended,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

impl Flags {
    fn settings(&self) -> RegistratorSettings {
        RegistratorSettings {
            enabled: true,
            engine: self.engine.clone(),
            owner: self.owner.clone(),
            ip: self.ip.clone(),
            internal: self.internal,
            explicit: self.explicit,
            require_label: self.require_label,
            tags: self.tags.clone(),
            resync: self.resync.and_then(|seconds| serde_json::from_value(format!("{seconds}s").into()).ok()),
            cleanup: self.cleanup,
            deregister: self.deregister.clone(),
            use_ip_from_label: self.use_ip_from_label.clone(),
            use_ip_from_network: self.use_ip_from_network.clone(),
            meta_from_labels: self.meta_from_labels.clone(),
            name_filter: self.name_filter.clone(),
        }
    }
}

/// Where the agent is, as the well-known registrator's users write it, for `-http-addr`.
fn agent_address(words: &[String]) -> Result<Option<String>, String> {
    let uri = match words {
        [] => return Ok(None),
        [uri] => uri,
        more => return Err(format!("Too many arguments (expected 1, got {})", more.len())),
    };
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    let rest = rest.strip_prefix("//").unwrap_or(rest).trim_end_matches('/');
    match scheme {
        "consul" if rest.is_empty() => Ok(Some("127.0.0.1:8500".into())),
        "consul" => Ok(Some(rest.to_owned())),
        "consul-unix" if rest.is_empty() => Err(format!("{uri}: name the socket, as consul-unix:///path")),
        "consul-unix" => Ok(Some(format!("unix://{rest}"))),
        "consul-tls" => Ok(Some(format!("https://{rest}"))),
        other => Err(format!("{other}://: there are consul:// and consul-unix://; Muster is no {other}")),
    }
}

/// Waits until the agent answers, as often as was asked for.
async fn reach(agent: &OverHttp, attempts: i64, interval: Duration) -> Result<(), Failure> {
    // Without a limit the work itself waits for the agent.
    let Ok(attempts) = u64::try_from(attempts) else { return Ok(()) };
    for left in (0..=attempts).rev() {
        let request = http::Request::get("/v1/status/leader").body(Bytes::new());
        let request = request.map_err(|error| Failure::Said(error.to_string()))?;
        match agent.call(request).await {
            Ok(_) => return Ok(()),
            Err(error) if left == 0 => return Err(Failure::Said(format!("{}: {error}", agent.base))),
            Err(error) => tracing::warn!(left, "{error}"),
        }
        tokio::time::sleep(interval).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::agent_address;

    #[test]
    fn an_agent_is_named_as_the_well_known_registrator_has_it() {
        for (uri, expected) in [
            ("consul:", "127.0.0.1:8500"),
            ("consul://", "127.0.0.1:8500"),
            ("consul://10.0.0.1:8500/", "10.0.0.1:8500"),
            ("consul-unix:///run/consul.sock", "unix:///run/consul.sock"),
            ("consul-tls://h:8501", "https://h:8501"),
        ] {
            assert_eq!(agent_address(&[uri.into()]), Ok(Some(expected.into())), "{uri}");
        }
        assert!(agent_address(&["etcd://x/y".into()]).unwrap_err().contains("Muster is no etcd"));
        assert!(agent_address(&["a".into(), "b".into()]).unwrap_err().starts_with("Too many arguments"));
        assert_eq!(agent_address(&[]), Ok(None));
    }
}
