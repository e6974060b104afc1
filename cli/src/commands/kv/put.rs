//! `muster kv put`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use super::super::Failure;
use super::super::http::{HttpFlags, key_path};
use super::data;
use crate::commands::out::say;

/// Flags of `muster kv put`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// Take the lock on the key for `-session`.
    #[arg(long)]
    acquire: bool,
    /// The data is base 64: decode it.
    #[arg(long)]
    base64: bool,
    /// Only if the key's modify index is `-modify-index`.
    #[arg(long)]
    cas: bool,
    /// A number of your own beside the value.
    #[arg(long, default_value_t = 0)]
    flags: u64,
    /// For `-cas`.
    #[arg(long)]
    modify_index: Option<u64>,
    /// Give the lock on the key back.
    #[arg(long)]
    release: bool,
    /// The session that takes or gives back.
    #[arg(long, default_value = "")]
    session: String,
    /// The key, and the data: as it is, `@file`, or `-` for the standard input.
    #[arg(value_name = "KEY [DATA]")]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let said = |text: String| Err(Failure::Said(text));
    let (key, argument) = match flags.words.as_slice() {
        [] => return said("Error! Missing KEY argument".into()),
        [key] => (key.as_str(), ""),
        [key, argument] => (key.as_str(), argument.as_str()),
        more => return said(format!("Too many arguments (expected 1 or 2, got {})", more.len())),
    };
    if key.starts_with('/') {
        return said(format!(
            "Error! Failed writing data: Invalid key. Key must not begin with a '/': {key}"
        ));
    }
    // An index of 0, "the key must not be there", has to be said, as everywhere in Consul's command line.
    let index = flags.modify_index.filter(|index| *index > 0);
    if flags.cas && index.is_none() {
        return said("Must specify -modify-index with -cas!".into());
    }
    if (flags.acquire || flags.release) && flags.session.is_empty() {
        return said("Error! Missing -session (required with -acquire and -release)".into());
    }
    let mut bytes = data(argument)?;
    if flags.base64 {
        bytes = STANDARD
            .decode(bytes.trim_ascii())
            .map_err(|error| Failure::Said(format!("Error! Cannot base 64 decode data: {error}")))?;
    }
    let (number, index) = (flags.flags.to_string(), index.unwrap_or(0).to_string());
    let mut query = vec![("flags", number.as_str())];
    let (mut condition, mut what) = ("", "");
    if flags.cas {
        query.push(("cas", &index));
        (condition, what) = ("CAS failed", "write to");
    } else if flags.acquire {
        query.push(("acquire", &flags.session));
        (condition, what) = ("Lock failed", "acquire lock on");
    } else if flags.release {
        query.push(("release", &flags.session));
        (condition, what) = ("Unlock failed", "release lock on");
    }
    let answer =
        flags.http.call("Error! Failed writing data", Method::PUT, &key_path(key), &query, bytes).await?;
    if answer.body.trim_ascii() == b"true" {
        match (flags.cas, flags.acquire, flags.release) {
            (false, true, _) => say!("Success! Lock acquired on: {key}"),
            (false, false, true) => say!("Success! Lock released on: {key}"),
            _ => say!("Success! Data written to: {key}"),
        }
        return Ok(());
    }
    match condition {
        "" => said(format!("Error! Did not write to {key}")),
        _ => said(format!("Error! Did not {what} {key}: {condition}")),
    }
}
