//! Nodes that aliases name: each is watched at the servers by a blocking query, whoever many aliases ask for it.
//! While no server answers, what was last known holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use muster_healthchecks::Status;
use muster_healthchecks::alias::{Counted, Target, worst};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

use super::near::missing;
use crate::Shared;
use crate::upstream::{CallFailed, Upstream, get, reply, segment};

/// Most nodes that are watched: each costs a call that is open all the time.
const MOST: usize = 64;
/// How long a query may block. Only a node's checks wake it; its instances are looked at anew at least so often.
const WAIT: Duration = Duration::from_secs(10);
/// After a failure, and after an answer that is no news.
const PAUSE: Duration = Duration::from_secs(1);
/// News that wait to be taken.
const NEWS: usize = 16;

/// What the catalog says of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// Nothing where there is no such node.
    services: Option<BTreeSet<String>>,
    checks: Vec<FarCheck>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct FarCheck {
    #[serde(rename = "CheckID")]
    id: String,
    name: String,
    status: String,
    output: String,
    #[serde(rename = "ServiceID")]
    service_id: String,
}

/// News of a node.
type News = (String, Result<View, String>);

/// All nodes that are watched.
pub(super) struct Far {
    watched: HashMap<String, AbortHandle>,
    /// The last news of each that is watched.
    known: HashMap<String, Result<View, String>>,
    tasks: JoinSet<()>,
    send: mpsc::Sender<News>,
    receive: mpsc::Receiver<News>,
}

impl Far {
    pub(super) fn new() -> Self {
        let (send, receive) = mpsc::channel(NEWS);
        Self { watched: HashMap::new(), known: HashMap::new(), tasks: JoinSet::new(), send, receive }
    }

    /// Watches the nodes that aliases name, and no others.
    pub(super) fn keep<U: Upstream>(&mut self, shared: &Shared<U>, aliases: &BTreeMap<Arc<str>, Target>) {
        let named: BTreeSet<&str> =
            aliases.values().map(|target| target.node.as_str()).filter(|node| !node.is_empty()).collect();
        self.watched.retain(|node, task| {
            let stays = named.contains(node.as_str());
            if !stays {
                task.abort();
                self.known.remove(node);
            }
            stays
        });
        for node in named {
            if self.watched.len() >= MOST || self.watched.contains_key(node) {
                continue;
            }
            let task = self.tasks.spawn(watch(shared.clone(), node.to_owned(), self.send.clone()));
            self.watched.insert(node.to_owned(), task);
        }
        while self.tasks.try_join_next().is_some() {}
    }

    /// Waits for news of a node and takes them in.
    pub(super) async fn news(&mut self) {
        let Some((node, news)) = self.receive.recv().await else { return };
        if !self.watched.contains_key(&node) {
            return;
        }
        // What is known is not given up for a failure.
        if news.is_ok() || !matches!(self.known.get(&node), Some(Ok(_))) {
            self.known.insert(node, news);
        }
    }

    /// What an alias of a watched node says; nothing where there are no news yet. `own` is this node with its
    /// aliases: none of them counts for another.
    pub(super) fn verdict(
        &self,
        target: &Target,
        (own, aliases): (&str, &BTreeMap<Arc<str>, Target>),
    ) -> Option<(Status, String)> {
        if !self.watched.contains_key(&target.node) {
            return Some((
                Status::Critical,
                format!("this agent watches {MOST} other nodes for aliases and no more"),
            ));
        }
        let view = match self.known.get(&target.node)? {
            Ok(view) => view,
            Err(why) => {
                let text = format!("Failure checking aliased node or service: {why}");
                return Some((Status::Critical, text));
            }
        };
        let is_alias = |check: &FarCheck| own == target.node && aliases.contains_key(check.id.as_str());
        Some(judge(view, target, is_alias))
    }
}

/// The health of an instance, or of the node as a whole.
fn judge(view: &View, target: &Target, is_left_out: impl Fn(&FarCheck) -> bool) -> (Status, String) {
    let Some(services) = &view.services else {
        return (Status::Critical, format!("Node {} could not be found", target.node));
    };
    if !target.service.is_empty() && !services.contains(&target.service) {
        return (Status::Critical, missing(&target.service, &target.node));
    }
    let counts = |check: &&FarCheck| check.service_id.is_empty() || check.service_id == target.service;
    let checks = view.checks.iter().filter(counts).filter(|check| !is_left_out(check));
    worst(checks.map(|check| Counted {
        name: &check.name,
        status: Status::read(&check.status).unwrap_or(Status::Critical),
        output: &check.output,
    }))
}

/// Tells what the catalog says of a node whenever that may have changed. It ends when it is aborted.
async fn watch<U: Upstream>(shared: Shared<U>, node: String, send: mpsc::Sender<News>) {
    let mut index = 0;
    loop {
        let seen = look(&shared, &node, index).await;
        let (news, next) = match seen {
            Ok((view, next)) => (Ok(view), next),
            Err(error) => (Err(error.to_string()), 0),
        };
        let is_new = next > index;
        if send.send((node.clone(), news)).await.is_err() {
            return;
        }
        // An index that ran back belongs to another history: then everything is asked anew.
        index = if next < index { 0 } else { next };
        if !is_new {
            sleep(PAUSE).await;
        }
    }
}

/// Waits for a change behind `index`, or for a while, and looks; also the index of what was seen.
async fn look<U: Upstream>(shared: &Shared<U>, node: &str, index: u64) -> Result<(View, u64), CallFailed> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Listed {
        node: Option<serde::de::IgnoredAny>,
        services: Option<Vec<FarService>>,
    }
    #[derive(Deserialize)]
    struct FarService {
        #[serde(rename = "ID")]
        id: String,
    }
    let node = segment(node);
    let path = format!("/v1/health/node/{node}?index={index}&wait={}s", WAIT.as_secs());
    let reply = reply(&shared.upstream, Method::GET, &path, Bytes::new()).await?;
    let header = reply.headers().get("x-consul-index").and_then(|value| value.to_str().ok()?.parse().ok());
    let checks: Option<Vec<FarCheck>> =
        serde_json::from_slice(reply.body()).map_err(|error| CallFailed::Garbled(error.to_string()))?;
    let listed: Option<Listed> = get(&shared.upstream, &format!("/v1/catalog/node-services/{node}")).await?;
    let services = listed.filter(|listed| listed.node.is_some());
    let services =
        services.map(|listed| listed.services.into_iter().flatten().map(|service| service.id).collect());
    Ok((View { services, checks: checks.unwrap_or_default() }, header.unwrap_or_default()))
}

#[cfg(test)]
mod tests;
