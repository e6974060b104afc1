//! How answers are made. The defaults are those of Consul, but for truncation: see [`Config`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How answers are made.
///
/// **Truncation.** What does not fit a datagram is cut, and the TC bit says so: the client asks again by TCP
/// and gets all. Consul gives at most three answers to a client without EDNS and keeps quiet about the rest;
/// `consul_truncation` brings that habit back.
#[derive(Clone, Debug)]
pub struct Config {
    /// The domain that is ours, without dots at its ends.
    pub domain: String,
    /// A second domain for the same names. Answers stay in the domain that was asked.
    pub alt_domain: Option<String>,
    /// The datacenter whose names are answered.
    pub datacenter: String,
    /// Lifetime of answers about nodes.
    pub node_ttl: Duration,
    /// Lifetimes of answers about services.
    pub service_ttl: ServiceTtl,
    /// Whether an instance that warns is left out.
    pub only_passing: bool,
    /// The numbers of the SOA record.
    pub soa: Soa,
    /// Cut silently and to `udp_answer_limit`, as Consul does.
    pub consul_truncation: bool,
    /// With `consul_truncation`: say by TC that something was cut.
    pub enable_truncate: bool,
    /// With `consul_truncation`: the most answers (and never above 8) to a client without EDNS.
    pub udp_answer_limit: usize,
    /// The most addresses of a service in one answer; 0 is no limit.
    pub a_record_limit: usize,
    /// Write every name in full.
    pub disable_compression: bool,
    /// Whether the metadata of nodes goes along, as TXT, where it was not asked for.
    pub node_meta_txt: bool,
    /// Who answers names that are not ours, asked in this order. None: such names are refused.
    pub recursors: Vec<SocketAddr>,
    /// How long each of them may take.
    pub recursor_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            domain: "consul".into(),
            alt_domain: None,
            datacenter: "dc1".into(),
            node_ttl: Duration::ZERO,
            service_ttl: ServiceTtl::default(),
            only_passing: false,
            soa: Soa::default(),
            consul_truncation: false,
            enable_truncate: false,
            udp_answer_limit: 3,
            a_record_limit: 0,
            disable_compression: false,
            node_meta_txt: true,
            recursors: Vec::new(),
            recursor_timeout: Duration::from_secs(2),
        }
    }
}

/// The timers of the SOA record, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Soa {
    /// When a secondary asks again.
    pub refresh: u32,
    /// When it asks again after a failure.
    pub retry: u32,
    /// When it gives up.
    pub expire: u32,
    /// How long a resolver may remember that there is nothing. Also the lifetime of the record.
    pub min_ttl: u32,
}

impl Default for Soa {
    fn default() -> Self {
        Self { refresh: 3600, retry: 600, expire: 86_400, min_ttl: 0 }
    }
}

/// Lifetimes of services: by name, by the longest `prefix*`, or by `*`; else zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceTtl {
    exact: BTreeMap<String, Duration>,
    /// The longest first.
    prefixes: Vec<(String, Duration)>,
}

impl ServiceTtl {
    /// From the map of the configuration. A `*` anywhere but at the end is part of a name.
    #[must_use]
    pub fn new(map: impl IntoIterator<Item = (String, Duration)>) -> Self {
        let mut made = Self::default();
        for (key, ttl) in map {
            let key = key.to_ascii_lowercase();
            match key.strip_suffix('*') {
                Some(prefix) => made.prefixes.push((prefix.to_owned(), ttl)),
                None => {
                    made.exact.insert(key, ttl);
                }
            }
        }
        made.prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        made
    }

    /// The lifetime of `service`, whose name is lower-cased.
    pub(crate) fn of(&self, service: &str) -> Duration {
        let prefixed = || self.prefixes.iter().find(|(prefix, _)| service.starts_with(&**prefix));
        self.exact.get(service).or_else(|| prefixed().map(|(_, ttl)| ttl)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_name_wins_then_the_longest_prefix() {
        let seconds = |n| Duration::from_secs(n);
        let map = [("*", 1), ("we*", 2), ("web*", 3), ("Web-DB", 4)];
        let ttl = ServiceTtl::new(map.map(|(key, n)| (key.to_owned(), seconds(n))));
        for (name, expected) in [("other", 1), ("west", 2), ("web", 3), ("web-db", 4), ("web-db2", 3)] {
            assert_eq!(ttl.of(name), seconds(expected), "{name}");
        }
        assert_eq!(ServiceTtl::default().of("web"), Duration::ZERO);
    }
}
