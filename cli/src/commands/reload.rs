//! `muster reload`.

use super::http::HttpFlags;
use super::{Failure, no_words};

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
    println!("Configuration reload triggered");
    Ok(())
}
