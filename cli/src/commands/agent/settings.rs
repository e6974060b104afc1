//! From flags and files to what the wiring takes. A flag wins over the files, the files over the defaults; lists
//! take from both. It opens nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::flags::Flags;
use crate::config::{self, Loaded, Settings};
use crate::wiring;

/// What runs.
pub(crate) enum Role {
    Server(wiring::server::Settings),
    Host(wiring::host::Settings),
}

/// Settles everything.
///
/// # Errors
/// In Consul's words, where flags and files make no agent.
pub(crate) fn settle(flags: &Flags, loaded: &Loaded, temporary: Option<PathBuf>) -> Result<Role, String> {
    let set = &loaded.settings;
    let is_server = flags.dev || flags.server || set.server.unwrap_or_default();
    let port = |flag: Option<u16>, file: Option<i64>, default: u16| {
        flag.or_else(|| file.and_then(|port| u16::try_from(port).ok())).unwrap_or(default)
    };
    let server_port = port(flags.server_port, set.ports.server, 8300);
    let bind = ip(flags.bind, "bind_addr", set.bind_addr.as_deref())?;
    let expect = expect(flags, set, is_server)?;
    let common = common(flags, loaded, temporary, is_server, (bind, server_port))?;
    if !is_server {
        return Ok(Role::Host(wiring::host::Settings { common, server_port }));
    }
    let rpc = SocketAddr::new(bind, server_port);
    Ok(Role::Server(wiring::server::Settings {
        common,
        expect,
        rpc,
        terms: muster_server::Terms::default(),
        blocked_queries: set.limits.http_max_blocked_queries.unwrap_or(65_536),
        disk_reserve: flags.disk_reserve.or(set.limits.disk_reserve_mib).unwrap_or(64) << 20,
    }))
}

/// The registrator, where the agent shall run one.
fn registrator(flags: &Flags, set: &Settings) -> Result<Option<wiring::Registrator>, String> {
    if !(flags.registrator || set.registrator.enabled) {
        return Ok(None);
    }
    set.registrator.settle().map(Some).map_err(|error| format!("registrator: {error}"))
}

fn limits(set: &Settings) -> wiring::doors::Limits {
    let ours = wiring::doors::Limits::default();
    wiring::doors::Limits {
        per_client: set.limits.http_max_conns_per_client.unwrap_or(ours.per_client),
        ..ours
    }
}

fn common(
    flags: &Flags,
    loaded: &Loaded,
    temporary: Option<PathBuf>,
    is_server: bool,
    (bind, server_port): (IpAddr, u16),
) -> Result<wiring::Common, String> {
    let set = &loaded.settings;
    let keep = temporary.is_none();
    let data_dir = temporary
        .or_else(|| flags.data_dir.clone())
        .or_else(|| set.data_dir.clone().filter(|text| !text.is_empty()).map(PathBuf::from))
        .ok_or("data_dir cannot be empty")?;
    let given = |flag: &Option<String>, file: &Option<String>| flag.clone().or_else(|| file.clone());
    let client = ip(flags.client, "client_addr", set.client_addr.as_deref())?;
    let at = |what: &str, file: Option<&str>, port: u16| match file.filter(|text| !text.is_empty()) {
        Some(text) => config::address(what, text).map(|ip| SocketAddr::new(ip, port)),
        None => Ok(SocketAddr::new(client, port)),
    };
    let port = |flag: Option<u16>, file: Option<i64>, default: u16| {
        flag.or_else(|| file.and_then(|port| u16::try_from(port).ok())).unwrap_or(default)
    };
    let http =
        at("addresses.http", set.addresses.http.as_deref(), port(flags.http_port, set.ports.http, 8500))?;
    // -1 switches it off.
    let dns_port = u16::try_from(flags.dns_port.or(set.ports.dns).unwrap_or(8600)).ok();
    let dns_at = dns_port.map(|port| at("addresses.dns", set.addresses.dns.as_deref(), port)).transpose()?;
    let agent = agent(flags, set, bind, if is_server { server_port } else { 0 })?;
    let domain = given(&flags.domain, &set.domain).unwrap_or_else(|| "consul".into());
    let bare = |name: &str| name.trim_matches('.').to_ascii_lowercase();
    let recursors = set.recursors.iter().chain(&flags.recursor);
    let mut dns = muster_dns::Config {
        domain: bare(&domain),
        alt_domain: given(&flags.alt_domain, &set.alt_domain)
            .map(|name| bare(&name))
            .filter(|n| !n.is_empty()),
        datacenter: agent.datacenter.clone(),
        recursors: recursors.map(|text| config::recursor(text)).collect::<Result<_, _>>()?,
        ..muster_dns::Config::default()
    };
    set.dns_config.apply(&mut dns);
    let join = set.start_join.iter().chain(&set.retry_join).chain(&flags.retry_join);
    if let Some(cloud) = join.clone().find(|address| address.contains("provider=")) {
        return Err(format!("retry_join {cloud:?}: addresses of cloud providers are not taken; name hosts"));
    }
    Ok(wiring::Common {
        agent,
        dns,
        data_dir,
        keep,
        retry_join: join.map(|address| wiring::with_port(address, server_port)).collect(),
        http,
        dns_at,
        limits: limits(set),
        registrator: registrator(flags, set)?,
        services: loaded.services.clone(),
        checks: loaded.checks.clone(),
        files: loaded.files.clone(),
        // As in Consul: a client leaves, a server is expected back.
        leave: wiring::supervise::Leave {
            on_interrupt: !flags.skip_leave_on_interrupt.or(set.skip_leave_on_interrupt).unwrap_or(is_server),
            on_terminate: flags.leave_on_terminate.or(set.leave_on_terminate).unwrap_or(!is_server),
        },
    })
}

fn agent(
    flags: &Flags,
    set: &Settings,
    bind: IpAddr,
    server_port: u16,
) -> Result<muster_agent::Config, String> {
    let given = |flag: &Option<String>, file: &Option<String>| flag.clone().or_else(|| file.clone());
    let host = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let datacenter = given(&flags.datacenter, &set.datacenter).unwrap_or_else(|| "dc1".into()).to_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if datacenter.is_empty() || !datacenter.chars().all(plain) {
        return Err(format!("datacenter cannot be {datacenter:?}. Please use only [a-z0-9-_]"));
    }
    let advertise = match (flags.advertise, set.advertise_addr.as_deref().filter(|text| !text.is_empty())) {
        (Some(address), _) => address,
        (None, Some(text)) => config::address("advertise_addr", text)?,
        (None, None) if bind.is_unspecified() => private(own_addresses()?.into_iter())?,
        (None, None) => bind,
    };
    if advertise.is_unspecified() {
        return Err("Advertise address cannot be 0.0.0.0, :: or [::]".into());
    }
    let mut meta = set.node_meta.clone();
    for pair in &flags.node_meta {
        let (key, value) = pair.split_once(':').unwrap_or((pair, ""));
        meta.insert(key.to_owned(), value.to_owned());
    }
    muster_api::service::check_meta(&meta).map_err(|text| format!("node_meta invalid: {text}"))?;
    let node_id = given(&flags.node_id, &set.node_id).filter(|id| !id.is_empty());
    if let Some(id) = &node_id {
        uuid::Uuid::parse_str(id).map_err(|error| format!("node_id {id:?}: {error}; use a UUID"))?;
    }
    let mut agent = muster_agent::Config {
        node: given(&flags.node, &set.node_name)
            .filter(|name| !name.is_empty())
            .or_else(host)
            .unwrap_or_else(|| "muster".into()),
        node_id: node_id.unwrap_or_default().to_lowercase(),
        address: advertise.to_string(),
        datacenter,
        meta,
        version: env!("CARGO_PKG_VERSION").into(),
        server_port,
        scripts_from_api: flags.enable_script_checks || set.enable_script_checks,
        scripts_from_files: flags.enable_local_script_checks || set.enable_local_script_checks,
        ..muster_agent::Config::default()
    };
    if let Some(most) = set.limits.checks_max_concurrent {
        agent.concurrent_probes = most;
    }
    if let Some(span) = set.check_update_interval {
        agent.output_interval = span.or_zero();
    }
    Ok(agent)
}

fn ip(flag: Option<IpAddr>, what: &str, file: Option<&str>) -> Result<IpAddr, String> {
    match (flag, file.filter(|text| !text.is_empty())) {
        (Some(address), _) => Ok(address),
        (None, Some(text)) => config::address(what, text),
        (None, None) => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    }
}

/// The addresses of this host's interfaces.
fn own_addresses() -> Result<Vec<IpAddr>, String> {
    let interfaces = nix::ifaddrs::getifaddrs().map_err(|error| format!("this host's addresses: {error}"))?;
    let address = |interface: nix::ifaddrs::InterfaceAddress| {
        interface.address.and_then(|address| Some(IpAddr::V4(address.as_sockaddr_in()?.ip())))
    };
    Ok(interfaces.filter_map(address).collect())
}

/// The address that others are told where all are listened on: the only private one, as Consul has it.
fn private(own: impl Iterator<Item = IpAddr>) -> Result<IpAddr, String> {
    let mut private = own.filter(|address| matches!(address, IpAddr::V4(address) if address.is_private()));
    match (private.next(), private.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err("No private IPv4 address found".into()),
        (Some(_), Some(_)) => {
            Err("Multiple private IPv4 addresses found. Please configure one with 'bind' and/or 'advertise'."
                .into())
        }
    }
}

/// How many servers found the cluster; 0 where this one waits to be taken in.
fn expect(flags: &Flags, set: &Settings, is_server: bool) -> Result<usize, String> {
    let file = set.bootstrap_expect.and_then(|expect| usize::try_from(expect).ok());
    let expect = flags.bootstrap_expect.or(file).filter(|expect| *expect > 0);
    let alone = flags.dev || flags.bootstrap || set.bootstrap.unwrap_or_default();
    match (alone, expect) {
        (true, Some(_)) => Err("'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive".into()),
        (true, None) if !is_server => Err("'bootstrap = true' requires 'server = true'".into()),
        (false, Some(_)) if !is_server => Err("'bootstrap_expect > 0' requires 'server = true'".into()),
        (true, None) => Ok(1),
        (false, expect) => Ok(expect.unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn settled(file: &str, flags: &Flags) -> Result<Role, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, file).unwrap();
        let loaded = Sources { paths: vec![path], format: None }.load()?;
        settle(flags, &loaded, None)
    }

    const FILE: &str =
        r#"{"data_dir":"/d","datacenter":"file","node_name":"n","retry_join":["a"],"ports":{"http":1}}"#;

    #[test]
    fn flags_win_and_lists_take_from_both() {
        let flags =
            Flags { datacenter: Some("flag".into()), retry_join: vec!["b:1".into()], ..Flags::default() };
        let Ok(Role::Host(host)) = settled(FILE, &flags) else { panic!("a client") };
        assert_eq!((&*host.common.agent.datacenter, &*host.common.agent.node), ("flag", "n"));
        assert_eq!(host.common.retry_join, ["a:8300", "b:1"]);
        assert_eq!(host.common.http.to_string(), "127.0.0.1:1");
        assert!(host.common.dns_at.is_some());
        let off = Flags { dns_port: Some(-1), ..Flags::default() };
        let Ok(Role::Host(host)) = settled(FILE, &off) else { panic!("a client") };
        assert!(host.common.dns_at.is_none());
    }

    #[test]
    fn where_all_addresses_are_listened_on_the_only_private_one_is_told() {
        let from = |list: &[&str]| private(list.iter().map(|text| text.parse().unwrap()));
        assert_eq!(from(&["127.0.0.1", "8.8.8.8", "10.0.0.7"]).unwrap().to_string(), "10.0.0.7");
        assert!(from(&["127.0.0.1", "fd00::1"]).unwrap_err().starts_with("No private"));
        assert!(from(&["10.0.0.7", "192.168.1.1"]).unwrap_err().starts_with("Multiple private"));
    }

    #[test]
    fn what_makes_no_agent_is_refused_in_consul_s_words() {
        for (file, text) in [
            ("{}", "data_dir cannot be empty"),
            (
                r#"{"data_dir":"/d","datacenter":"a b"}"#,
                "datacenter cannot be \"a b\". Please use only [a-z0-9-_]",
            ),
            (r#"{"data_dir":"/d","bootstrap_expect":2}"#, "'bootstrap_expect > 0' requires 'server = true'"),
            (
                r#"{"data_dir":"/d","bootstrap":true,"bootstrap_expect":3,"server":true}"#,
                "'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive",
            ),
            (
                r#"{"data_dir":"/d","node_meta":{"a b":"x"}}"#,
                "node_meta invalid: Couldn't load metadata pair ('a b', 'x'): Key contains invalid characters",
            ),
        ] {
            let Err(error) = settled(file, &Flags::default()) else { panic!("{file} was taken") };
            assert_eq!(error, text);
        }
    }
}
