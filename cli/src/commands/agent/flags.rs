//! The flags of `muster agent`. What is not given is for the configuration files to say, and then for the defaults.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::config::Sources;

/// The flags of `muster agent`.
#[derive(clap::Args, Default)]
pub(crate) struct Flags {
    /// A single server in memory: nothing outlives the process.
    #[arg(long)]
    pub(super) dev: bool,
    /// Run as a server.
    #[arg(long)]
    pub(super) server: bool,
    /// Found a cluster of one.
    #[arg(long)]
    pub(super) bootstrap: bool,
    /// Found a cluster when this many servers have met.
    #[arg(long)]
    pub(super) bootstrap_expect: Option<usize>,
    /// A configuration file (.hcl or .json), or a folder of them; may be repeated. Later ones win.
    #[arg(long, alias = "config-dir")]
    pub(super) config_file: Vec<PathBuf>,
    /// `hcl` or `json`, for files whose names do not say.
    #[arg(long)]
    pub(super) config_format: Option<String>,
    /// RPC address of another server; may be repeated. The port may be left out.
    #[arg(long, alias = "join")]
    pub(super) retry_join: Vec<String>,
    /// Where the log and the snapshots live.
    #[arg(long)]
    pub(super) data_dir: Option<PathBuf>,
    /// This node's name; the host's name if left out.
    #[arg(long)]
    pub(super) node: Option<String>,
    /// This node's UUID; made and kept in the data folder if left out.
    #[arg(long)]
    pub(super) node_id: Option<String>,
    /// Leave the cluster on SIGTERM; by default only client agents do.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) leave_on_terminate: Option<bool>,
    /// Do not leave the cluster on SIGINT; by default servers do not.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) skip_leave_on_interrupt: Option<bool>,
    /// MiB of the disk under -data-dir that stay free: below it a server refuses writes and goes on reading; 64 if
    /// left out.
    #[arg(long)]
    pub(super) disk_reserve: Option<u64>,
    /// Metadata of this node, as `key:value`; may be repeated.
    #[arg(long)]
    pub(super) node_meta: Vec<String>,
    /// The address for other servers; 127.0.0.1 if left out.
    #[arg(long)]
    pub(super) bind: Option<IpAddr>,
    /// The address that others are told; that of `-bind` if left out.
    #[arg(long)]
    pub(super) advertise: Option<IpAddr>,
    /// Register the containers of this host's engine; the group `registrator` of the files says how.
    #[arg(long)]
    pub(super) registrator: bool,
    /// Scripts may be run as checks, whoever registers them.
    #[arg(long)]
    pub(super) enable_script_checks: bool,
    /// Scripts may be run as checks where a configuration file defines them.
    #[arg(long)]
    pub(super) enable_local_script_checks: bool,
    /// The address for HTTP and DNS; 127.0.0.1 if left out.
    #[arg(long)]
    pub(super) client: Option<IpAddr>,
    /// The datacenter's name; dc1 if left out.
    #[arg(long)]
    pub(super) datacenter: Option<String>,
    /// The domain of DNS names; consul if left out.
    #[arg(long)]
    pub(super) domain: Option<String>,
    /// A second domain for the same names.
    #[arg(long)]
    pub(super) alt_domain: Option<String>,
    /// A DNS server for names that are not ours; may be repeated.
    #[arg(long)]
    pub(super) recursor: Vec<String>,
    /// The port of the HTTP API; 8500 if left out.
    #[arg(long)]
    pub(super) http_port: Option<u16>,
    /// The port of DNS; 8600 if left out, and -1 for none.
    #[arg(long, value_parser = clap::value_parser!(i64).range(-1..=65_535))]
    pub(super) dns_port: Option<i64>,
    /// The port between servers; 8300 if left out.
    #[arg(long)]
    pub(super) server_port: Option<u16>,
    /// trace, debug, info, warn or error.
    #[arg(long)]
    pub(super) log_level: Option<String>,
    /// Taken and left aside: there is no user interface.
    #[arg(long)]
    pub(super) ui: bool,
}

impl Flags {
    /// The files that the flags name.
    pub(super) fn sources(&self) -> Sources {
        Sources { paths: self.config_file.clone(), format: self.config_format.clone() }
    }
}
