//! From the start of the process to the first accepted write, and what an idle server holds.

use std::time::Duration;

use super::{Better, Figure};
use crate::servers::Who;
use crate::servers::cluster::{Cluster, Room};
use crate::{BenchError, stage::Stage};

const SETTLED: Duration = Duration::from_secs(3);

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    let cluster = Cluster::start(stage, who, 1, Room::All).await?;
    let ready = cluster.ready_after.as_secs_f64() * 1e3;
    let how = "agent -server -bootstrap, PUT /v1/kv/bench-ready until 200";
    figures.push(Figure::new("start to first accepted write", "ms", Better::Less, how, ready));
    tokio::time::sleep(SETTLED).await;
    let idle = cluster.process().resident_mib()?;
    let how = "VmRSS of /proc/pid/status, 3 s later";
    figures.push(Figure::new("resident memory, idle", "MiB", Better::Less, how, idle));
    Ok(())
}
