//! `muster kv get`.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::Value;

use super::super::Failure;
use super::super::http::{HttpFlags, key_path, text};
use super::{bare, value_of};

/// Flags of `muster kv get`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// Base64 encode the value.
    #[arg(long)]
    base64: bool,
    /// Show what is known of the key beside its value.
    #[arg(long)]
    detailed: bool,
    /// Only the names of the keys under the prefix.
    #[arg(long)]
    keys: bool,
    /// Every key under the prefix.
    #[arg(long)]
    recurse: bool,
    /// For `-keys`: names are cut behind the first of these.
    #[arg(long, default_value = "/")]
    separator: String,
    /// The key or prefix.
    words: Vec<String>,
}

const QUERYING: &str = "Error querying Consul agent";

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let key = match flags.words.as_slice() {
        [] => "",
        [key] => key.as_str(),
        more => return Err(Failure::Said(format!("Too many arguments (expected 1, got {})", more.len()))),
    };
    if key.is_empty() && !flags.keys && !flags.recurse {
        return Err(Failure::Said("Error! Missing KEY argument".into()));
    }
    let key = bare(key);
    let http = &flags.http;
    let mut out = std::io::stdout().lock();
    let written = if flags.keys {
        let names = list(http, key, &[("keys", ""), ("separator", &flags.separator)]).await?;
        names.iter().try_for_each(|name| writeln!(out, "{}", name.as_str().unwrap_or_default()))
    } else if flags.recurse {
        let entries = list(http, key, &[("recurse", "")]).await?;
        let between = |place: usize| if flags.detailed && place > 0 { "\n" } else { "" };
        entries.iter().enumerate().try_for_each(|(place, entry)| {
            write!(out, "{}", between(place))?;
            if flags.detailed {
                return detailed(&mut out, entry, flags.base64);
            }
            write!(out, "{}:", text(entry, "Key"))?;
            value(&mut out, entry, flags.base64)
        })
    } else {
        let found = list(http, key, &[]).await?;
        let Some(entry) = found.first() else {
            return Err(Failure::Said(format!("Error! No key exists at: {key}")));
        };
        if flags.detailed {
            detailed(&mut out, entry, flags.base64)
        } else {
            value(&mut out, entry, flags.base64)
        }
    };
    written.map_err(|error| Failure::Io { what: "standard output".into(), error })
}

/// What is there; nothing where Consul says 404.
async fn list(http: &HttpFlags, key: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, Failure> {
    let failed = |error: String| Failure::Said(format!("{QUERYING}: {error}"));
    let answer = http.send(Method::GET, &key_path(key), query, Vec::new()).await.map_err(failed)?;
    if answer.status == 404 {
        return Ok(Vec::new());
    }
    match answer.good().and_then(|answer| answer.json()).map_err(failed)? {
        Value::Array(items) => Ok(items),
        _ => Ok(Vec::new()),
    }
}

fn value(out: &mut impl std::io::Write, entry: &Value, base64: bool) -> std::io::Result<()> {
    let bytes = value_of(entry);
    if base64 {
        write!(out, "{}", STANDARD.encode(bytes))?
    } else {
        out.write_all(&bytes)?
    }
    writeln!(out)
}

fn detailed(out: &mut impl std::io::Write, entry: &Value, base64: bool) -> std::io::Result<()> {
    let number = |field: &str| entry.get(field).and_then(Value::as_u64).unwrap_or(0);
    let session = text(entry, "Session");
    writeln!(out, "{:<17}{}", "CreateIndex", number("CreateIndex"))?;
    writeln!(out, "{:<17}{}", "Flags", number("Flags"))?;
    writeln!(out, "{:<17}{}", "Key", text(entry, "Key"))?;
    writeln!(out, "{:<17}{}", "LockIndex", number("LockIndex"))?;
    writeln!(out, "{:<17}{}", "ModifyIndex", number("ModifyIndex"))?;
    writeln!(out, "{:<17}{}", "Session", if session.is_empty() { "-" } else { session })?;
    if value_of(entry).is_empty() {
        return writeln!(out, "Value");
    }
    write!(out, "{:<17}", "Value")?;
    value(out, entry, base64)
}
