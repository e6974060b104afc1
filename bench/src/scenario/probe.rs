//! From a probe that failed to the DNS answer without its instance.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{Better, Figure};
use crate::servers::Who;
use crate::servers::cluster::{Cluster, Room};
use crate::{BenchError, load::question, seed, stage::Stage};

const FAILURES: usize = 3;
const PATIENCE: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_micros(250);
const NAME: &str = "probed.service.consul";
const HOW: &str = "an HTTP check each second answers 503; A questions each 250 µs until there is no answer";

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    let cluster = Cluster::start(stage, who, 1, Room::All).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(BenchError::io("the probed server"))?;
    let port = listener.local_addr().map_err(BenchError::io("the probed server"))?.port();
    let (ill, (told, mut failed)) = (Arc::new(AtomicBool::new(false)), watch::channel(None));
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(probed(listener, ill.clone(), told));
    let body = format!(
        r#"{{"Name":"probed","Port":80,"Address":"10.9.9.9","Check":{{"HTTP":"http://127.0.0.1:{port}/","Interval":"1s","Timeout":"1s"}}}}"#
    );
    let url = format!("{}/v1/agent/service/register", cluster.url());
    seed::put(&reqwest::Client::new(), &url, body).await?;
    for _ in 0..FAILURES {
        until(&cluster, 1).await?;
        failed.borrow_and_update();
        ill.store(true, Ordering::Relaxed);
        let failing = tokio::time::timeout(PATIENCE, failed.changed()).await;
        failing.ok().and_then(Result::ok).ok_or_else(|| BenchError::Unexpected("nobody probed".into()))?;
        let began = failed.borrow().unwrap_or_else(Instant::now);
        until(&cluster, 0).await?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        figures.push(Figure::new("failing probe to changed DNS answer", "ms", Better::Less, HOW, took));
        ill.store(false, Ordering::Relaxed);
    }
    Ok(())
}

/// Asks until there are `wanted` answers.
async fn until(cluster: &Cluster, wanted: u16) -> Result<(), BenchError> {
    let port = cluster.dns_port();
    // On a thread of its own: the runtime's timers are too coarse, and it must go on answering probes.
    let asking = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if question::answers(port, NAME)? == Some(wanted) {
                return Ok(true);
            }
            std::thread::sleep(EVERY);
        }
        Ok::<bool, BenchError>(false)
    });
    if asking.await.map_err(|error| BenchError::Unexpected(error.to_string()))?? {
        return Ok(());
    }
    let checks = reqwest::get(format!("{}/v1/health/checks/probed", cluster.url())).await?.text().await?;
    Err(BenchError::Unexpected(format!("{NAME} never had {wanted} answers; its checks: {checks}")))
}

/// Answers probes, and tells of the first failure after a success.
async fn probed(listener: TcpListener, ill: Arc<AtomicBool>, told: watch::Sender<Option<Instant>>) {
    let told = Arc::new(told);
    let was_ill = Arc::new(AtomicBool::new(false));
    let mut tasks = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while tasks.try_join_next().is_some() {}
        tasks.spawn(converse(stream, ill.clone(), was_ill.clone(), told.clone()));
    }
}

async fn converse(
    mut stream: TcpStream,
    ill: Arc<AtomicBool>,
    was_ill: Arc<AtomicBool>,
    told: Arc<watch::Sender<Option<Instant>>>,
) {
    let mut request = [0; 4096];
    while stream.read(&mut request).await.is_ok_and(|length| length > 0) {
        let fails = ill.load(Ordering::Relaxed);
        let code = if fails { "503 Service Unavailable" } else { "200 OK" };
        let answer = format!("HTTP/1.1 {code}\r\nContent-Length: 0\r\n\r\n");
        let now = Instant::now();
        if stream.write_all(answer.as_bytes()).await.is_err() {
            break;
        }
        if fails && !was_ill.load(Ordering::Relaxed) {
            told.send_replace(Some(now));
        }
        was_ill.store(fails, Ordering::Relaxed);
    }
}
