//! `muster kv`: keys and values.

mod delete;
mod export;
mod get;
mod import;
mod put;

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Removes data from the KV store.
    Delete(delete::Flags),
    /// Exports a tree from the KV store as JSON.
    Export(export::Flags),
    /// Retrieves or lists data from the KV store.
    Get(get::Flags),
    /// Imports a tree stored as JSON to the KV store.
    Import(import::Flags),
    /// Sets or updates data in the KV store.
    Put(put::Flags),
}

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Delete(flags) => delete::run(flags).await,
        Command::Export(flags) => export::run(flags).await,
        Command::Get(flags) => get::run(flags).await,
        Command::Import(flags) => import::run(flags).await,
        Command::Put(flags) => put::run(flags).await,
    }
}

/// A key as it is asked for: one leading slash is a slip.
fn bare(key: &str) -> &str {
    key.strip_prefix('/').unwrap_or(key)
}

/// The value of an entry; the empty one is told as null.
fn value_of(entry: &Value) -> Vec<u8> {
    STANDARD.decode(super::http::text(entry, "Value")).unwrap_or_default()
}

/// What stands in `argument`, in the file behind its `@`, or on the standard input for `-`.
fn data(argument: &str) -> Result<Vec<u8>, Failure> {
    if let Some(path) = argument.strip_prefix('@') {
        let read = std::fs::read(path);
        return read.map_err(|error| {
            Failure::Said(format!("Error! Failed to read file: open {path}: {}", super::plain(&error)))
        });
    }
    if argument == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        read.map_err(|error| Failure::Said(format!("Error! Failed to read stdin: {error}")))?;
        return Ok(bytes);
    }
    Ok(argument.as_bytes().to_vec())
}
