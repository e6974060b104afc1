//! A soak: mixed load on three servers and a client agent for ten minutes (`MUSTER_SOAK_SECONDS`), a restart of
//! one server every thirty seconds, by SIGKILL and SIGTERM in turn. At the end: no failure that a restart does
//! not explain, no memory that grew, every acknowledged write present. `MUSTER_SOAK_RATE` is how many writes a
//! second each of the eight writers does.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod cluster;
mod ledger;
mod load;
mod report;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use cluster::{Ports, SERVERS};
use ledger::Ledger;
use load::Worker;
use muster_test_process::Agent;
use report::Memory;

const BETWEEN_RESTARTS: Duration = Duration::from_secs(30);
/// A server that takes longer to come back is broken.
const COMES_BACK: Duration = Duration::from_secs(20);
/// In the middle of the run this one is spared, so that its memory can be watched over a long life.
const SPARED: usize = 2;

fn main() -> ExitCode {
    let number = |name: &str, default: f64| {
        let given = std::env::var(name).ok();
        given.map_or(default, |given| {
            given.parse().unwrap_or_else(|_| panic!("{name}={given}: give a number"))
        })
    };
    let length = Duration::from_secs_f64(number("MUSTER_SOAK_SECONDS", 600.0));
    let rate = number("MUSTER_SOAK_RATE", 8.0);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if runtime.block_on(soak(length, rate)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak(length: Duration, rate: f64) -> bool {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut agents = cluster::start();
    for agent in &agents {
        wait_until_writable(agent, &client, Duration::from_secs(60)).await;
    }
    let ledger = Arc::new(Ledger::default());
    let (stop, workers) = (CancellationToken::new(), TaskTracker::new());
    for at in 0..agents.len() {
        let worker = |what: &str| Worker {
            name: format!("{what}-{at}"),
            at: Ports::of(&agents[at]),
            reads_at: Ports::of(&agents[(at + 1) % agents.len()]),
            client: client.clone(),
            ledger: ledger.clone(),
            stop: stop.clone(),
        };
        workers.spawn(worker("first").keys(rate));
        workers.spawn(worker("second").keys(rate));
        workers.spawn(worker("catalog").catalog());
        workers.spawn(worker("watch").watch());
        workers.spawn(worker("names").names());
        workers.spawn(worker("ttl").ttl());
    }
    let (disk, stop_disk) = (ledger.clone(), stop.clone());
    workers.spawn_blocking(move || watch_the_disk(&disk, &stop_disk));
    workers.close();
    println!(
        "soak: {length:?} on three servers and a client agent, {} writers, {rate}/s each",
        agents.len() * 2
    );
    let (mut memory, began) = (Memory::default(), Instant::now());
    let mut restarts: u32 = 0;
    while began.elapsed() < length {
        let next = BETWEEN_RESTARTS * (restarts + 1);
        while began.elapsed() < next.min(length) {
            sleep(Duration::from_secs(1)).await;
            memory.look(began.elapsed(), &agents);
            for (at, agent) in agents.iter_mut().enumerate() {
                if let Some(status) = agent.ended() {
                    ledger.violated(format!("agent {at} ended by itself: {status}"));
                    return report::print(&ledger, &memory, restarts, length);
                }
            }
        }
        if began.elapsed() + BETWEEN_RESTARTS / 2 < length {
            let share = began.elapsed().as_secs_f64() / length.as_secs_f64();
            restart(&mut agents, &client, &ledger, restarts, (0.2..0.8).contains(&share), &mut memory).await;
            restarts += 1;
        } else {
            sleep(length.saturating_sub(began.elapsed())).await;
        }
    }
    stop.cancel();
    workers.wait().await;
    for agent in &agents {
        everything_is_there(agent, &client, &ledger).await;
    }
    report::print(&ledger, &memory, restarts, length)
}

/// Flushes a little each second: a disk that stands still makes every server look slow.
fn watch_the_disk(ledger: &Ledger, stop: &CancellationToken) {
    use std::io::Write as _;
    let mut file = tempfile::tempfile().unwrap();
    while !stop.is_cancelled() {
        let began = Instant::now();
        file.write_all(&[0; 4096]).and_then(|()| file.sync_data()).unwrap();
        ledger.flushed(began.elapsed());
        std::thread::sleep(Duration::from_secs(1));
    }
}

async fn restart(
    agents: &mut [Agent],
    client: &reqwest::Client,
    ledger: &Ledger,
    number: u32,
    spares: bool,
    memory: &mut Memory,
) {
    let candidates = if spares { SPARED } else { SERVERS };
    let victim = usize::try_from(number).unwrap() % candidates;
    let signal = if number.is_multiple_of(2) { Signal::SIGKILL } else { Signal::SIGTERM };
    memory.life_ends(victim);
    ledger.outage_begins();
    let ended_after = agents[victim].stop(signal);
    let down = Instant::now();
    sleep(Duration::from_secs(1)).await;
    agents[victim].start();
    let started = Instant::now();
    wait_until_writable(&agents[victim], client, COMES_BACK).await;
    ledger.outage_ends();
    println!(
        "soak: server {victim} ended by {signal} after {} ms, was down {} ms, wrote again {} ms after its start",
        ended_after.as_millis(),
        (started - down).as_millis(),
        started.elapsed().as_millis(),
    );
}

async fn wait_until_writable(agent: &Agent, client: &reqwest::Client, limit: Duration) {
    let deadline = Instant::now() + limit;
    loop {
        let call = client.put(agent.url("/v1/kv/soak-ready")).body("x");
        match load::ask(call).await {
            Ok(_) => return,
            Err(why) => assert!(Instant::now() < deadline, "not writable within {limit:?}: {why}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Compares all keys with what was acknowledged.
async fn everything_is_there(agent: &Agent, client: &reqwest::Client, ledger: &Ledger) {
    use base64::Engine as _;
    let all = load::ask_json(client.get(agent.url("/v1/kv/soak/?recurse&consistent"))).await;
    let value = |entry: &serde_json::Value| -> Option<(String, u64)> {
        let bytes = base64::engine::general_purpose::STANDARD.decode(entry["Value"].as_str()?).ok()?;
        Some((entry["Key"].as_str()?.to_owned(), String::from_utf8(bytes).ok()?.parse().ok()?))
    };
    let held: std::collections::BTreeMap<String, u64> =
        all.as_array().into_iter().flatten().filter_map(value).collect();
    let keys = ledger.keys.lock().clone();
    for (key, known) in &keys {
        let found = held.get(key).copied();
        if !known.allows(found) {
            ledger.violated(format!("at the end {key} is {found:?} at {}, but {known:?}", agent.name));
        }
        ledger.count("keys compared at the end");
    }
}
