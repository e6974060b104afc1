//! What a server holds that knows a large catalog, and how long the filling takes.

use std::time::Instant;

use super::{Better, Figure};
use crate::servers::Who;
use crate::servers::cluster::{Cluster, Room};
use crate::{BenchError, seed, stage::Stage};

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    let count = stage.options.instances;
    let cluster = Cluster::start(stage, who, 1, Room::All).await?;
    let began = Instant::now();
    seed::large(&cluster.url(), count).await?;
    let took = began.elapsed().as_secs_f64();
    let how = "PUT /v1/catalog/register by 128 clients, each an instance with a check";
    figures.push(Figure::new(format!("{count} instances registered in"), "s", Better::Less, how, took));
    let full = cluster.process().resident_mib()?;
    let what = format!("resident memory with {count} instances");
    figures.push(Figure::new(what, "MiB", Better::Less, "VmRSS of /proc/pid/status", full));
    Ok(())
}
