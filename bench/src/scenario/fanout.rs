//! A thousand blocked queries on one service: how long from the change to the last answer, and what it costs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Better, Figure};
use crate::servers::cluster::{Cluster, Room};
use crate::servers::{Process, Who};
use crate::{BenchError, seed, stage::Stage};

const WAITERS: usize = 1000;
const CHANGES: usize = 3;
/// The longest that an answer may take: a server that refuses waiters is a failure, and no pause.
const LONGEST: Duration = Duration::from_secs(70);
const HOW: &str =
    "1,000 connections, GET /v1/health/service/web?index=N&wait=60s, one PUT /v1/catalog/register";

pub(super) async fn run(stage: &Stage, who: Who, figures: &mut Vec<Figure>) -> Result<(), BenchError> {
    let cluster = Cluster::start(stage, who, 1, Room::Half).await?;
    let url = cluster.url();
    seed::small(&url).await?;
    for change in 0..CHANGES {
        let process = cluster.process();
        let waiters = block(&url).await?;
        // The server has taken them all in when its CPU rests.
        rest(process).await?;
        let (cpu, began) = (process.cpu_seconds()?, Instant::now());
        // A plain thread, that the load's own cost be small beside the server's.
        let reading = tokio::task::spawn_blocking(move || {
            let mut waiters = waiters;
            waiters.iter_mut().try_for_each(answered).map(|()| (Instant::now(), waiters))
        });
        // A new check state of an instance that is there: the answers keep their size.
        let body = seed::instance("web", change, change).replace("\"zone\":\"a\"", "\"zone\":\"b\"");
        seed::put(&reqwest::Client::new(), &format!("{url}/v1/catalog/register"), body).await?;
        let (last, waiters) = reading.await.map_err(|error| BenchError::Unexpected(error.to_string()))??;
        rest(process).await?;
        let (took, cpu) = ((last - began).as_secs_f64() * 1e3, (process.cpu_seconds()? - cpu) * 1e3);
        drop(waiters);
        figures.push(Figure::new("1,000 waiters: change to last answer", "ms", Better::Less, HOW, took));
        figures.push(Figure::new("1,000 waiters: server's CPU", "ms", Better::Less, HOW, cpu));
    }
    Ok(())
}

/// Waiters on the service `web`, each on a connection that it keeps, as clients do.
async fn block(url: &str) -> Result<Vec<TcpStream>, BenchError> {
    let answer = reqwest::get(format!("{url}/v1/health/service/web")).await?;
    let index = answer.headers().get("X-Consul-Index").and_then(|value| value.to_str().ok()).unwrap_or("1");
    let request =
        format!("GET /v1/health/service/web?index={index}&wait=60s HTTP/1.1\r\nHost: bench\r\n\r\n");
    let address = url.trim_start_matches("http://");
    let waiter = |_| {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(LONGEST))?;
        stream.write_all(request.as_bytes())?;
        Ok(stream)
    };
    (0..WAITERS).map(waiter).collect::<Result<_, _>>().map_err(BenchError::io(address))
}

/// Takes in a waiter's whole answer.
fn answered(waiter: &mut TcpStream) -> Result<(), BenchError> {
    let (mut answer, mut piece) = (Vec::with_capacity(16 << 10), [0; 16 << 10]);
    while !is_whole(&answer) {
        let length = waiter.read(&mut piece).map_err(BenchError::io("a waiter"))?;
        if length == 0 {
            return Err(BenchError::Unexpected("a waiter's connection was closed".into()));
        }
        answer.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    if answer.starts_with(b"HTTP/1.1 200") {
        return Ok(());
    }
    let head = String::from_utf8_lossy(answer.get(..80).unwrap_or(&answer)).into_owned();
    Err(BenchError::Unexpected(format!("a waiter was told {head}")))
}

/// Whether an answer has come to its end, by its length or its last chunk.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let (head, body) = answer.split_at(end + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    match head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()) {
        Some(length) => body.len() >= length,
        None => body.ends_with(b"0\r\n\r\n"),
    }
}

/// Waits until the process spends next to nothing.
async fn rest(process: &Process) -> Result<(), BenchError> {
    let mut before = process.cpu_seconds()?;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = process.cpu_seconds()?;
        if now - before < 0.015 {
            break;
        }
        before = now;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    #[test]
    fn an_answer_ends_with_its_length_or_its_last_chunk() {
        let sized = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
        for answer in [&sized[..], chunked] {
            assert!(is_whole(answer));
            assert!((0..answer.len()).all(|cut| !is_whole(&answer[..cut])));
        }
    }
}
