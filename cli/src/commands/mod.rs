//! One file per subcommand, with Consul's names and flags.

mod agent;
mod catalog;
mod checks;
mod containers;
mod force_leave;
mod http;
mod info;
mod join;
mod kv;
mod leave;
mod maint;
mod members;
mod operator;
pub(crate) mod out;
mod registrator;
mod reload;
mod services;
mod shown;
mod table;
mod validate;
mod version;
mod watch;
mod why;

use clap::{Parser, Subcommand};
pub(crate) use http::root;

/// Why a command failed, in words for whoever typed it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}")]
    Said(String),
    /// Nothing was found, and nothing is to be said.
    #[error("")]
    Nothing,
    /// Whoever read what was printed has gone.
    #[error("")]
    Unread,
    #[error("{what}: {error}")]
    Io { what: String, error: std::io::Error },
}

impl Failure {
    /// The exit code, as Consul has it.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Said(_) | Self::Io { .. } => 1,
            Self::Nothing => 2,
            // As a shell reports a program that wrote to a closed pipe.
            Self::Unread => 141,
        }
    }
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
    /// Runs a Muster agent.
    Agent(Box<agent::Flags>),
    /// Interacts with the catalog.
    #[command(subcommand)]
    Catalog(catalog::Command),
    /// Lists the checks of this host, as its agent knows them.
    Checks(checks::Flags),
    /// Lists the containers of this host that the registrator registered.
    Containers(containers::Flags),
    /// Forces a member of the cluster to enter the "left" state.
    ForceLeave(force_leave::Flags),
    /// Provides debugging information for operators.
    Info(http::WordlessFlags),
    /// Tells the agent to join a cluster.
    Join(join::Flags),
    /// Interacts with the key-value store.
    #[command(subcommand)]
    Kv(kv::Command),
    /// Gracefully leaves the cluster and shuts down.
    Leave(http::WordlessFlags),
    /// Controls node or service maintenance mode.
    Maint(maint::Flags),
    /// Lists the members of the cluster.
    Members(members::Flags),
    /// Provides cluster-level tools for operators.
    #[command(subcommand)]
    Operator(operator::Command),
    /// Registers the containers of an engine with an agent.
    Registrator(Box<registrator::Flags>),
    /// Triggers the agent to reload configuration files.
    Reload(http::WordlessFlags),
    /// Interacts with services.
    #[command(subcommand)]
    Services(services::Command),
    /// Validates configuration files and folders.
    Validate(validate::Flags),
    /// Prints the version.
    Version(version::Flags),
    /// Watches for changes.
    Watch(watch::Flags),
    /// Says why instances are, or are not, in an answer.
    Why(why::Flags),
}

/// Runs what was asked for.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Agent(flags) => agent::run(*flags).await,
        Command::Catalog(command) => catalog::run(command).await,
        Command::Checks(flags) => checks::run(flags).await,
        Command::Containers(flags) => containers::run(flags).await,
        Command::ForceLeave(flags) => force_leave::run(flags).await,
        Command::Info(flags) => info::run(flags).await,
        Command::Join(flags) => join::run(flags).await,
        Command::Kv(command) => kv::run(command).await,
        Command::Leave(flags) => leave::run(flags).await,
        Command::Maint(flags) => maint::run(flags).await,
        Command::Members(flags) => members::run(flags).await,
        Command::Operator(command) => operator::run(command).await,
        Command::Registrator(flags) => registrator::run(*flags).await,
        Command::Reload(flags) => reload::run(flags).await,
        Command::Services(command) => services::run(command).await,
        Command::Validate(flags) => validate::run(&flags),
        Command::Version(flags) => version::run(&flags),
        Command::Watch(flags) => watch::run(flags).await,
        Command::Why(flags) => why::run(flags).await,
    }
}

/// Refuses words where none are taken, as Consul does.
fn no_words(words: &[String]) -> Result<(), Failure> {
    match words.len() {
        0 => Ok(()),
        more => Err(Failure::Said(format!("Too many arguments (expected 0, got {more})"))),
    }
}

/// What the system says of an error, without its number.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
