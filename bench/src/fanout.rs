//! A thousand blocked queries on one service: how long from the change to the last answer.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::{BenchError, contestant::Cluster, seed};

/// What one change cost.
pub(crate) struct Fanout {
    /// From the start of the change to the last waiter's answer.
    pub(crate) last_answer: Duration,
    /// CPU seconds that the server spent on it.
    pub(crate) cpu: f64,
}

/// Blocks `waiters` raw connections on `/v1/health/service/web`, changes it once, and waits for all.
pub(crate) async fn measure(cluster: &Cluster, waiters: usize, turn: usize) -> Result<Fanout, BenchError> {
    let url = cluster.url(0);
    let answer = reqwest::get(format!("{url}/v1/health/service/web")).await?;
    let index = answer
        .headers()
        .get("X-Consul-Index")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("1")
        .to_owned();
    let address = url.trim_start_matches("http://").to_owned();
    let mut tasks = JoinSet::new();
    for _ in 0..waiters {
        let mut stream =
            TcpStream::connect(&address).await.map_err(|e| BenchError::Io(address.clone(), e))?;
        let request = format!(
            "GET /v1/health/service/web?index={index}&wait=60s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.map_err(|e| BenchError::Io(address.clone(), e))?;
        tasks.spawn(async move {
            let mut answer = Vec::with_capacity(8192);
            stream.read_to_end(&mut answer).await.map(|_| (Instant::now(), answer))
        });
    }
    // The server has taken them all in when its CPU rests.
    rest(cluster).await?;
    let (cpu, began) = (cluster.cpu_seconds()?, Instant::now());
    let body = seed::instance("web", 3, 10_000 + turn);
    reqwest::Client::new().put(format!("{url}/v1/catalog/register")).body(body).send().await?;
    let mut last = began;
    while let Some(done) = tasks.join_next().await {
        let (at, answer) = done
            .map_err(|e| BenchError::Unexpected(e.to_string()))?
            .map_err(|e| BenchError::Io("a waiter".into(), e))?;
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(BenchError::Unexpected("a waiter was refused".into()));
        }
        last = last.max(at);
    }
    rest(cluster).await?;
    Ok(Fanout { last_answer: last - began, cpu: cluster.cpu_seconds()? - cpu })
}

async fn rest(cluster: &Cluster) -> Result<(), BenchError> {
    let mut before = cluster.cpu_seconds()?;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = cluster.cpu_seconds()?;
        if now - before < 0.015 {
            return Ok(());
        }
        before = now;
    }
    Ok(())
}
