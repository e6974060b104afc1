//! Runs Muster and the real Consul side by side on loopback, with the same data and the same load,
//! alternating, and writes a table of medians and ratios. Never part of a timed test.

mod contestant;
mod fanout;
mod load;
mod report;
mod scenario;
mod seed;

use std::path::PathBuf;

use contestant::Kind;

/// Anything that keeps a measurement from being taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// A process or file could not be had.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// A server did not answer as expected.
    #[error("{0}")]
    Unexpected(String),
    /// An HTTP call failed.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

#[tokio::main]
async fn main() -> Result<(), BenchError> {
    let options = Options::from_env();
    let contestants = options.contestants();
    let report = scenario::run_all(&contestants, &options).await?;
    println!("{}", report.table());
    std::fs::write(&options.output, report.table())
        .map_err(|error| BenchError::Io(options.output.display().to_string(), error))?;
    println!("written to {}", options.output.display());
    Ok(())
}

/// What the environment asks for.
pub(crate) struct Options {
    /// Seconds of each load.
    pub(crate) seconds: u32,
    /// Rounds; the median is reported.
    pub(crate) rounds: usize,
    /// Instances in the large catalog.
    pub(crate) instances: usize,
    /// Only scenarios whose name contains this.
    pub(crate) only: String,
    /// Where the table goes.
    pub(crate) output: PathBuf,
    muster: PathBuf,
    consul: Option<PathBuf>,
}

impl Options {
    fn from_env() -> Self {
        let number = |name: &str, default: usize| {
            std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        Self {
            seconds: u32::try_from(number("BENCH_SECONDS", 8)).unwrap_or(8),
            rounds: number("BENCH_ROUNDS", 3).max(1),
            instances: number("BENCH_INSTANCES", 100_000),
            only: std::env::var("BENCH_ONLY").unwrap_or_default(),
            output: std::env::var_os("BENCH_OUTPUT").map_or_else(|| "bench-report.md".into(), PathBuf::from),
            muster: std::env::var_os("BENCH_MUSTER").map_or_else(|| "muster".into(), PathBuf::from),
            consul: std::env::var_os("BENCH_CONSUL").filter(|path| !path.is_empty()).map(PathBuf::from),
        }
    }

    fn contestants(&self) -> Vec<(Kind, PathBuf)> {
        let mut list = vec![(Kind::Muster, self.muster.clone())];
        match &self.consul {
            Some(path) => list.push((Kind::Consul, path.clone())),
            None => eprintln!("the real Consul cannot be had here: Muster is measured alone"),
        }
        list
    }
}
