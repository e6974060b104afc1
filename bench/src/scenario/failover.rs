//! From the leader's sudden end to the first write that another accepts.

use super::{Better, Figure};
use crate::servers::Who;
use crate::servers::cluster::{Cluster, Room};
use crate::{BenchError, stage::Stage};

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    let mut cluster = Cluster::start(stage, who, 3, Room::All).await?;
    let how = "SIGKILL to the leader of three, PUT /v1/kv/bench-ready to the others until 200";
    let gap = cluster.kill_leader().await?.as_secs_f64() * 1e3;
    figures.push(Figure::new("leader's end to first accepted write", "ms", Better::Less, how, gap));
    Ok(())
}
