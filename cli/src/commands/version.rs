//! `muster version`.

use super::Failure;
use crate::commands::out::say;

/// Flags of `muster version`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    /// `pretty` or `json`.
    #[arg(long, default_value = "pretty")]
    format: String,
}

pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    match flags.format.as_str() {
        "pretty" => say!("Muster v{version}"),
        "json" => say!("{{\"Version\":\"{version}\",\"Revision\":\"\",\"Prerelease\":\"\"}}"),
        other => return Err(Failure::Said(format!("Invalid format: {other}; use pretty or json"))),
    }
    Ok(())
}
