//! `muster kv import`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use super::super::Failure;
use super::super::http::{HttpFlags, key_path};
use super::data;
use crate::commands::out::say;

/// Flags of `muster kv import`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// What `kv export` printed: as it is, `@file`, or `-` for the standard input.
    words: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Entry {
    key: String,
    #[serde(default)]
    flags: u64,
    #[serde(default)]
    value: String,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let said = |text: String| Failure::Said(text);
    let argument = match flags.words.as_slice() {
        [] => return Err(said("Error! Missing DATA argument".into())),
        [argument] => argument,
        more => return Err(said(format!("Too many arguments (expected 1, got {})", more.len()))),
    };
    let bytes = data(argument)?;
    let entries: Vec<Entry> =
        serde_json::from_slice(&bytes).map_err(|error| said(format!("Cannot unmarshal data: {error}")))?;
    for entry in entries {
        let value = STANDARD.decode(entry.value.trim());
        let value = value.map_err(|error| {
            said(format!("Error base 64 decoding value for key: {}, error: {error}", entry.key))
        })?;
        let what = format!("Error! Failed writing data for key {}", entry.key);
        let number = entry.flags.to_string();
        flags.http.call(&what, Method::PUT, &key_path(&entry.key), &[("flags", &number)], value).await?;
        say!("Imported: {}", entry.key);
    }
    Ok(())
}
