//! Writes of keys, each on disk before it is answered: one client and many, one server and three. The ceiling of
//! one client's is what the disk leaves to a program that does nothing else.

use super::{Figure, rate};
use crate::servers::Who;
use crate::servers::cluster::{Cluster, Room};
use crate::servers::floor::Floor;
use crate::{BenchError, load, stage::Stage};

/// Seconds of load before what is measured.
const WARM_UP: u32 = 1;

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    if who == Who::Ceiling {
        let floor = Floor::start(stage).await?;
        let url = floor.url();
        let run = load::wrk(&url, 1, stage.options.seconds, Some("put.lua"));
        return rate(figures, (&named("one server", "1 client"), &how(1)), &floor.process, run).await;
    }
    for (size, servers) in [(1, "one server"), (3, "three servers")] {
        let cluster = Cluster::start(stage, who, size, Room::Half).await?;
        let url = cluster.url();
        // What a server writes first it writes into files that grow, as it does but once.
        load::wrk(&url, 64, WARM_UP, Some("put.lua")).await?;
        for (clients, word) in [(1, "1 client"), (64, "64 clients")] {
            let run = load::wrk(&url, clients, stage.options.seconds, Some("put.lua"));
            rate(figures, (&named(servers, word), &how(clients)), cluster.process(), run).await?;
        }
    }
    Ok(())
}

fn named(servers: &str, clients: &str) -> String {
    format!("KV writes, {servers}, {clients}")
}

fn how(clients: u32) -> String {
    format!("wrk -t1 -c{clients} -s bench/lua/put.lua")
}
