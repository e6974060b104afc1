//! The agent itself, and the members of its cluster.

use bytes::Bytes;
use http::{Method, StatusCode};
use muster_api::check::CheckDefinition;
use muster_api::{ApiError, Params, Reply, answer};
use serde_json::{Value, json};

use super::enable;
use super::services::reason;
use crate::upstream::{CallFailed, Upstream, call, get, segment};
use crate::{Shared, lease, registration};

pub(super) async fn dispatch<U: Upstream>(
    shared: &Shared<U>,
    area: &str,
    rest: &str,
    params: &Params,
) -> Result<Reply, ApiError> {
    match area {
        "self" => who(shared, params).await,
        "version" => answer::json(&json!({ "HumanVersion": shared.config.version }), params.pretty()),
        "members" => members(shared, params).await,
        "maintenance" => maintenance(shared, params).await,
        "join" => join(shared, rest).await,
        "leave" => leave(shared).await,
        "force-leave" => force_leave(shared, rest).await,
        "metrics" => metrics(shared, params),
        "token" => Err(ApiError::NotAuthorized("ACL support disabled".into())),
        "reload" => {
            shared.reloads.ask().await.map_err(ApiError::Internal)?;
            Ok(answer::empty())
        }
        _ => Err(ApiError::NotYet(format!("/v1/agent/{area}"))),
    }
}

fn upstream_failed(error: CallFailed) -> ApiError {
    match error {
        CallFailed::Refused { text, .. } => ApiError::Internal(text),
        other => ApiError::Unavailable(other.to_string()),
    }
}

async fn who<U: Upstream>(shared: &Shared<U>, params: &Params) -> Result<Reply, ApiError> {
    let config = &shared.config;
    let members: Result<Vec<Value>, _> = get(&shared.upstream, "/members").await;
    let me = |member: &Value| member.get("Name").and_then(Value::as_str) == Some(config.node.as_str());
    let member = members.ok().and_then(|members| members.into_iter().find(me));
    let (services, checks, ttls) = {
        let local = shared.local.lock();
        let ttls = local.checks().filter(|check| check.kind == "ttl").count();
        (local.services().count(), local.checks().count(), ttls)
    };
    let server = config.server_port != 0;
    let body = json!({
        "Config": {
            "Datacenter": config.datacenter, "NodeName": config.node, "NodeID": config.node_id,
            "Revision": "", "Server": server, "Version": config.version,
        },
        "DebugConfig": {
            "AdvertiseAddrLAN": config.address, "Datacenter": config.datacenter, "NodeName": config.node,
            "NodeID": config.node_id, "NodeMeta": config.meta, "ServerMode": server, "ServerPort": config.server_port,
            "EnableRemoteScriptChecks": config.scripts_from_api,
            "EnableLocalScriptChecks": config.scripts_from_files, "Version": config.version,
        },
        "Coord": null,
        "Member": member,
        "Stats": {
            "agent": {
                "check_monitors": (checks - ttls).to_string(), "check_ttls": ttls.to_string(),
                "checks": checks.to_string(), "services": services.to_string(),
            },
            "build": { "prerelease": "", "revision": "", "version": config.version },
            "consul": { "server": server.to_string() },
            "runtime": { "arch": std::env::consts::ARCH, "os": std::env::consts::OS },
        },
        "Meta": config.meta,
    });
    answer::json(&body, params.pretty())
}

async fn members<U: Upstream>(shared: &Shared<U>, params: &Params) -> Result<Reply, ApiError> {
    if params.get("segment").is_some_and(|segment| segment != "_all") {
        let text = "Network segments are not supported in this version of Consul";
        return Err(ApiError::Internal(text.into()));
    }
    let mut members: Vec<Value> = get(&shared.upstream, "/members").await.map_err(upstream_failed)?;
    if params.get("wan") == Some("1") {
        members.retain(|member| member.pointer("/Tags/role").and_then(Value::as_str) == Some("consul"));
        for member in &mut members {
            let name = member.get("Name").and_then(Value::as_str).unwrap_or_default();
            member["Name"] = Value::from(format!("{name}.{}", shared.config.datacenter));
        }
    }
    answer::json(&members, params.pretty())
}

async fn maintenance<U: Upstream>(shared: &Shared<U>, params: &Params) -> Result<Reply, ApiError> {
    let on = enable(params)?;
    let check = CheckDefinition {
        id: crate::local::NODE_MAINTENANCE.into(),
        name: "Node Maintenance Mode".into(),
        notes: reason(params, "node"),
        ..CheckDefinition::default()
    };
    registration::set_maintenance(shared, check, on).await?;
    Ok(answer::empty())
}

async fn join<U: Upstream>(shared: &Shared<U>, address: &str) -> Result<Reply, ApiError> {
    let joined = shared.upstream.add(address.to_owned()).await;
    joined.map_err(|error| ApiError::Internal(format!("1 error occurred:\n\t* {error}\n\n")))?;
    Ok(answer::empty())
}

/// Takes this node out of the catalog and ends the process. What is registered here stays on disk.
async fn leave<U: Upstream>(shared: &Shared<U>) -> Result<Reply, ApiError> {
    lease::give_up(shared).await.map_err(upstream_failed)?;
    shared.leaving.cancel();
    Ok(answer::empty())
}

async fn force_leave<U: Upstream>(shared: &Shared<U>, node: &str) -> Result<Reply, ApiError> {
    if node.is_empty() {
        return Err(ApiError::Internal("agent: No node found with name ''".into()));
    }
    call(&shared.upstream, Method::PUT, &format!("/force-leave/{}", segment(node)), Bytes::new())
        .await
        .map_err(upstream_failed)?;
    Ok(answer::empty())
}

fn metrics<U: Upstream>(shared: &Shared<U>, params: &Params) -> Result<Reply, ApiError> {
    let (services, checks) = {
        let local = shared.local.lock();
        (local.services().count(), local.checks().count())
    };
    let gauges = [
        ("muster_agent_services", "Instances registered with this agent.", services),
        ("muster_agent_checks", "Checks registered with this agent.", checks),
        ("muster_agent_cluster_nodes", "Nodes in the cluster, as of the last lease.", shared.cluster_size()),
    ];
    if params.get("format") == Some("prometheus") {
        let text: String = gauges
            .iter()
            .map(|(name, help, value)| format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n"))
            .collect();
        return Ok(answer::text(StatusCode::OK, text));
    }
    let gauge =
        |(name, _, value): &(&str, &str, usize)| json!({ "Name": name, "Value": value, "Labels": {} });
    let body = json!({
        "Gauges": gauges.iter().map(gauge).collect::<Vec<_>>(),
        "Points": [], "Counters": [], "Samples": [],
    });
    answer::json(&body, params.pretty())
}
