//! `muster kv export`.

use reqwest::Method;
use serde::Serialize as _;
use serde_json::{Value, json};

use super::super::Failure;
use super::super::http::{HttpFlags, key_path, text};
use super::bare;
use crate::commands::out::say;

/// Flags of `muster kv export`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// The prefix; everything if left out.
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let prefix = match flags.words.as_slice() {
        [] => "",
        [prefix] => bare(prefix),
        more => {
            return Err(Failure::Said(format!("Too many arguments (expected 1, got {})", more.len())));
        }
    };
    let failed = |error: String| Failure::Said(format!("Error querying Consul agent: {error}"));
    let sent = flags.http.send(Method::GET, &key_path(prefix), &[("recurse", "")], Vec::new()).await;
    let sent = sent.map_err(failed)?;
    let found = match sent.status {
        404 => Value::Array(Vec::new()),
        _ => sent.good().and_then(|answer| answer.json()).map_err(failed)?,
    };
    let entry = |entry: &Value| {
        let value = text(entry, "Value");
        json!({ "key": text(entry, "Key"), "flags": entry.get("Flags"), "value": value })
    };
    let entries: Vec<Value> = found.as_array().into_iter().flatten().map(entry).collect();
    say!("{}", tabbed(&entries).map_err(failed)?);
    Ok(())
}

/// JSON with tabs, and the keys in Consul's order.
fn tabbed(entries: &[Value]) -> Result<String, String> {
    #[derive(serde::Serialize)]
    struct Entry<'v> {
        key: &'v Value,
        flags: &'v Value,
        value: &'v Value,
    }
    let ordered: Vec<Entry<'_>> = entries
        .iter()
        .map(|entry| Entry { key: &entry["key"], flags: &entry["flags"], value: &entry["value"] })
        .collect();
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    ordered.serialize(&mut serializer).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
