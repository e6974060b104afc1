//! `muster join`.

use super::Failure;
use super::http::{HttpFlags, segment};
use crate::commands::out::say;

/// Flags of `muster join`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// Joins another datacenter: there is one alone.
    #[arg(long)]
    wan: bool,
    /// Addresses of servers.
    #[arg(value_name = "ADDRESS")]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    if flags.words.is_empty() {
        return Err(Failure::Said("At least one address to join must be specified.".into()));
    }
    if flags.wan {
        return Err(Failure::Said("-wan: several datacenters are not there yet".into()));
    }
    let mut joined = 0;
    for address in &flags.words {
        let path = format!("/v1/agent/join/{}", segment(address));
        match flags.http.put(&format!("Error joining address '{address}'"), &path, &[]).await {
            Ok(_) => joined += 1,
            Err(error) => eprintln!("{error}"),
        }
    }
    if joined == 0 {
        return Err(Failure::Said("Failed to join any nodes.".into()));
    }
    say!("Successfully joined cluster by contacting {joined} nodes.");
    Ok(())
}
