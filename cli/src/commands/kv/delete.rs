//! `muster kv delete`.

use reqwest::Method;

use super::super::Failure;
use super::super::http::{HttpFlags, key_path};
use super::bare;
use crate::commands::out::say;

/// Flags of `muster kv delete`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// Only if the key's modify index is `-modify-index`.
    #[arg(long)]
    cas: bool,
    /// For `-cas`.
    #[arg(long)]
    modify_index: Option<u64>,
    /// Everything under the prefix.
    #[arg(long)]
    recurse: bool,
    /// The key or prefix.
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let said = |text: String| Err(Failure::Said(text));
    let key = match flags.words.as_slice() {
        [] => "",
        [key] => bare(key),
        more => return said(format!("Too many arguments (expected 1, got {})", more.len())),
    };
    if key.is_empty() && !flags.recurse {
        return said("Error! Missing KEY argument".into());
    }
    if flags.cas && flags.recurse {
        return said("Cannot specify both -cas and -recurse!".into());
    }
    let index = flags.modify_index.filter(|index| *index > 0);
    if flags.cas && index.is_none() {
        return said("Must specify -modify-index with -cas!".into());
    }
    if !flags.cas && index.is_some() {
        return said("Cannot specify -modify-index without -cas!".into());
    }
    let index = index.unwrap_or(0).to_string();
    let (query, what): (&[(&str, &str)], _) = if flags.recurse {
        (&[("recurse", "")], format!("Error! Did not delete prefix {key}"))
    } else if flags.cas {
        (&[("cas", &index)], format!("Error! Did not delete key {key}"))
    } else {
        (&[], format!("Error deleting key {key}"))
    };
    let answer = flags.http.call(&what, Method::DELETE, &key_path(key), query, Vec::new()).await?;
    if flags.cas && answer.body.trim_ascii() != b"true" {
        return said(format!("Error! Did not delete key {key}: CAS failed"));
    }
    say!("Success! Deleted {}: {key}", if flags.recurse { "keys with prefix" } else { "key" });
    Ok(())
}
