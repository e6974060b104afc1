//! `muster reload`.

use super::http::HttpFlags;
use super::{Failure, no_words};
use crate::commands::out::say;

/// Flags of `muster reload`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    no_words(&flags.words)?;
    flags.http.put("Error reloading", "/v1/agent/reload", &[]).await?;
    say!("Configuration reload triggered");
    Ok(())
}
