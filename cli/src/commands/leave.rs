//! `muster leave`.

use super::Failure;
use super::http::WordlessFlags;
use crate::commands::out::say;

pub(super) async fn run(flags: WordlessFlags) -> Result<(), Failure> {
    flags.http()?.put("Error leaving", "/v1/agent/leave", &[]).await?;
    say!("Graceful leave complete");
    Ok(())
}
