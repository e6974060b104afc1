//! `muster operator raft list-peers`.

use serde_json::Value;

use super::super::Failure;
use super::super::http::{HttpFlags, text};
use super::super::table::{render, row};
use crate::commands::out::say;

/// Flags of `muster operator raft list-peers`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let what = "Error getting peers: Failed to retrieve raft configuration";
    let answer = flags.http.get(what, "/v1/operator/raft/configuration", &[]).await?;
    let is = |peer: &Value, field: &str| peer.get(field).and_then(Value::as_bool).unwrap_or_default();
    let mut rows = vec![row(["Node", "ID", "Address", "State", "Voter", "RaftProtocol"])];
    for peer in answer.get("Servers").and_then(Value::as_array).into_iter().flatten() {
        let protocol = match text(peer, "ProtocolVersion") {
            "" => "<=1",
            version => version,
        };
        let state = if is(peer, "Leader") { "leader" } else { "follower" };
        let voter = is(peer, "Voter").to_string();
        rows.push(row([
            text(peer, "Node"),
            text(peer, "ID"),
            text(peer, "Address"),
            state,
            &voter,
            protocol,
        ]));
    }
    say!("{}", render(&rows));
    Ok(())
}
