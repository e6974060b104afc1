//! Keeps each name's place true: a query that blocks at the server in use, asked again whenever it is answered, and
//! asked elsewhere when another server is in use. What is known stays until something better comes: a server that
//! knows no leader is only believed where nothing is known.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use muster_dns::Subject;
use muster_server::names;
use rand::Rng as _;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::super::dns_facts;
use super::super::upstream_remote::{Servers, Told};
use super::slots::{Known, Slot, Slots};

/// How long a server holds an answer that has not changed.
const WAIT: &str = "60s";
/// Watches that must move to another server, or have failed, do so within this, not all at once.
const SPREAD: Duration = Duration::from_secs(1);
/// The first pause after a failure where nothing is known; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// A new place that has to be watched.
pub(super) type Start = (Subject, Arc<Slot>);

/// Runs `keep` for each place that comes until nobody asks for the name any more, or `token` ends all. However a watch
/// ends, its place is given back.
pub(super) async fn drive<F>(
    slots: Arc<Slots>,
    mut starts: mpsc::Receiver<Start>,
    token: CancellationToken,
    keep: impl Fn(Subject, Arc<Slot>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let (mut watches, mut running) = (JoinSet::new(), HashMap::new());
    loop {
        tokio::select! {
            () = token.cancelled() => break,
            Some(ended) = watches.join_next_with_id() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(error) => {
                        tracing::error!(%error, "a watch broke down");
                        error.id()
                    }
                };
                if let Some((subject, slot)) = running.remove(&id) {
                    slots.remove(&subject, &slot);
                }
            }
            start = starts.recv() => {
                let Some((subject, slot)) = start else { break };
                let (slots, watched) = (slots.clone(), slot.clone());
                let keeping = keep(subject.clone(), slot.clone());
                let watch = watches.spawn(async move {
                    tokio::select! {
                        () = slots.idle(&watched) => {}
                        () = keeping => {}
                    }
                });
                running.insert(watch.id(), (subject, slot));
            }
        }
    }
    watches.shutdown().await;
}

/// Watches `subject` without an end.
pub(super) async fn keep_fresh(servers: Servers, slots: Arc<Slots>, subject: Subject, slot: Arc<Slot>) {
    let (mut in_use, mut seen, mut pause) = (servers.in_use(), 0, FIRST_PAUSE);
    loop {
        let at = in_use.borrow_and_update().clone();
        let told = match &at {
            Some(address) => {
                let path = format!("{}?index={seen}&wait={WAIT}", path_of(&subject));
                tokio::select! {
                    told = servers.watch(address, &path) => told,
                    () = moved(&mut in_use, address, &slot) => {
                        seen = 0;
                        continue;
                    }
                }
            }
            None => Err("No known Consul servers".into()),
        };
        seen = 0;
        match told.and_then(|told| Ok((told.led, version(&told), read(&subject, &told)?))) {
            Ok((led, version, known)) => {
                if led || !slot.is_known() {
                    slots.put(&slot, known);
                }
                if led {
                    (seen, pause) = (version, FIRST_PAUSE);
                    continue;
                }
            }
            Err(error) => tracing::debug!(?subject, error, "a watch will ask again"),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        tokio::time::sleep(if slot.is_known() { spread().max(pause) } else { pause }).await;
    }
}

fn spread() -> Duration {
    SPREAD.mul_f64(rand::rng().random_range(0.0..1.0))
}

/// Ends some time after another server than the one at `address` is in use.
async fn moved(in_use: &mut watch::Receiver<Option<String>>, address: &str, slot: &Slot) {
    loop {
        if in_use.changed().await.is_err() {
            return std::future::pending().await;
        }
        if slot.is_known() {
            tokio::time::sleep(spread()).await;
        }
        if in_use.borrow_and_update().as_deref() != Some(address) {
            return;
        }
    }
}

/// Where servers are asked about `subject`.
pub(super) fn path_of(subject: &Subject) -> String {
    let segment = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    match subject {
        Subject::Service(name) => format!("/names/service/{}", segment(name)),
        Subject::Node(name) => format!("/names/node/{}", segment(name)),
        Subject::Address(address) => format!("/names/address/{address}"),
        // Every server registers itself so.
        Subject::Servers => "/names/service/consul".into(),
    }
}

fn version(told: &Told) -> u64 {
    let header = told.reply.headers().get("x-consul-index");
    header.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// What a server said about `subject`.
pub(super) fn read(subject: &Subject, told: &Told) -> Result<Known, String> {
    fn json<T: DeserializeOwned>(told: &Told) -> Result<T, String> {
        serde_json::from_slice(told.reply.body()).map_err(|error| error.to_string())
    }
    Ok(match subject {
        Subject::Service(_) | Subject::Servers => {
            let said: Vec<names::InstanceFacts> = json(told)?;
            Known::Service(said.into_iter().map(dns_facts::instance).collect())
        }
        Subject::Node(_) => Known::Node(json::<Option<names::NodeFacts>>(told)?.map(dns_facts::node)),
        Subject::Address(_) => {
            let said: Vec<names::Owner> = json(told)?;
            Known::Owners(said.into_iter().map(dns_facts::owner).collect())
        }
    })
}
