//! Reads by HTTP. The ceiling is nginx with Muster's answers as files.

use super::{Figure, rate};
use crate::servers::cluster::{Cluster, Room};
use crate::servers::nginx::Nginx;
use crate::servers::{Process, Who};
use crate::{BenchError, load, seed, stage::Stage};

const READS: [(&str, &str, Option<&str>); 3] = [
    ("health reads (?passing, 10 instances)", "/v1/health/service/web?passing", None),
    ("/catalog/services reads (300 services)", "/v1/catalog/services", None),
    ("KV reads", "", Some("get.lua")),
];

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    if who == Who::Ceiling {
        let nginx = Nginx::start(stage, stage.captured()).await?;
        return load_all(stage, &nginx.url(), &nginx.process, figures).await;
    }
    let cluster = Cluster::start(stage, who, 1, Room::Half).await?;
    let url = cluster.url();
    seed::small(&url).await?;
    if who == Who::Muster {
        capture(stage, &url).await?;
    }
    load_all(stage, &url, cluster.process(), figures).await
}

async fn load_all(
    stage: &Stage,
    url: &str,
    process: &Process,
    figures: &mut Vec<Figure>,
) -> Result<(), BenchError> {
    for (what, path, script) in READS {
        let target = format!("{url}{path}");
        let run = load::wrk(&target, 32, stage.options.seconds, script);
        let how = match script {
            Some(script) => format!("wrk -t1 -c32 -s bench/lua/{script}"),
            None => format!("wrk -t1 -c32 {path}"),
        };
        rate(figures, (what, &how), process, run).await?;
    }
    Ok(())
}

/// Keeps each answer that will be asked for, as a file under its path.
async fn capture(stage: &Stage, url: &str) -> Result<(), BenchError> {
    let keys = (0..seed::KEYS).map(|key| format!("/v1/kv/seed/{key}"));
    let paths = READS.iter().filter(|(.., script)| script.is_none()).map(|(_, path, _)| (*path).to_owned());
    let client = reqwest::Client::new();
    for path in paths.chain(keys) {
        let body = client.get(format!("{url}{path}")).send().await?.error_for_status()?.bytes().await?;
        let name = path.split('?').next().unwrap_or(&path).trim_start_matches('/');
        let file = stage.captured().join(name);
        let shown = file.display().to_string();
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(BenchError::io(&shown))?;
        }
        std::fs::write(&file, &body).map_err(BenchError::io(shown))?;
    }
    Ok(())
}
