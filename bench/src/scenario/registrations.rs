//! How many instances, each with a check, can be registered in a second.

use super::{Better, Figure, rate};
use crate::servers::Who;
use crate::servers::cluster::{Cluster, Room};
use crate::{BenchError, load, stage::Stage};

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    for (path, script) in [
        ("/v1/agent/service/register", "register_agent.lua"),
        ("/v1/catalog/register", "register_catalog.lua"),
    ] {
        let cluster = Cluster::start(stage, who, 1, Room::Half).await?;
        let url = cluster.url();
        let run = load::wrk(&url, 16, stage.options.seconds, Some(script));
        let names = (format!("registrations by {path}"), format!("wrk -t1 -c16 -s bench/lua/{script}"));
        rate(figures, (&names.0, &names.1), cluster.process(), run).await?;
        if script == "register_agent.lua" {
            figures.push(Figure::new(
                "agent's registrations that the catalog lacks when the load ends",
                "",
                Better::Less,
                "/v1/agent/services against /v1/catalog/node/<own>",
                lacking(&url).await?,
            ));
        }
    }
    Ok(())
}

/// How many services the agent has accepted that the catalog does not know yet.
async fn lacking(url: &str) -> Result<f64, BenchError> {
    let count = async |path: &str, pointer: &str| -> Result<f64, BenchError> {
        let answer: serde_json::Value = reqwest::get(format!("{url}{path}")).await?.json().await?;
        Ok(answer.pointer(pointer).and_then(|found| found.as_object()).map_or(0.0, |map| map.len() as f64))
    };
    let known = count("/v1/catalog/node/bench-server-0", "/Services").await?;
    let accepted = count("/v1/agent/services", "").await?;
    // The server's own service is in the catalog alone.
    Ok((accepted + 1.0 - known).max(0.0))
}
