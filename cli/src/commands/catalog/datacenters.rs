//! `muster catalog datacenters`.

use super::super::http::HttpFlags;
use super::super::{Failure, no_words};
use crate::commands::out::say;

/// Flags of `muster catalog datacenters`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    no_words(&flags.words)?;
    let names = flags.http.get("Error listing datacenters", "/v1/catalog/datacenters", &[]).await?;
    for name in names.as_array().into_iter().flatten() {
        say!("{}", name.as_str().unwrap_or_default());
    }
    Ok(())
}
