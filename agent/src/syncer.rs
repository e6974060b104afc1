//! Anti-entropy: makes the catalog agree with this host. A partial round tells what is known to differ, at
//! once when something changed; a full round compares everything, at the start, after a lost lease, and at an
//! interval that grows with the cluster.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use muster_api::catalog::{Address, Weights};
use rand::Rng as _;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::local::{Action, Identity, Key, Remote, RemoteCheck, RemoteNode, RemoteService, compare, plan};
use crate::upstream::{CallFailed, Upstream, call, get, segment};
use crate::{Shared, registration};

/// Most instances and checks that are told at the same time.
const AT_ONCE: usize = 16;
/// The first pause after a failure; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Up to so many nodes the interval is the configured one; it grows by one with each doubling beyond.
const SMALL_CLUSTER: usize = 128;

/// The interval of full rounds in a cluster of `nodes`.
fn scaled(interval: Duration, nodes: usize) -> Duration {
    let doublings = (nodes / SMALL_CLUSTER).checked_ilog2().map_or(0, |log| log + 1);
    interval * (doublings + 1)
}

pub(crate) async fn run<U: Upstream>(shared: &Shared<U>, token: &CancellationToken) {
    let mut next_full = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let full =
            Instant::now() >= next_full || shared.wants_full.swap(false, std::sync::atomic::Ordering::AcqRel);
        // Before the round, so that it tells them.
        let due = shared.local.lock().outputs_due(Instant::now());
        let done = tokio::select! {
            () = token.cancelled() => return,
            done = one_round(shared, full) => done,
        };
        let failed = match done {
            Ok(()) => {
                pause = FIRST_PAUSE;
                if full {
                    let interval = scaled(shared.config.sync_interval, shared.cluster_size());
                    next_full = Instant::now() + jittered(interval);
                }
                None
            }
            Err(error) => {
                tracing::warn!(%error, ?pause, "the catalog was not told; once more after a pause");
                next_full = Instant::now();
                let again = Instant::now() + jittered(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
                Some(again)
            }
        };
        let until = failed.unwrap_or_else(|| due.map_or(next_full, |due| due.min(next_full)));
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::time::sleep_until(until) => {}
            () = shared.changed.notified(), if failed.is_none() => {}
            // Whoever renews the lease can be told everything else: that it is worth waiting is over.
            () = shared.regained.notified(), if failed.is_some() => pause = FIRST_PAUSE,
        }
    }
}

/// Up to a quarter longer, so that hosts that started together do not all come at once.
fn jittered(base: Duration) -> Duration {
    base + base.mul_f64(rand::rng().random_range(0.0..0.25))
}

async fn one_round<U: Upstream>(shared: &Shared<U>, full: bool) -> Result<(), CallFailed> {
    if shared.left.load(std::sync::atomic::Ordering::Acquire) {
        return Ok(());
    }
    if full {
        let remote = fetch(shared).await?;
        let config = &shared.config;
        let us = Identity {
            id: &config.node_id,
            address: &config.address,
            meta: &config.meta,
            server: config.server_port != 0,
        };
        let lost = |key: &Key| shared.store.as_ref().is_some_and(|store| store.is_aside(key));
        let first = compare(&mut shared.local.lock(), &remote, us, lost);
        drop_settled(shared).await;
        if let Some(action) = first {
            tell(shared, &action).await?;
        }
    }
    let actions = plan(&shared.local.lock());
    let (node, rest): (Vec<_>, Vec<_>) = actions.into_iter().partition(|action| *action == Action::Node);
    for action in node {
        tell(shared, &action).await?;
    }
    tell_all(shared, rest).await
}

async fn tell_all<U: Upstream>(shared: &Shared<U>, actions: Vec<Action>) -> Result<(), CallFailed> {
    let mut actions = actions.into_iter();
    if actions.len() <= 1 {
        return match actions.next() {
            Some(action) => tell(shared, &action).await,
            None => Ok(()),
        };
    }
    let mut running = JoinSet::new();
    let mut first_failure = Ok(());
    loop {
        while running.len() < AT_ONCE {
            let Some(action) = actions.next() else { break };
            let shared = shared.clone();
            running.spawn(async move { tell(&shared, &action).await });
        }
        match running.join_next().await {
            None => return first_failure,
            Some(Ok(done)) => first_failure = first_failure.and(done),
            Some(Err(error)) => tracing::error!(%error, "a task of anti-entropy broke down"),
        }
    }
}

async fn fetch<U: Upstream>(shared: &Shared<U>) -> Result<Remote, CallFailed> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Listed {
        node: Option<RemoteNode>,
        services: Option<Vec<RemoteService>>,
    }
    let node = segment(&shared.config.node);
    let listed: Listed = get(&shared.upstream, &format!("/v1/catalog/node-services/{node}")).await?;
    let checks: Vec<RemoteCheck> = get(&shared.upstream, &format!("/v1/health/node/{node}")).await?;
    Ok(Remote {
        node: listed.node,
        services: listed
            .services
            .into_iter()
            .flatten()
            .map(|service| (service.id.clone(), service))
            .collect(),
        checks: checks.into_iter().map(|check| (check.id.clone(), check)).collect(),
    })
}

/// Says one thing to the catalog. A refusal of one instance is its own affair: it is logged and does not keep
/// the others from being told.
async fn tell<U: Upstream>(shared: &Shared<U>, action: &Action) -> Result<(), CallFailed> {
    let Some((path, body)) = request(shared, action) else { return Ok(()) };
    // Why it goes, for those who ask later.
    let path = match action {
        Action::ForgetService { id, .. } => format!("{path}?by={}", shared.local.lock().cause(id).as_str()),
        Action::ForgetFormerLife | Action::ForgetCheck { .. } => format!("{path}?by=agent"),
        _ => path.to_owned(),
    };
    let body = Bytes::from(body.to_string());
    match call(&shared.upstream, Method::PUT, &path, body).await {
        Ok(_) => {}
        Err(CallFailed::Refused { status, text }) if status < 500 => {
            tracing::error!(?action, status, text, "the catalog refuses what is registered here");
            return Ok(());
        }
        Err(error) => return Err(error),
    }
    shared.local.lock().told(action);
    match action {
        Action::Node => tracing::info!("this node is registered"),
        Action::ForgetFormerLife => tracing::info!("a former node of this name was removed"),
        Action::ForgetService { .. } | Action::ForgetCheck { .. } => drop_settled(shared).await,
        Action::Service { .. } | Action::Check { .. } => {}
    }
    Ok(())
}

/// What the catalog has forgotten need not be remembered on disk.
async fn drop_settled<U: Upstream>(shared: &Shared<U>) {
    let settled = shared.local.lock().take_settled();
    registration::drop_marks(shared, settled).await;
}

const REGISTER: &str = "/v1/catalog/register";
const DEREGISTER: &str = "/v1/catalog/deregister";

/// Path and body of what `action` has to say now; nothing where it is no longer so.
fn request<U: Upstream>(shared: &Shared<U>, action: &Action) -> Option<(&'static str, Value)> {
    let config = &shared.config;
    let local = shared.local.lock();
    if !local.still(action) {
        return None;
    }
    Some(match action {
        Action::ForgetFormerLife => (DEREGISTER, json!({ "Node": config.node })),
        Action::Node => (REGISTER, node(shared)),
        Action::Service { id, checks, .. } => {
            let service = &local.service(id)?.definition;
            let checks: Vec<Value> =
                checks.iter().filter_map(|(id, _)| local.check(id).map(|held| check(config, held))).collect();
            let mut body = json!({
                "Node": config.node, "ID": config.node_id, "Address": config.address, "SkipNodeUpdate": true,
                "Service": instance(service),
            });
            body["Checks"] = Value::from(checks);
            (REGISTER, body)
        }
        Action::Check { id, .. } => {
            let held = local.check(id)?;
            let check = check(config, held);
            (
                REGISTER,
                json!({
                    "Node": config.node, "ID": config.node_id, "Address": config.address,
                    "SkipNodeUpdate": true, "Check": check,
                }),
            )
        }
        Action::ForgetService { id, .. } => (DEREGISTER, json!({ "Node": config.node, "ServiceID": id })),
        Action::ForgetCheck { id, .. } => (DEREGISTER, json!({ "Node": config.node, "CheckID": id })),
    })
}

fn node<U: Upstream>(shared: &Shared<U>) -> Value {
    let config = &shared.config;
    let mut body = json!({
        "Node": config.node, "ID": config.node_id, "Address": config.address, "NodeMeta": config.meta,
        "TaggedAddresses": {
            "lan": config.address, "lan_ipv4": config.address,
            "wan": config.address, "wan_ipv4": config.address,
        },
        "Check": {
            "CheckID": "serfHealth", "Name": "Serf Health Status", "Status": "passing",
            "Output": "Agent alive and reachable",
        },
    });
    if config.server_port != 0 {
        body["Service"] = json!({
            "ID": "consul", "Service": "consul", "Port": config.server_port,
            // What Consul's own tools look for; the protocol numbers are those of its 1.8 line.
            "Meta": {
                "version": config.version, "raft_version": "3", "non_voter": "false",
                "serf_protocol_current": "2", "serf_protocol_max": "5", "serf_protocol_min": "1",
            },
        });
    }
    body
}

fn instance(service: &muster_api::service::ServiceDefinition) -> Value {
    let addresses =
        |(name, at): (&String, &Address)| (name.clone(), json!({ "Address": at.address, "Port": at.port }));
    let weights = service.weights.unwrap_or(Weights::NONE_GIVEN);
    let mut body = json!({
        "ID": service.id, "Service": service.name, "Kind": service.kind, "Address": service.address,
        "Tags": service.tags.as_deref().unwrap_or_default(),
        "Meta": service.meta.clone().unwrap_or_default(), "Port": service.port,
        "Weights": { "Passing": weights.passing, "Warning": weights.warning },
        "EnableTagOverride": service.enable_tag_override,
    });
    if let Some(named) = &service.tagged_addresses {
        body["TaggedAddresses"] = Value::Object(named.iter().map(addresses).collect());
    }
    for (name, kept) in [("Proxy", &service.proxy), ("Connect", &service.connect)] {
        if let Some(kept) = kept {
            body[name] = kept.clone();
        }
    }
    body
}

fn check(config: &crate::Config, held: &crate::local::LocalCheck) -> Value {
    json!({
        "Node": config.node, "CheckID": held.definition.id, "Name": held.definition.name,
        "Status": held.status.as_str(), "Notes": held.definition.notes, "Output": held.output,
        "ServiceID": held.definition.service_id, "Type": held.kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_grows_with_the_logarithm_of_the_cluster() {
        let minute = Duration::from_secs(60);
        for (nodes, minutes) in [(0, 1), (127, 1), (128, 2), (255, 2), (256, 3), (1024, 5)] {
            assert_eq!(scaled(minute, nodes), minute * minutes, "{nodes}");
        }
    }
}
