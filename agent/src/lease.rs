//! Keeps this node's lease. The servers decide when it is lost; here is only told that it was, so that
//! everything is compared with the catalog again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::Shared;
use crate::upstream::{CallFailed, Upstream, call};

/// The longest that one renewal may take: less than what is left of the lease by then.
const LONGEST: Duration = Duration::from_secs(2);

/// What a server says to a renewal.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Renewed {
    /// Whether the catalog knows the node.
    known: bool,
    /// How many nodes there are.
    nodes: usize,
}

pub(crate) async fn keep<U: Upstream>(shared: &Shared<U>, token: &CancellationToken) {
    let body = Bytes::from(json!({ "Node": shared.config.node, "ID": shared.config.node_id }).to_string());
    let mut held = true;
    loop {
        if shared.left.load(Ordering::Acquire) {
            // Where the leave is refused, the node stays and renews again.
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(shared.config.renew_interval) => continue,
            }
        }
        let renewed = tokio::select! {
            () = token.cancelled() => return,
            renewed = renew(shared, body.clone()) => renewed,
        };
        match renewed {
            Ok(renewed) => {
                shared.nodes.store(renewed.nodes, Ordering::Relaxed);
                if !held || !renewed.known {
                    shared.compare_everything();
                }
                if !held {
                    shared.regained.notify_one();
                }
                held = true;
            }
            Err(error) => {
                if held {
                    tracing::warn!(%error, "the lease was not renewed");
                }
                held = false;
            }
        }
        tokio::select! {
            () = token.cancelled() => return,
            () = tokio::time::sleep(shared.config.renew_interval) => {}
        }
    }
}

/// Leaves: the node goes from the catalog, and no lease is asked for any more.
pub(crate) async fn give_up<U: Upstream>(shared: &Shared<U>) -> Result<(), CallFailed> {
    shared.left.store(true, Ordering::Release);
    let body = Bytes::from(json!({ "Node": shared.config.node, "ID": shared.config.node_id }).to_string());
    let left = call(&shared.upstream, Method::PUT, "/leave", body).await.map(drop);
    if left.is_err() {
        shared.left.store(false, Ordering::Release);
    }
    left
}

async fn renew<U: Upstream>(shared: &Shared<U>, body: Bytes) -> Result<Renewed, CallFailed> {
    let asked = call(&shared.upstream, Method::PUT, "/lease", body);
    let late = |_| CallFailed::Garbled(format!("no answer within {LONGEST:?}"));
    let answer = tokio::time::timeout(LONGEST, asked).await.map_err(late)??;
    serde_json::from_slice(&answer).map_err(|error| CallFailed::Garbled(error.to_string()))
}
