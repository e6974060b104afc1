//! `muster info`.

use serde_json::Value;

use super::http::HttpFlags;
use super::{Failure, no_words};
use crate::commands::out::say;

/// Flags of `muster info`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    no_words(&flags.words)?;
    let answer = flags.http.get("Error querying agent", "/v1/agent/self", &[]).await?;
    let Some(stats) = answer.get("Stats").and_then(Value::as_object) else {
        return Err(Failure::Said("Agent response did not contain 'Stats' key".into()));
    };
    // Both levels in the order of their names.
    for (area, facts) in std::collections::BTreeMap::from_iter(stats) {
        say!("{area}:");
        let facts = facts.as_object().into_iter().flatten();
        for (name, fact) in std::collections::BTreeMap::from_iter(facts) {
            say!("\t{name} = {}", fact.as_str().map_or_else(|| fact.to_string(), str::to_owned));
        }
    }
    Ok(())
}
