//! `muster info`.

use serde_json::Value;

use super::Failure;
use super::http::WordlessFlags;
use crate::commands::out::say;

pub(super) async fn run(flags: WordlessFlags) -> Result<(), Failure> {
    let answer = flags.http()?.get("Error querying agent", "/v1/agent/self", &[]).await?;
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
