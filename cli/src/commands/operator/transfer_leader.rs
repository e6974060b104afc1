//! `muster operator raft transfer-leader`. Consul has it since 1.15.

use super::super::Failure;
use super::super::http::HttpFlags;
use crate::commands::out::say;

/// Flags of `muster operator raft transfer-leader`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// The ID of the server that shall lead; any other one if left out.
    #[arg(long)]
    id: Option<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let query: Vec<(&str, &str)> = flags.id.iter().map(|id| ("id", id.as_str())).collect();
    let what = "Error transferring leadership";
    flags.http.put(what, "/v1/operator/raft/transfer-leader", &query).await?;
    say!("Success");
    Ok(())
}
