//! `muster force-leave`.

use super::Failure;
use super::http::{HttpFlags, segment};

/// Flags of `muster force-leave`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// Take the node out of the list of members altogether.
    #[arg(long)]
    prune: bool,
    /// The node's name.
    #[arg(value_name = "NAME")]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let [name] = flags.words.as_slice() else {
        return Err(Failure::Said("A single node name must be specified to force leave.".into()));
    };
    let query: &[(&str, &str)] = if flags.prune { &[("prune", "1")] } else { &[] };
    let path = format!("/v1/agent/force-leave/{}", segment(name));
    flags.http.put("Error force leaving", &path, query).await?;
    Ok(())
}
