//! `muster operator raft remove-peer`.

use reqwest::Method;

use super::super::Failure;
use super::super::http::HttpFlags;
use crate::commands::out::say;

/// Flags of `muster operator raft remove-peer`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// The server's RPC address, as `list-peers` shows it.
    #[arg(long, default_value = "")]
    address: String,
    /// The server's ID.
    #[arg(long, default_value = "")]
    id: String,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let said = |text: &str| Err(Failure::Said(format!("Error removing peer: {text}")));
    let (field, value) = match (flags.address.as_str(), flags.id.as_str()) {
        ("", "") => return said("an address or id is required for the peer to remove"),
        ("", id) => ("id", id),
        (address, "") => ("address", address),
        _ => return said("cannot give both an address and id"),
    };
    let path = "/v1/operator/raft/peer";
    flags.http.call("Error removing peer", Method::DELETE, path, &[(field, value)], Vec::new()).await?;
    say!("Removed peer with {field} {value:?}");
    Ok(())
}
