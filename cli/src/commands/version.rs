//! `muster version`.

use super::Failure;

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
        "pretty" => println!("Muster v{version}"),
        "json" => println!("{{\"Version\":\"{version}\",\"Revision\":\"\",\"Prerelease\":\"\"}}"),
        other => return Err(Failure::Said(format!("Invalid format: {other}; use pretty or json"))),
    }
    Ok(())
}
