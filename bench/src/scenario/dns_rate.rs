//! Names per second by UDP. The ceiling is Knot with the same records. On few processors dnsperf is slower
//! than the servers: the flood shows what they can do.

use super::{Figure, rate};
use crate::load::question::{A, SRV};
use crate::servers::cluster::{Cluster, Room};
use crate::servers::knot::Knot;
use crate::servers::{Process, Who};
use crate::{BenchError, load, seed, stage::Stage};

/// Without EDNS Consul gives at most three answers, and calls that enough: then it has less to write.
const QUESTIONS: [(&str, &str, bool); 3] = [
    ("DNS A (10 instances)", "web.service.consul A", false),
    ("DNS SRV (10 instances)", "web.service.consul SRV", false),
    ("DNS SRV (10 instances), EDNS", "web.service.consul SRV", true),
];

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    if who == Who::Ceiling {
        let knot = Knot::start(stage).await?;
        return load_all(stage, knot.port, &knot.process, figures).await;
    }
    let cluster = Cluster::start(stage, who, 1, Room::Half).await?;
    seed::small(&cluster.url()).await?;
    load_all(stage, cluster.dns_port(), cluster.process(), figures).await
}

async fn load_all(
    stage: &Stage,
    port: u16,
    process: &Process,
    figures: &mut Vec<Figure>,
) -> Result<(), BenchError> {
    for (what, question, edns) in QUESTIONS {
        let run = load::dnsperf(port, question, edns, stage.options.seconds);
        let flag = if edns { " -e" } else { "" };
        let how = format!("dnsperf -c8 -T1 -q200{flag}, {question}");
        rate(figures, (what, &how), process, run).await?;
    }
    for (what, kind) in [("DNS A (10 instances), flood", A), ("DNS SRV (10 instances), flood", SRV)] {
        let run = load::flood(port, "web.service.consul", kind, stage.options.seconds);
        let how = "bench/src/load/flood.rs: sendmmsg and recvmmsg, 8 sockets, 16 questions on their way each";
        rate(figures, (what, how), process, run).await?;
    }
    Ok(())
}
