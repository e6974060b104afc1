//! `muster catalog`.

use super::Failure;
use super::http::HttpFlags;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Lists the datacenters.
    Datacenters(#[command(flatten)] HttpFlags),
    /// Lists the nodes.
    Nodes(#[command(flatten)] HttpFlags),
    /// Lists the services.
    Services {
        #[command(flatten)]
        http: HttpFlags,
        /// With their tags.
        #[arg(long)]
        tags: bool,
    },
}

pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Datacenters(http) => {
            for name in http.get("/v1/catalog/datacenters").await?.as_array().into_iter().flatten() {
                println!("{}", name.as_str().unwrap_or_default());
            }
        }
        Command::Nodes(http) => {
            println!("{:<24}{:<10}{:<24}DC", "Node", "ID", "Address");
            for node in http.get("/v1/catalog/nodes").await?.as_array().into_iter().flatten() {
                let text = |field: &str| node.get(field).and_then(|value| value.as_str()).unwrap_or_default();
                let id: String = text("ID").chars().take(8).collect();
                println!("{:<24}{id:<10}{:<24}{}", text("Node"), text("Address"), text("Datacenter"));
            }
        }
        Command::Services { http, tags } => {
            for (name, list) in http.get("/v1/catalog/services").await?.as_object().into_iter().flatten() {
                let list: Vec<&str> =
                    list.as_array().into_iter().flatten().filter_map(|tag| tag.as_str()).collect();
                if tags { println!("{name:<24}{}", list.join(",")) } else { println!("{name}") }
            }
        }
    }
    Ok(())
}
