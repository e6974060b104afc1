//! A check's definition as it arrives at an agent: from the HTTP API, from a configuration file, or from the
//! agent's own disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::duration::GoDuration;

/// All fields of all kinds. Which of them make sense together is the agent's to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckDefinition {
    /// Its ID on its node; made from the name if empty.
    #[serde(alias = "checkid")]
    pub id: String,
    /// The name people read.
    pub name: String,
    /// Words about it.
    pub notes: String,
    /// The instance that it is about; the node if empty.
    #[serde(rename = "serviceid")]
    pub service_id: String,
    /// The status it starts with; critical if empty.
    pub status: String,
    /// Script: the command and its arguments.
    #[serde(alias = "scriptargs")]
    pub args: Option<Vec<String>>,
    /// HTTP: the URL.
    pub http: String,
    /// HTTP: headers to send.
    pub header: Option<BTreeMap<String, Vec<String>>>,
    /// HTTP: the method; GET if empty.
    pub method: String,
    /// HTTP: the body to send.
    pub body: String,
    /// HTTP: do not follow redirects.
    #[serde(rename = "disableredirects")]
    pub disable_redirects: bool,
    /// TCP: `host:port`.
    pub tcp: String,
    /// TCP: with a TLS handshake.
    #[serde(rename = "tcpusetls")]
    pub tcp_use_tls: bool,
    /// Between two runs.
    pub interval: GoDuration,
    /// The longest run.
    pub timeout: GoDuration,
    /// TTL: how long a heartbeat lasts.
    pub ttl: GoDuration,
    /// TLS: take any certificate.
    #[serde(rename = "tlsskipverify")]
    pub tls_skip_verify: bool,
    /// TLS: the name to ask for.
    #[serde(rename = "tlsservername")]
    pub tls_server_name: String,
    /// gRPC: `host:port[/service]`.
    pub grpc: String,
    /// gRPC: with TLS.
    #[serde(rename = "grpcusetls")]
    pub grpc_use_tls: bool,
    /// Docker: the container to run the script in. Container: whose network to join; the host's if empty. An ID, a
    /// name, `label:KEY=VALUE` or `service:NAME`.
    #[serde(rename = "dockercontainerid")]
    pub docker_container_id: String,
    /// Docker: the shell.
    pub shell: String,
    /// Container: the image whose program is the check; ours, beside Consul's.
    #[serde(rename = "checkimage")]
    pub check_image: String,
    /// Container: bytes of memory that it may take; 64 MiB if zero.
    #[serde(rename = "memorylimit")]
    pub memory_limit: i64,
    /// Container: processes that it may have; 64 if zero.
    #[serde(rename = "pidslimit")]
    pub pids_limit: i64,
    /// Alias: the node whose health it has.
    #[serde(rename = "aliasnode")]
    pub alias_node: String,
    /// Alias: the instance whose health it has.
    #[serde(rename = "aliasservice")]
    pub alias_service: String,
    /// HTTP/2: `host:port`.
    pub h2ping: String,
    /// HTTP/2: with TLS; yes if not said.
    #[serde(rename = "h2pingusetls")]
    pub h2ping_use_tls: Option<bool>,
    /// UDP: `host:port`.
    pub udp: String,
    /// ICMP: the host.
    pub icmp: String,
    /// OS service: its name.
    #[serde(rename = "osservice")]
    pub os_service: String,
    /// Successes in a row before it passes.
    #[serde(rename = "successbeforepassing")]
    pub success_before_passing: i64,
    /// Failures in a row before it warns.
    #[serde(rename = "failuresbeforewarning")]
    pub failures_before_warning: i64,
    /// Failures in a row before it is critical.
    #[serde(rename = "failuresbeforecritical")]
    pub failures_before_critical: i64,
    /// An instance that is critical for so long is removed; never if zero.
    #[serde(rename = "deregistercriticalserviceafter")]
    pub deregister_critical_service_after: GoDuration,
    /// HTTP: the codes that pass, as `200` or `200-299`, in place of the usual ones.
    #[serde(rename = "expectstatus")]
    pub expect_status: Option<Vec<String>>,
    /// HTTP: by the name of a header, text that it must contain.
    #[serde(rename = "expectheader")]
    pub expect_header: Option<BTreeMap<String, String>>,
    /// HTTP: text that the body must contain.
    #[serde(rename = "expectbody")]
    pub expect_body: String,
    /// HTTP: a regular expression that must match somewhere in the body.
    #[serde(rename = "expectbodyregex")]
    pub expect_body_regex: String,
    /// HTTP: by JSON pointer, the value that must be there in the body.
    #[serde(rename = "expectjson")]
    pub expect_json: Option<BTreeMap<String, Value>>,
    /// A run that passes and takes longer is a warning; never if zero.
    #[serde(rename = "warnslowerthan")]
    pub warn_slower_than: GoDuration,
    /// TLS: a certificate that expires within so many days is a warning; never if zero.
    #[serde(rename = "warncertificatedays")]
    pub warn_certificate_days: i64,
    /// From the beginning, failures do not count until the first success or the end of this.
    #[serde(rename = "startperiod")]
    pub start_period: GoDuration,
    /// Up to so much is added to each interval, by chance.
    pub jitter: GoDuration,
    /// Most bytes of output that are kept; the agent's default if zero.
    #[serde(rename = "outputmaxsize")]
    pub output_max_size: i64,
    /// Taken and left aside.
    #[serde(skip_serializing)]
    pub token: serde::de::IgnoredAny,
    /// Taken and left aside.
    #[serde(skip_serializing)]
    pub proxyhttp: serde::de::IgnoredAny,
    /// Taken and left aside.
    #[serde(skip_serializing)]
    pub proxygrpc: serde::de::IgnoredAny,
}

/// `PUT /v1/agent/check/update/:id`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckUpdate {
    /// The new status.
    pub status: String,
    /// What to show with it.
    pub output: String,
}
