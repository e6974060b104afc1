//! What the caller asks for.

use std::path::PathBuf;

/// Measures Muster beside the real Consul and the ceiling of the machine.
#[derive(clap::Parser, Clone, Debug)]
pub(crate) struct Options {
    /// Only scenarios with this in their name.
    #[arg(long, default_value = "")]
    pub(crate) only: String,
    /// Seconds of each load.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: u32,
    /// Rounds; the median is reported.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Instances in the large catalog.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) instances: usize,
    /// Without the real Consul.
    #[arg(long)]
    pub(crate) muster_only: bool,
    /// Where the report goes.
    #[arg(long, default_value = "bench/REPORT.md")]
    pub(crate) output: PathBuf,
    /// Muster's binary.
    #[arg(long, env = "BENCH_MUSTER", default_value = "muster")]
    pub(crate) muster: PathBuf,
    /// Consul's binary.
    #[arg(long, env = "BENCH_CONSUL")]
    pub(crate) consul: Option<PathBuf>,
    /// Serves as the floor of single writes on this port, with its file at `output`.
    #[arg(long, hide = true)]
    pub(crate) floor: Option<u16>,
    /// What Muster was built from, for the report.
    #[arg(long, env = "BENCH_REVISION", default_value = "unknown")]
    pub(crate) revision: String,
}

impl Options {
    /// Consul's binary, where it may and can be used.
    pub(crate) fn consul(&self) -> Option<&PathBuf> {
        self.consul.as_ref().filter(|path| !self.muster_only && !path.as_os_str().is_empty())
    }
}
