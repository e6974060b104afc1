//! The keys that have an effect, typed. Values that no agent can be started with are refused here, in Consul's words.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use muster_api::duration::GoDuration;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What the files set; nothing where they are silent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    pub(crate) addresses: Addresses,
    pub(crate) advertise_addr: Option<String>,
    pub(crate) alt_domain: Option<String>,
    pub(crate) bind_addr: Option<String>,
    pub(crate) bootstrap: Option<bool>,
    pub(crate) bootstrap_expect: Option<i64>,
    pub(crate) check_update_interval: Option<GoDuration>,
    pub(crate) client_addr: Option<String>,
    pub(crate) data_dir: Option<String>,
    pub(crate) datacenter: Option<String>,
    pub(crate) dns_config: DnsSettings,
    pub(crate) domain: Option<String>,
    pub(crate) enable_local_script_checks: bool,
    pub(crate) enable_script_checks: bool,
    pub(crate) leave_on_terminate: Option<bool>,
    pub(crate) limits: LimitSettings,
    pub(crate) log_level: Option<String>,
    pub(crate) node_id: Option<String>,
    pub(crate) node_meta: BTreeMap<String, String>,
    pub(crate) node_name: Option<String>,
    pub(crate) ports: Ports,
    pub(crate) recursors: Vec<String>,
    pub(crate) registrator: super::RegistratorSettings,
    pub(crate) retry_join: Vec<String>,
    pub(crate) server: Option<bool>,
    pub(crate) skip_leave_on_interrupt: Option<bool>,
    pub(crate) start_join: Vec<String>,
}

/// `limits`: how much at once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LimitSettings {
    pub(crate) http_max_conns_per_client: Option<usize>,
    pub(crate) http_max_blocked_queries: Option<usize>,
    pub(crate) checks_max_concurrent: Option<usize>,
    pub(crate) disk_reserve_mib: Option<u64>,
}

/// Addresses of single ports.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Addresses {
    pub(crate) dns: Option<String>,
    pub(crate) http: Option<String>,
}

/// Ports; -1 means that there shall be none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ports {
    pub(crate) dns: Option<i64>,
    pub(crate) http: Option<i64>,
    pub(crate) server: Option<i64>,
    https: Option<i64>,
    grpc: Option<i64>,
}

/// `dns_config`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DnsSettings {
    node_ttl: Option<GoDuration>,
    service_ttl: BTreeMap<String, GoDuration>,
    only_passing: Option<bool>,
    soa: SoaSettings,
    enable_truncate: Option<bool>,
    udp_answer_limit: Option<i64>,
    a_record_limit: Option<i64>,
    disable_compression: Option<bool>,
    recursor_timeout: Option<GoDuration>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct SoaSettings {
    refresh: Option<u32>,
    retry: Option<u32>,
    expire: Option<u32>,
    min_ttl: Option<u32>,
}

impl Settings {
    /// # Errors
    /// Where a value makes no sense.
    pub(super) fn from_content(content: &Map<String, Value>) -> Result<Self, String> {
        let read: Self =
            serde_json::from_value(Value::Object(content.clone())).map_err(|error| error.to_string())?;
        read.judge()?;
        Ok(read)
    }

    fn judge(&self) -> Result<(), String> {
        for (what, given) in [
            ("bind_addr", &self.bind_addr),
            ("advertise_addr", &self.advertise_addr),
            ("client_addr", &self.client_addr),
            ("addresses.http", &self.addresses.http),
            ("addresses.dns", &self.addresses.dns),
        ] {
            if let Some(text) = given.as_deref().filter(|text| !text.is_empty()) {
                address(what, text)?;
            }
        }
        for recursor in &self.recursors {
            self::recursor(recursor)?;
        }
        if self.limits.checks_max_concurrent == Some(0) {
            return Err("limits.checks_max_concurrent: no check could ever run; use 1 or more".into());
        }
        for (what, asked) in [("https", self.ports.https), ("grpc", self.ports.grpc)] {
            if asked.is_some_and(|port| port > 0) {
                return Err(format!("ports.{what}: TLS and gRPC are not there yet; set -1 or leave it out"));
            }
        }
        let none = "it cannot be switched off";
        for (what, asked, least, else_) in [
            ("http", self.ports.http, 0, none),
            ("dns", self.ports.dns, -1, "-1 for none"),
            ("server", self.ports.server, 0, none),
        ] {
            if let Some(port) = asked.filter(|port| !(least..=65_535).contains(port)) {
                return Err(format!("ports.{what}: {port} is no port; use 1 to 65535 ({else_})"));
            }
        }
        for (what, asked) in [
            ("udp_answer_limit", self.dns_config.udp_answer_limit),
            ("a_record_limit", self.dns_config.a_record_limit),
        ] {
            if let Some(number) = asked.filter(|number| *number < 0) {
                return Err(format!(
                    "dns_config.{what} cannot be {number}. Must be greater than or equal to zero"
                ));
            }
        }
        if self.bootstrap_expect.is_some_and(|expect| expect < 0) {
            return Err("bootstrap_expect cannot be negative. Must be greater than or equal to zero".into());
        }
        Ok(())
    }
}

impl DnsSettings {
    /// Writes what is set over the defaults of the room.
    pub(crate) fn apply(&self, config: &mut muster_dns::Config) {
        let to = |slot: &mut Duration, from: Option<GoDuration>| {
            if let Some(span) = from {
                *slot = span.or_zero();
            }
        };
        to(&mut config.node_ttl, self.node_ttl);
        to(&mut config.recursor_timeout, self.recursor_timeout);
        let ttls = self.service_ttl.iter().map(|(name, ttl)| (name.clone(), ttl.or_zero()));
        config.service_ttl = muster_dns::ServiceTtl::new(ttls);
        let soa = &mut config.soa;
        for (slot, from) in [
            (&mut soa.refresh, self.soa.refresh),
            (&mut soa.retry, self.soa.retry),
            (&mut soa.expire, self.soa.expire),
            (&mut soa.min_ttl, self.soa.min_ttl),
        ] {
            *slot = from.unwrap_or(*slot);
        }
        // Who limits datagrams asks for Consul's way to cut: by number and, unless told otherwise, silently.
        config.consul_truncation |= self.udp_answer_limit.is_some();
        let number =
            |from: Option<i64>, slot: usize| from.and_then(|n| usize::try_from(n).ok()).unwrap_or(slot);
        config.udp_answer_limit = number(self.udp_answer_limit, config.udp_answer_limit);
        config.a_record_limit = number(self.a_record_limit, config.a_record_limit);
        config.only_passing = self.only_passing.unwrap_or(config.only_passing);
        config.enable_truncate = self.enable_truncate.unwrap_or(config.enable_truncate);
        config.disable_compression = self.disable_compression.unwrap_or(config.disable_compression);
    }
}

/// An IP address of our own.
///
/// # Errors
/// Where it is none.
pub(crate) fn address(what: &str, text: &str) -> Result<IpAddr, String> {
    text.trim_matches(['[', ']']).parse().map_err(|_| {
        format!("{what}: {text:?} is no IP address (names, templates and sockets are not taken)")
    })
}

/// A recursor's address; port 53 if it names none.
///
/// # Errors
/// Where it is no address.
pub(crate) fn recursor(text: &str) -> Result<SocketAddr, String> {
    if let Ok(socket) = text.parse() {
        return Ok(socket);
    }
    address("recursors", text).map(|ip| SocketAddr::new(ip, 53))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(content: Value) -> Result<Settings, String> {
        let Value::Object(map) = content else { panic!("an object") };
        Settings::from_content(&map)
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        for (content, text) in [
            (json!({"bind_addr": "zzz"}), "bind_addr: \"zzz\" is no IP address"),
            (
                json!({"dns_config": {"a_record_limit": -1}}),
                "dns_config.a_record_limit cannot be -1. Must be",
            ),
            (json!({"ports": {"https": 8501}}), "ports.https: TLS and gRPC are not there yet"),
            (json!({"ports": {"http": 70_000}}), "ports.http: 70000 is no port"),
        ] {
            let error = read(content).unwrap_err();
            assert!(error.starts_with(text), "{error}");
        }
    }

    #[test]
    fn dns_settings_are_written_over_the_defaults() {
        let settings = read(json!({"dns_config": {
            "node_ttl": "5s", "soa": {"min_ttl": 7}, "udp_answer_limit": 1, "only_passing": true}}));
        let mut config = muster_dns::Config::default();
        settings.unwrap().dns_config.apply(&mut config);
        assert_eq!((config.node_ttl, config.soa.min_ttl), (Duration::from_secs(5), 7));
        assert_eq!((config.udp_answer_limit, config.only_passing, config.soa.retry), (1, true, 600));
        assert!(config.consul_truncation);
    }
}
