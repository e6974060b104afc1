//! `muster catalog`: what is registered in the cluster.

mod datacenters;
mod nodes;
mod services;

use super::Failure;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Lists all known datacenters.
    Datacenters(super::http::WordlessFlags),
    /// Lists all nodes in the given datacenter.
    Nodes(nodes::Flags),
    /// Lists all registered services in a datacenter.
    Services(services::Flags),
}

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Datacenters(flags) => datacenters::run(flags).await,
        Command::Nodes(flags) => nodes::run(flags).await,
        Command::Services(flags) => services::run(flags).await,
    }
}

/// `-node-meta key=value`, as the API takes it.
fn meta(pairs: &[String]) -> Vec<(&str, String)> {
    let colon =
        |pair: &String| pair.split_once('=').map_or(pair.clone(), |(key, value)| format!("{key}:{value}"));
    pairs.iter().map(|pair| ("node-meta", colon(pair))).collect()
}

fn borrowed<'q>(query: &'q [(&'q str, String)]) -> Vec<(&'q str, &'q str)> {
    query.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
