//! `muster maint`.

use serde_json::Value;

use super::http::{HttpFlags, segment, text};
use super::{Failure, no_words};
use crate::commands::out::say;

/// Flags of `muster maint`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// End maintenance mode.
    #[arg(long)]
    disable: bool,
    /// Begin maintenance mode.
    #[arg(long)]
    enable: bool,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
    /// The instance's ID; the whole node if left out.
    #[arg(long, default_value = "")]
    service: String,
    #[arg(hide = true)]
    words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    no_words(&flags.words)?;
    let said = |text: &str| Err(Failure::Said(text.into()));
    match (flags.enable, flags.disable) {
        (true, true) => return said("Only one of -enable or -disable may be provided"),
        (false, _) if !flags.reason.is_empty() => return said("Reason may only be provided with -enable"),
        (false, false) if !flags.service.is_empty() => {
            return said("Service requires either -enable or -disable");
        }
        (false, false) => return list(&flags.http).await,
        _ => {}
    }
    let doing = if flags.enable { "enabling" } else { "disabling" };
    let now = if flags.enable { "enabled" } else { "disabled" };
    let query = [("enable", if flags.enable { "true" } else { "false" }), ("reason", flags.reason.as_str())];
    let query = if flags.enable { &query[..] } else { &query[..1] };
    if flags.service.is_empty() {
        let what = format!("Error {doing} node maintenance");
        flags.http.put(&what, "/v1/agent/maintenance", query).await?;
        say!("Node maintenance is now {now}");
    } else {
        let what = format!("Error {doing} service maintenance");
        let path = format!("/v1/agent/service/maintenance/{}", segment(&flags.service));
        flags.http.put(&what, &path, query).await?;
        say!("Service maintenance is now {now} for {:?}", flags.service);
    }
    Ok(())
}

async fn list(http: &HttpFlags) -> Result<(), Failure> {
    let who = http.get("Error querying Consul agent", "/v1/agent/self", &[]).await?;
    let node = who.get("Config").map(|config| text(config, "NodeName")).unwrap_or_default();
    let checks = http.get("Error querying Consul agent", "/v1/agent/checks", &[]).await?;
    let checks = std::collections::BTreeMap::from_iter(checks.as_object().into_iter().flatten());
    for (id, check) in checks {
        let reason = check.get("Notes").and_then(Value::as_str).unwrap_or_default();
        if id == "_node_maintenance" {
            say!("Node:\n  Name:   {node}\n  Reason: {reason}\n");
        } else if let Some(service) = id.strip_prefix("_service_maintenance:") {
            say!("Service:\n  ID:     {service}\n  Reason: {reason}\n");
        }
    }
    Ok(())
}
