//! What is measured, in turn: each contestant alone on the machine, round after round.

use std::path::{Path, PathBuf};

use crate::contestant::{Cluster, Kind};
use crate::report::{Better, Report};
use crate::{BenchError, Options, fanout, load, seed};

const PORTS: u16 = 21_500;

/// Runs every scenario for every contestant, alternating, `rounds` times.
pub(crate) async fn run_all(
    contestants: &[(Kind, PathBuf)],
    options: &Options,
) -> Result<Report, BenchError> {
    let mut report = Report::default();
    for _ in 0..options.rounds {
        for (kind, binary) in contestants {
            if let Err(error) = single(&mut report, *kind, binary, options).await {
                report.fail(*kind, "single server", &error.to_string());
            }
        }
        for (kind, binary) in contestants {
            if let Err(error) = three(&mut report, *kind, binary, options).await {
                report.fail(*kind, "three servers", &error.to_string());
            }
        }
    }
    for (kind, binary) in contestants {
        if let Err(error) = memory(&mut report, *kind, binary, options).await {
            report.fail(*kind, "memory", &error.to_string());
        }
    }
    Ok(report)
}

async fn single(report: &mut Report, kind: Kind, binary: &Path, options: &Options) -> Result<(), BenchError> {
    let cluster = Cluster::start(kind, binary, 1, PORTS).await?;
    let ready = cluster.ready_after.as_secs_f64() * 1000.0;
    report.add(
        kind,
        ("start to first accepted write", "ms", Better::Less),
        "agent -server -bootstrap",
        ready,
    );
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let idle = cluster.resident_kib()? as f64 / 1024.0;
    report.add(kind, ("resident memory, idle", "MiB", Better::Less), "VmRSS", idle);
    let url = cluster.url(0);
    seed::small(&url).await?;
    let reads: [(&str, &str, Option<&str>); 4] = [
        ("health reads (?passing)", "/v1/health/service/web?passing", None),
        ("health reads (?stale)", "/v1/health/service/web?stale", None),
        ("/catalog/services reads", "/v1/catalog/services", None),
        ("KV reads", "", Some("get.lua")),
    ];
    for (name, path, script) in reads.into_iter().filter(|(name, ..)| name.contains(&options.only)) {
        let rate = load::wrk(&format!("{url}{path}"), 32, options.seconds, script).await?;
        report.add(kind, (name, "1/s", Better::More), &format!("wrk -t1 -c32 {path}"), rate);
    }
    for (name, question) in [
        ("DNS A", "web.service.consul A"),
        ("DNS SRV", "web.service.consul SRV"),
        ("DNS node A", "node1.node.consul A"),
    ]
    .into_iter()
    .filter(|(name, _)| name.contains(&options.only))
    {
        let rate = load::dnsperf(cluster.dns_port(), question, options.seconds).await?;
        report.add(kind, (name, "1/s", Better::More), &format!("dnsperf -c8 -T1 -q200 {question}"), rate);
    }
    for clients in [1, 64] {
        let name = format!("KV writes, one server, {clients} clients");
        if name.contains(&options.only) {
            let rate = load::wrk(&url, clients, options.seconds, Some("put.lua")).await?;
            report.add(kind, (&name, "1/s", Better::More), &format!("wrk -t1 -c{clients} -s put.lua"), rate);
        }
    }
    if "fan-out".contains(&options.only) {
        let cost = fanout::measure(&cluster, 1000, report_turn()).await?;
        let name = "fan-out to 1,000 waiters: last answer";
        report.add(
            kind,
            (name, "ms", Better::Less),
            "1,000 raw connections",
            cost.last_answer.as_secs_f64() * 1e3,
        );
        report.add(
            kind,
            ("fan-out to 1,000 waiters: CPU", "ms", Better::Less),
            "utime + stime",
            cost.cpu * 1e3,
        );
    }
    if "registrations".contains(&options.only) {
        let rate = load::wrk(&url, 16, options.seconds, Some("register.lua")).await?;
        report.add(kind, ("registrations", "1/s", Better::More), "wrk -t1 -c16 -s register.lua", rate);
    }
    Ok(())
}

async fn three(report: &mut Report, kind: Kind, binary: &Path, options: &Options) -> Result<(), BenchError> {
    let mut cluster = Cluster::start(kind, binary, 3, PORTS + 100).await?;
    let url = cluster.url(0);
    for clients in [1, 64] {
        let name = format!("KV writes, three servers, {clients} clients");
        if name.contains(&options.only) {
            let rate = load::wrk(&url, clients, options.seconds, Some("put.lua")).await?;
            report.add(kind, (&name, "1/s", Better::More), &format!("wrk -t1 -c{clients} -s put.lua"), rate);
        }
    }
    if "leader kill".contains(&options.only) {
        let gap = cluster.kill_leader().await?.as_secs_f64() * 1000.0;
        report.add(kind, ("leader kill to first accepted write", "ms", Better::Less), "SIGKILL", gap);
    }
    Ok(())
}

async fn memory(report: &mut Report, kind: Kind, binary: &Path, options: &Options) -> Result<(), BenchError> {
    if !"memory".contains(&options.only) {
        return Ok(());
    }
    let cluster = Cluster::start(kind, binary, 1, PORTS + 200).await?;
    seed::large(&cluster.url(0), options.instances).await?;
    let full = cluster.resident_kib()? as f64 / 1024.0;
    let name = format!("resident memory with {} instances", options.instances);
    report.add(kind, (&name, "MiB", Better::Less), "VmRSS after /v1/catalog/register", full);
    Ok(())
}

/// A number that no other turn has, so that each fan-out registers a new instance.
fn report_turn() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static TURN: AtomicUsize = AtomicUsize::new(0);
    TURN.fetch_add(1, Ordering::Relaxed)
}
