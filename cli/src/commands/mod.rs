//! One file per subcommand, with Consul's names and flags.

mod agent;
mod catalog;
mod http;
mod kv;

use clap::{Parser, Subcommand};

/// Why a command failed, in words for whoever typed it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Said(String),
    #[error("Error connecting to Muster agent: {0}")]
    Http(#[from] reqwest::Error),
    #[error("Unexpected response code: {status} ({text})")]
    Answer { status: u16, text: String },
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
}

/// Service discovery and health checks, Consul-compatible.
#[derive(Parser)]
#[command(name = "muster", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a server.
    Agent(agent::Flags),
    /// Reads and writes keys.
    #[command(subcommand)]
    Kv(kv::Command),
    /// Lists what is registered.
    #[command(subcommand)]
    Catalog(catalog::Command),
    /// Prints the version.
    Version,
}

/// Runs what was asked for.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Agent(flags) => agent::run(flags).await,
        Command::Kv(command) => kv::run(command).await,
        Command::Catalog(command) => catalog::run(command).await,
        Command::Version => {
            println!("Muster v{}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}
