//! `muster validate`.

use std::path::PathBuf;

use super::{Failure, agent};
use crate::commands::out::say;
use crate::config::Sources;

/// Flags of `muster validate`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    /// `hcl` or `json`, for files whose names do not say.
    #[arg(long)]
    config_format: Option<String>,
    /// Say nothing where all is well.
    #[arg(long)]
    quiet: bool,
    /// Files and folders; together they have to make an agent.
    #[arg(value_name = "FILE_OR_DIRECTORY")]
    words: Vec<String>,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    if flags.words.is_empty() {
        return Err(Failure::Said("Must specify at least one config file or directory".into()));
    }
    let paths = flags.words.iter().map(PathBuf::from).collect();
    let sources = Sources { paths, format: flags.config_format.clone() };
    let settled = sources.load().and_then(|loaded| agent::settle(&agent::Flags::default(), &loaded, None));
    settled.map_err(|error| Failure::Said(format!("Config validation failed: {error}")))?;
    if !flags.quiet {
        say!("Configuration is valid!");
    }
    Ok(())
}
