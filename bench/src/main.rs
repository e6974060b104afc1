//! Runs Muster and the real Consul side by side on loopback, with the same data and the same load,
//! alternating, beside the fastest servers of the same bytes; and writes a table of medians and ratios.
//! Never part of a timed test.

mod cpus;
mod load;
mod options;
mod report;
mod scenario;
mod seed;
mod servers;
mod stage;

use clap::Parser as _;
use options::Options;
use stage::Stage;

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

impl BenchError {
    /// For `map_err`: names what the failed call was about.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        |error| Self::Io(what.into(), error)
    }
}

fn main() -> Result<(), BenchError> {
    let options = Options::parse();
    if let Some(port) = options.floor {
        return servers::floor::serve(port, &options.output).map_err(BenchError::io("the floor"));
    }
    let cpus = cpus::Cpus::divided()?;
    // Before there are threads: they inherit it, and so do the load generators.
    cpus.keep_to_load()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("the bench's runtime"))?;
    runtime.block_on(measure(Stage::new(options, cpus)?))
}

async fn measure(stage: Stage) -> Result<(), BenchError> {
    let report = scenario::run_all(&stage).await?;
    let text = report.text(&stage);
    println!("{text}");
    let output = &stage.options.output;
    std::fs::write(output, &text).map_err(BenchError::io(output.display().to_string()))?;
    println!("written to {}", output.display());
    Ok(())
}
