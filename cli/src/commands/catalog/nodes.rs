//! `muster catalog nodes`.

use serde_json::Value;

use super::super::http::{HttpFlags, segment, text};
use super::super::table::{pairs, render, row};
use super::super::{Failure, no_words};
use super::{borrowed, meta};
use crate::commands::out::say;

/// Flags of `muster catalog nodes`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// With tagged addresses and metadata.
    #[arg(long)]
    detailed: bool,
    /// A filter expression.
    #[arg(long)]
    filter: Option<String>,
    /// Sort by the distance from this node.
    #[arg(long)]
    near: Option<String>,
    /// Only nodes with this metadata, as `key=value`; may be repeated.
    #[arg(long)]
    node_meta: Vec<String>,
    /// Only nodes with an instance of this service.
    #[arg(long)]
    service: Option<String>,
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    no_words(&flags.words)?;
    let mut query = meta(&flags.node_meta);
    query.extend(flags.near.map(|near| ("near", near)));
    query.extend(flags.filter.map(|filter| ("filter", filter)));
    let query = borrowed(&query);
    let answer = match &flags.service {
        Some(service) => {
            let path = format!("/v1/catalog/service/{}", segment(service));
            flags.http.get("Error listing nodes", &path, &query).await?
        }
        None => flags.http.get("Error listing nodes", "/v1/catalog/nodes", &query).await?,
    };
    let mut nodes: Vec<&Value> = answer.as_array().into_iter().flatten().collect();
    if flags.service.is_some() {
        // A node with several instances stands there several times.
        let mut seen = std::collections::BTreeSet::new();
        nodes.retain(|node| seen.insert(text(node, "Node")));
    }
    if nodes.is_empty() {
        eprintln!("No nodes match the given query - try expanding your search.");
        return Ok(());
    }
    let mut rows = vec![match flags.detailed {
        true => row(["Node", "ID", "Address", "DC", "TaggedAddresses", "Meta"]),
        false => row(["Node", "ID", "Address", "DC"]),
    }];
    for node in nodes {
        let id: String = match flags.detailed {
            true => text(node, "ID").to_owned(),
            false => text(node, "ID").chars().take(8).collect(),
        };
        let mut cells = row([text(node, "Node"), &id, text(node, "Address"), text(node, "Datacenter")]);
        if flags.detailed {
            let meta = node.get("Meta").or_else(|| node.get("NodeMeta"));
            cells.push(pairs(node.get("TaggedAddresses"), ", "));
            cells.push(pairs(meta, ", "));
        }
        rows.push(cells);
    }
    say!("{}", render(&rows));
    Ok(())
}
