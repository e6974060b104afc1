//! `muster catalog services`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::http::{HttpFlags, segment, text};
use super::super::{Failure, no_words};
use super::{borrowed, meta};
use crate::commands::out::say;

/// Flags of `muster catalog services`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// Only services with an instance on this node.
    #[arg(long)]
    node: Option<String>,
    /// Only services on nodes with this metadata, as `key=value`; may be repeated.
    #[arg(long)]
    node_meta: Vec<String>,
    /// With their tags.
    #[arg(long)]
    tags: bool,
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    no_words(&flags.words)?;
    let query = meta(&flags.node_meta);
    let query = borrowed(&query);
    let texts = |list: Option<&Value>| -> Vec<String> {
        let list = list.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if let Some(node) = &flags.node {
        let path = format!("/v1/catalog/node/{}", segment(node));
        let answer = flags.http.get("Error listing services for node", &path, &query).await?;
        let services = answer.get("Services").and_then(Value::as_object);
        for service in services.into_iter().flat_map(|map| map.values()) {
            let tags = found.entry(text(service, "Service").to_owned()).or_default();
            tags.extend(texts(service.get("Tags")));
        }
    } else {
        let answer = flags.http.get("Error listing services", "/v1/catalog/services", &query).await?;
        for (name, tags) in answer.as_object().into_iter().flatten() {
            found.insert(name.clone(), texts(Some(tags)));
        }
    }
    if found.is_empty() {
        eprintln!("No services match the given query - try expanding your search.");
        return Ok(());
    }
    let width = found.keys().map(|name| name.chars().count()).max().unwrap_or(0) + 6;
    let mut lines = String::new();
    for (name, mut tags) in found {
        tags.sort();
        tags.dedup();
        if flags.tags {
            lines.push_str(&format!("{name:<width$}{}\n", tags.join(",")));
        } else {
            lines.push_str(&format!("{name}\n"));
        }
    }
    say!("{}", lines.trim_end());
    Ok(())
}
