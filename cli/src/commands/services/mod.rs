//! `muster services`: what is registered with one agent.

mod deregister;
mod register;

use std::path::PathBuf;

use muster_api::service::ServiceDefinition;

use super::Failure;
use crate::config::Sources;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Deregisters services with the local agent.
    Deregister(deregister::Flags),
    /// Registers services with the local agent.
    Register(register::Flags),
}

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Deregister(flags) => deregister::run(flags).await,
        Command::Register(flags) => register::run(flags).await,
    }
}

/// The services that files define; nothing else of them counts.
fn of_files(words: &[String]) -> Result<Vec<ServiceDefinition>, Failure> {
    let sources = Sources { paths: words.iter().map(PathBuf::from).collect(), format: None };
    let loaded = sources.load().map_err(|error| Failure::Said(format!("Error: {error}")))?;
    Ok(loaded.services)
}
