//! Writes of keys, each on disk before it is answered: one client and many, one server and three.

use super::{Figure, rate};
use crate::servers::Who;
use crate::servers::cluster::{Cluster, Room};
use crate::{BenchError, load, stage::Stage};

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    for (size, servers) in [(1, "one server"), (3, "three servers")] {
        let cluster = Cluster::start(stage, who, size, Room::Half).await?;
        let url = cluster.url();
        for (clients, word) in [(1, "1 client"), (64, "64 clients")] {
            let run = load::wrk(&url, clients, stage.options.seconds, Some("put.lua"));
            let what = format!("KV writes, {servers}, {word}");
            let how = format!("wrk -t1 -c{clients} -s bench/lua/put.lua");
            rate(figures, (&what, &how), cluster.process(), run).await?;
        }
    }
    Ok(())
}
