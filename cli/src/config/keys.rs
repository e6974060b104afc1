//! Every key that a configuration file may have, what its value has to be, and whether it has an effect. A table;
//! it never reads a value.

/// What a value has to be.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// A text such as `10s`.
    Span,
    /// A whole number.
    Whole,
    Number,
    Switch,
    Texts,
    /// Names of the user's own, with texts.
    Pairs,
    /// Names of the user's own, with spans.
    Spans,
    Group(&'static [Key]),
    /// One object with these keys; a list of them.
    Each(&'static [Key]),
    Any,
}

/// What comes of a key.
#[derive(Clone, Copy)]
pub(super) enum Effect {
    Used,
    /// Taken, with a line in the log.
    Idle,
    /// To ignore it would be to pretend.
    Refused(&'static str),
}

/// One key.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) effect: Effect,
}

use Effect::{Idle, Refused, Used};
use Kind::{Any, Each, Group, Number, Pairs, Span, Spans, Switch, Text, Texts, Whole};

const fn used(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, effect: Used }
}

const fn idle(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, effect: Idle }
}

const fn refused(name: &'static str, why: &'static str) -> Key {
    Key { name, kind: Any, effect: Refused(why) }
}

const NO_ACL: &str =
    "access control is not there yet; keep the cluster on a network that you trust and leave it out";
const NO_TLS: &str = "TLS is not there yet; keep the cluster on a network that you trust and leave it out";
const NO_GOSSIP_KEY: &str = "there is no gossip to encrypt, and TLS is not there yet; leave it out";
const NO_CONNECT: &str = "the service mesh is not there; leave it out";

const PORTS: &[Key] = &[
    used("dns", Whole),
    used("http", Whole),
    used("server", Whole),
    // Checked by the settings: a port that is to be opened is refused, -1 is what we do anyway.
    used("https", Whole),
    used("grpc", Whole),
    idle("serf_lan", Whole),
    idle("serf_wan", Whole),
    idle("sidecar_min_port", Whole),
    idle("sidecar_max_port", Whole),
    idle("expose_min_port", Whole),
    idle("expose_max_port", Whole),
];

const ADDRESSES: &[Key] = &[used("dns", Text), used("http", Text), idle("https", Text), idle("grpc", Text)];

const SOA: &[Key] =
    &[used("refresh", Whole), used("retry", Whole), used("expire", Whole), used("min_ttl", Whole)];

const DNS: &[Key] = &[
    used("node_ttl", Span),
    used("service_ttl", Spans),
    used("only_passing", Switch),
    used("soa", Group(SOA)),
    used("enable_truncate", Switch),
    used("udp_answer_limit", Whole),
    used("a_record_limit", Whole),
    used("disable_compression", Switch),
    used("recursor_timeout", Span),
    idle("enable_additional_node_meta_txt", Switch),
    idle("allow_stale", Switch),
    idle("max_stale", Span),
    idle("use_cache", Switch),
    idle("cache_max_age", Span),
    idle("prefer_namespace", Switch),
];

const LIMITS: &[Key] = &[
    used("http_max_conns_per_client", Whole),
    // Ours: how many queries may block at once on a server.
    used("http_max_blocked_queries", Whole),
    // Ours: how many checks may run at once on a host.
    used("checks_max_concurrent", Whole),
    // Ours: MiB of the disk that stay free.
    used("disk_reserve_mib", Whole),
    idle("https_handshake_timeout", Span),
    idle("kv_max_value_size", Whole),
    idle("rpc_handshake_timeout", Span),
    idle("rpc_max_burst", Whole),
    idle("rpc_max_conns_per_client", Whole),
    idle("rpc_rate", Number),
    idle("txn_max_req_len", Whole),
];

const PERFORMANCE: &[Key] =
    &[used("leave_drain_time", Span), used("raft_multiplier", Whole), used("rpc_hold_timeout", Span)];

const WEIGHTS: &[Key] = &[used("passing", Whole), used("warning", Whole)];

const CHECK: &[Key] = &[
    used("id", Text),
    used("check_id", Text),
    used("name", Text),
    used("notes", Text),
    used("service_id", Text),
    used("status", Text),
    used("args", Texts),
    used("script_args", Texts),
    used("http", Text),
    used("header", Any),
    used("method", Text),
    used("body", Text),
    used("disable_redirects", Switch),
    used("tcp", Text),
    used("tcp_use_tls", Switch),
    used("udp", Text),
    used("icmp", Text),
    used("h2ping", Text),
    used("h2ping_use_tls", Switch),
    used("os_service", Text),
    used("interval", Span),
    used("timeout", Span),
    used("ttl", Span),
    used("tls_skip_verify", Switch),
    used("tls_server_name", Text),
    used("grpc", Text),
    used("grpc_use_tls", Switch),
    used("docker_container_id", Text),
    used("shell", Text),
    used("check_image", Text),
    used("memory_limit", Whole),
    used("pids_limit", Whole),
    used("alias_node", Text),
    used("alias_service", Text),
    // Ours: what is expected of an answer, and when a check begins to count.
    used("expect_status", Texts),
    used("expect_header", Any),
    used("expect_body", Text),
    used("expect_body_regex", Text),
    used("expect_json", Any),
    used("warn_slower_than", Span),
    used("warn_certificate_days", Whole),
    used("start_period", Span),
    used("jitter", Span),
    used("success_before_passing", Whole),
    used("failures_before_warning", Whole),
    used("failures_before_critical", Whole),
    used("deregister_critical_service_after", Span),
    used("output_max_size", Whole),
    used("token", Text),
];

const SERVICE: &[Key] = &[
    used("id", Text),
    used("name", Text),
    used("kind", Text),
    used("tags", Texts),
    used("address", Text),
    used("tagged_addresses", Any),
    used("meta", Pairs),
    used("port", Whole),
    used("weights", Group(WEIGHTS)),
    used("enable_tag_override", Switch),
    used("proxy", Any),
    used("connect", Any),
    used("check", Group(CHECK)),
    used("checks", Each(CHECK)),
    used("token", Text),
];

// Ours: the registrator beside the engine of this host.
const REGISTRATOR: &[Key] = &[
    used("enabled", Switch),
    used("engine", Text),
    used("owner", Text),
    used("ip", Text),
    used("internal", Switch),
    used("explicit", Switch),
    used("require_label", Switch),
    used("tags", Text),
    used("resync", Span),
    used("cleanup", Switch),
    used("deregister", Text),
    used("use_ip_from_label", Text),
    used("use_ip_from_network", Text),
    used("meta_from_labels", Text),
    used("name_filter", Text),
];

/// The keys of a file.
pub(super) const TOP: &[Key] = &[
    used("addresses", Group(ADDRESSES)),
    used("advertise_addr", Text),
    used("alt_domain", Text),
    used("bind_addr", Text),
    used("bootstrap", Switch),
    used("bootstrap_expect", Whole),
    used("check", Group(CHECK)),
    used("checks", Each(CHECK)),
    used("check_update_interval", Span),
    used("client_addr", Text),
    used("data_dir", Text),
    used("datacenter", Text),
    used("dns_config", Group(DNS)),
    used("domain", Text),
    used("enable_local_script_checks", Switch),
    used("enable_script_checks", Switch),
    used("leave_on_terminate", Switch),
    used("log_level", Text),
    used("node_id", Text),
    used("node_meta", Pairs),
    used("node_name", Text),
    used("ports", Group(PORTS)),
    used("recursors", Texts),
    used("registrator", Group(REGISTRATOR)),
    used("retry_join", Texts),
    used("server", Switch),
    used("service", Group(SERVICE)),
    used("services", Each(SERVICE)),
    used("start_join", Texts),
    refused("acl", NO_ACL),
    refused("acl_datacenter", NO_ACL),
    refused("acl_default_policy", NO_ACL),
    refused("acl_down_policy", NO_ACL),
    refused("acl_master_token", NO_ACL),
    refused("acl_agent_token", NO_ACL),
    refused("acl_token", NO_ACL),
    refused("auto_config", NO_TLS),
    refused("auto_encrypt", NO_TLS),
    refused("ca_file", NO_TLS),
    refused("ca_path", NO_TLS),
    refused("cert_file", NO_TLS),
    refused("key_file", NO_TLS),
    refused("tls", NO_TLS),
    refused("verify_incoming", NO_TLS),
    refused("verify_incoming_https", NO_TLS),
    refused("verify_incoming_rpc", NO_TLS),
    refused("verify_outgoing", NO_TLS),
    refused("verify_server_hostname", NO_TLS),
    refused("encrypt", NO_GOSSIP_KEY),
    refused("connect", NO_CONNECT),
    refused("config_entries", NO_CONNECT),
    refused("watches", "run `muster watch` beside the agent instead"),
    idle("advertise_addr_wan", Text),
    idle("advertise_reconnect_timeout", Span),
    idle("autopilot", Any),
    idle("cache", Any),
    idle("check_output_max_size", Whole),
    idle("default_query_time", Span),
    idle("disable_anonymous_signature", Switch),
    idle("disable_coordinates", Switch),
    idle("disable_host_node_id", Switch),
    idle("disable_http_unprintable_char_filter", Switch),
    idle("disable_keyring_file", Switch),
    idle("disable_remote_exec", Switch),
    idle("disable_update_check", Switch),
    idle("discard_check_output", Switch),
    idle("discovery_max_stale", Span),
    idle("enable_central_service_config", Switch),
    idle("enable_debug", Switch),
    idle("enable_syslog", Switch),
    idle("encrypt_verify_incoming", Switch),
    idle("encrypt_verify_outgoing", Switch),
    idle("gossip_lan", Any),
    idle("gossip_wan", Any),
    idle("http_config", Any),
    used("limits", Group(LIMITS)),
    idle("log_file", Text),
    idle("log_json", Switch),
    idle("log_rotate_bytes", Whole),
    idle("log_rotate_duration", Span),
    idle("log_rotate_max_files", Whole),
    idle("max_query_time", Span),
    idle("performance", Group(PERFORMANCE)),
    idle("pid_file", Text),
    idle("primary_datacenter", Text),
    idle("protocol", Whole),
    idle("raft_protocol", Whole),
    idle("raft_snapshot_interval", Span),
    idle("raft_snapshot_threshold", Whole),
    idle("raft_trailing_logs", Whole),
    idle("reconnect_timeout", Span),
    idle("reconnect_timeout_wan", Span),
    idle("rejoin_after_leave", Switch),
    idle("retry_interval", Span),
    idle("retry_interval_wan", Span),
    idle("retry_join_wan", Texts),
    idle("retry_max", Whole),
    idle("retry_max_wan", Whole),
    idle("rpc", Any),
    idle("serf_lan", Text),
    idle("serf_wan", Text),
    idle("server_name", Text),
    idle("session_ttl_min", Span),
    used("skip_leave_on_interrupt", Switch),
    idle("start_join_wan", Texts),
    idle("syslog_facility", Text),
    idle("telemetry", Any),
    idle("tls_cipher_suites", Text),
    idle("tls_min_version", Text),
    idle("tls_prefer_server_cipher_suites", Switch),
    idle("translate_wan_addrs", Switch),
    idle("ui", Switch),
    idle("ui_config", Any),
    idle("ui_content_path", Text),
    idle("ui_dir", Text),
    idle("unix_sockets", Any),
    idle("use_streaming_backend", Switch),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use muster_api::check::CheckDefinition;

    use super::CHECK;

    #[test]
    fn every_field_of_a_check_is_a_key_and_every_key_a_field() {
        let fields = serde_json::to_value(CheckDefinition::default()).unwrap();
        let fields: BTreeSet<String> = fields.as_object().unwrap().keys().cloned().collect();
        let keys: BTreeSet<String> = CHECK.iter().map(|key| key.name.replace('_', "")).collect();
        // Another name of one that is there, and what is taken and left aside.
        let others = ["checkid", "scriptargs", "token"].map(str::to_owned);
        assert_eq!(keys, fields.into_iter().chain(others).collect());
    }
}
