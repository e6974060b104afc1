//! What agents say to servers besides the public API: leases, members, leaving. Small JSON bodies on the RPC
//! port; a server that does not lead asks the one that does.

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, put};
use bytes::Bytes;
use http::StatusCode;
use muster_api::consistency::ReadMode;
use muster_registry::command::Deregistration;
use muster_registry::{Cause, Command, Status, View};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

use crate::consensus::Consensus;
use crate::consensus::change::{Change, Whom};
use crate::hub::Hub;
use crate::leader::{Duties, LIVENESS};
use crate::rpc::HANDED_ON;

/// The longest that the leader may take to answer for us.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a server says that cannot do it now, but another may. Agents read it.
const NO_LEADER: &str = "No cluster leader";

/// What these routes need.
#[derive(Clone)]
pub(crate) struct Hosts {
    pub(crate) consensus: Consensus,
    pub(crate) hub: Arc<Hub>,
    pub(crate) duties: Arc<Duties>,
    pub(crate) datacenter: Arc<str>,
}

/// Who asks.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Asker {
    node: String,
    #[serde(rename = "ID")]
    id: String,
}

pub(crate) fn router(hosts: Hosts) -> Router {
    Router::new()
        .route("/lease", put(lease))
        .route("/members", get(members))
        .route("/servers", get(servers))
        .route("/leave", put(leave))
        .route("/force-leave/{node}", put(force_leave))
        .route("/leases", put(leases))
        .with_state(hosts)
}

/// Renews a lease and says how large the cluster is.
async fn lease(State(hosts): State<Hosts>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let asker: Asker = match serde_json::from_slice(&body) {
        Ok(asker) => asker,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    if !hosts.consensus.is_leader() {
        // One server hands it on, and no other: two that take each other for the leader would go on for ever.
        if query.as_deref() == Some(HANDED_ON) {
            return (StatusCode::INTERNAL_SERVER_ERROR, "No cluster leader").into_response();
        }
        return ask_leader(&hosts, "/lease", body, PATIENCE).await;
    }
    let view = hosts.hub.view();
    let known = view.node(&asker.node).is_some_and(|node| *node.id == *asker.id)
        && view.node_check(&asker.node, LIVENESS).is_some();
    // Whoever bears the name of another does not keep it alive.
    if known {
        hosts.duties.renew(&asker.node);
    }
    json_body(&json!({ "Known": known, "Nodes": view.counts().nodes }))
}

/// How long ago each of these nodes was last heard, in milliseconds; `null` for those that hold no lease.
async fn leases(State(hosts): State<Hosts>, body: Bytes) -> Response {
    if !hosts.consensus.is_leader() {
        return (StatusCode::INTERNAL_SERVER_ERROR, NO_LEADER).into_response();
    }
    match serde_json::from_slice::<Vec<String>>(&body) {
        Ok(nodes) => json_body(&json!(hosts.duties.heard(&nodes))),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}

/// Takes a node out of the catalog, and a server out of the cluster before: its leadership first. The last server
/// only leaves the catalog, for there is nobody to take over.
async fn leave(State(hosts): State<Hosts>, body: Bytes) -> Response {
    let asker: Asker = match serde_json::from_slice(&body) {
        Ok(asker) => asker,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let peers = hosts.consensus.peers();
    let server = peers.iter().find(|(_, peer, _)| peer.node_id == asker.id);
    if let Some((id, ..)) = server
        && peers.len() > 1
        && let Err(error) = hosts.consensus.change(&Change::Remove(Whom::Raft(*id))).await
    {
        return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    }
    let left = deregister(&hosts, &asker.node, Cause::Left).await;
    hosts.duties.forget(&asker.node);
    left
}

/// Takes a dead node out of the catalog, and a dead server out of the cluster before.
async fn force_leave(State(hosts): State<Hosts>, Path(node): Path<String>) -> Response {
    // Whom this server has not heard of yet must not pass for dead.
    if let Err(error) = hosts.consensus.gate(ReadMode::Default).await {
        return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    }
    let server = hosts.consensus.peers().into_iter().find(|(_, peer, _)| peer.name == node);
    let (listed, health) = {
        let view = hosts.hub.view();
        let health = view.node_check(&node, LIVENESS).map(|check| check.spec.status);
        (view.node(&node).is_some(), health)
    };
    match health {
        None if server.is_none() => {
            let text = format!("agent: No node found with name '{node}'");
            return (StatusCode::INTERNAL_SERVER_ERROR, text).into_response();
        }
        Some(Status::Critical) => {}
        // A server that no node stands for any more.
        None if !listed => {}
        // As in Consul: a living node is left alone, and that is no error. One that has only just come and has no
        // lease yet is no dead one.
        Some(_) | None => return json_body(&Value::Null),
    }
    if let Some((id, ..)) = server
        && let Err(error) = hosts.consensus.change(&Change::Remove(Whom::Raft(id))).await
    {
        return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    }
    deregister(&hosts, &node, Cause::ForceLeave).await
}

async fn deregister(hosts: &Hosts, node: &str, by: Cause) -> Response {
    let which = Deregistration { node: node.into(), ..Deregistration::default() };
    match hosts.consensus.propose(Command::Deregister(which).owed_to(by)).await {
        Ok(_) => json_body(&Value::Null),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn ask_leader(hosts: &Hosts, path: &str, body: Bytes, limit: Duration) -> Response {
    let me = hosts.consensus.id();
    let Some((_, leader)) = hosts.consensus.leader().filter(|(id, _)| *id != me) else {
        return (StatusCode::INTERNAL_SERVER_ERROR, NO_LEADER).into_response();
    };
    match hosts.consensus.wire().put(&leader.address, &format!("{path}?{HANDED_ON}"), body, limit).await {
        Ok((status, body)) => (status, body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// The RPC addresses of all servers, so that an agent knows where else to go. A server that knows no leader may have
/// been left behind by the others: its list is worth nothing.
async fn servers(State(hosts): State<Hosts>) -> Response {
    if hosts.consensus.leader().is_none() {
        return (StatusCode::INTERNAL_SERVER_ERROR, NO_LEADER).into_response();
    }
    let servers: Vec<String> = hosts.consensus.peers().into_iter().map(|(_, peer, _)| peer.address).collect();
    json_body(&json!(servers))
}

/// Every node that has an agent, in the shape in which Consul shows the members of its gossip.
async fn members(State(hosts): State<Hosts>) -> Response {
    let peers = hosts.consensus.peers();
    let view = hosts.hub.view();
    let member = |node: &muster_registry::catalog::Node| -> Option<Value> {
        let check = view.node_check(&node.name, LIVENESS)?;
        let peer = peers.iter().find(|(_, peer, _)| *peer.node_id == *node.id).map(|(_, peer, _)| peer);
        let port = peer.and_then(|peer| peer.address.rsplit_once(':')).map_or("0", |(_, port)| port);
        let mut tags = json!({
            "build": concat!(env!("CARGO_PKG_VERSION"), ":"), "dc": &*hosts.datacenter, "id": &*node.id,
            "role": if peer.is_some() { "consul" } else { "node" }, "segment": "",
            "vsn": "2", "vsn_max": "3", "vsn_min": "2",
        });
        if peer.is_some() {
            for (name, value) in [("acls", "0"), ("ft_fs", "1"), ("port", port), ("raft_vsn", "3")] {
                tags[name] = Value::from(value);
            }
        }
        Some(json!({
            "Name": &*node.name, "Addr": &*node.address, "Port": port.parse::<u16>().unwrap_or(0), "Tags": tags,
            "Status": if check.spec.status == Status::Critical { 4 } else { 1 },
            "ProtocolMin": 1, "ProtocolMax": 5, "ProtocolCur": 2,
            "DelegateMin": 2, "DelegateMax": 5, "DelegateCur": 4,
        }))
    };
    let members: Vec<Value> = View::nodes(&view).filter_map(|node| member(node)).collect();
    json_body(&Value::from(members))
}

fn json_body(value: &Value) -> Response {
    ([(http::header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
