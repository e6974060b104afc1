//! `muster reload`.

use super::Failure;
use super::http::WordlessFlags;
use crate::commands::out::say;

pub(super) async fn run(flags: WordlessFlags) -> Result<(), Failure> {
    flags.http()?.put("Error reloading", "/v1/agent/reload", &[]).await?;
    say!("Configuration reload triggered");
    Ok(())
}
