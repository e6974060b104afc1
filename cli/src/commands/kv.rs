//! `muster kv`.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use reqwest::Method;

use super::Failure;
use super::http::{HttpFlags, key_path};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Prints a key's value, or what lies under a prefix.
    Get {
        #[command(flatten)]
        http: HttpFlags,
        /// Every key under the prefix, as `key:value`.
        #[arg(long)]
        recurse: bool,
        /// Only the names of the keys.
        #[arg(long)]
        keys: bool,
        /// The key or prefix.
        #[arg(default_value = "")]
        key: String,
    },
    /// Writes a key.
    Put {
        #[command(flatten)]
        http: HttpFlags,
        /// Only if the key's modify index is `-modify-index`.
        #[arg(long)]
        cas: bool,
        /// For `-cas`; 0 means that the key must not be there.
        #[arg(long, default_value_t = 0)]
        modify_index: u64,
        /// A number of your own beside the value.
        #[arg(long, default_value_t = 0)]
        flags: u64,
        /// The key.
        key: String,
        /// The value; `@file` reads a file, `-` the standard input.
        #[arg(default_value = "")]
        value: String,
    },
    /// Removes a key, or all under a prefix.
    Delete {
        #[command(flatten)]
        http: HttpFlags,
        /// Everything under the prefix.
        #[arg(long)]
        recurse: bool,
        /// The key or prefix.
        key: String,
    },
}

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Get { http, recurse, keys, key } => get(&http, recurse, keys, &key).await,
        Command::Put { http, cas, modify_index, flags, key, value } => {
            let value = read_value(&value)?;
            let (flags, index) = (flags.to_string(), modify_index.to_string());
            let mut query = vec![("flags", flags.as_str())];
            if cas {
                query.push(("cas", &index));
            }
            let answer = http.call(Method::PUT, &key_path(&key), &query, value).await?;
            if answer.as_deref().is_some_and(|body| body.trim_ascii() == b"true") {
                println!("Success! Data written to: {key}");
                return Ok(());
            }
            Err(Failure::Said(format!("Error! Did not write to {key}: CAS failed")))
        }
        Command::Delete { http, recurse, key } => {
            let query: &[(&str, &str)] = if recurse { &[("recurse", "")] } else { &[] };
            http.call(Method::DELETE, &key_path(&key), query, Vec::new()).await?;
            println!("Success! Deleted {}: {key}", if recurse { "keys with prefix" } else { "key" });
            Ok(())
        }
    }
}

async fn get(http: &HttpFlags, recurse: bool, keys: bool, key: &str) -> Result<(), Failure> {
    let missing = || Failure::Said(format!("Error! No key exists at: {key}"));
    if !recurse && !keys {
        let value = http.call(Method::GET, &key_path(key), &[("raw", "")], Vec::new()).await?;
        let mut out = std::io::stdout();
        let written = out.write_all(&value.ok_or_else(missing)?).and_then(|()| out.write_all(b"\n"));
        return written.map_err(|error| Failure::Io { what: "standard output".into(), error });
    }
    let query: &[(&str, &str)] = if keys { &[("keys", ""), ("separator", "/")] } else { &[("recurse", "")] };
    let body =
        http.call(Method::GET, &key_path(key), query, Vec::new()).await?.unwrap_or_else(|| b"[]".into());
    let list: Vec<serde_json::Value> = serde_json::from_slice(&body)
        .map_err(|error| Failure::Said(format!("the answer is no JSON: {error}")))?;
    for item in list {
        match item.as_str() {
            Some(name) => println!("{name}"),
            None => {
                let text = |field: &str| item.get(field).and_then(|value| value.as_str()).unwrap_or_default();
                let value =
                    base64::engine::general_purpose::STANDARD.decode(text("Value")).unwrap_or_default();
                println!("{}:{}", text("Key"), String::from_utf8_lossy(&value));
            }
        }
    }
    Ok(())
}

fn read_value(value: &str) -> Result<Vec<u8>, Failure> {
    if let Some(path) = value.strip_prefix('@') {
        return std::fs::read(path).map_err(|error| Failure::Io { what: path.into(), error });
    }
    if value == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Failure::Io { what: "standard input".into(), error })?;
        return Ok(bytes);
    }
    Ok(value.as_bytes().to_vec())
}
