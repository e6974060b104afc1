//! `muster members`.

use serde_json::Value;

use super::Failure;
use super::http::{HttpFlags, text};
use super::table::{pairs, render, row};
use crate::commands::out::say;

/// Flags of `muster members`.
#[derive(clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    http: HttpFlags,
    /// With all tags.
    #[arg(long)]
    detailed: bool,
    /// Taken and left aside: there is one segment.
    #[arg(long, default_value = "_all")]
    segment: String,
    /// Only members whose status matches, as a whole: alive, left, failed or a pattern such as `(alive|left)`.
    #[arg(long, default_value = ".*")]
    status: String,
    /// The servers as those of other datacenters see them.
    #[arg(long)]
    wan: bool,
    /// Not looked at, as in Consul.
    #[arg(hide = true)]
    _words: Vec<String>,
}

pub(super) async fn run(flags: Flags) -> Result<(), Failure> {
    let mut query = vec![("segment", flags.segment.as_str())];
    if flags.wan {
        query.push(("wan", "1"));
    }
    let answer = flags.http.get("Error retrieving members", "/v1/agent/members", &query).await?;
    let mut members: Vec<&Value> = answer.as_array().into_iter().flatten().collect();
    members.retain(|member| matches(&flags.status, status(member)));
    if members.is_empty() {
        return Err(Failure::Nothing);
    }
    members.sort_by_cached_key(|member| {
        let tag = |name: &str| member.get("Tags").map(|tags| text(tags, name).to_owned()).unwrap_or_default();
        (tag("dc"), tag("segment"), text(member, "Name").to_owned())
    });
    let mut rows = vec![match flags.detailed {
        true => row(["Node", "Address", "Status", "Tags"]),
        false => row(["Node", "Address", "Status", "Type", "Build", "Protocol", "DC", "Segment"]),
    }];
    rows.extend(members.iter().map(|member| if flags.detailed { detailed(member) } else { short(member) }));
    say!("{}", render(&rows));
    Ok(())
}

/// Serf's numbers, which the API tells.
fn status(member: &Value) -> &'static str {
    match member.get("Status").and_then(Value::as_u64) {
        Some(1) => "alive",
        Some(2) => "leaving",
        Some(3) => "left",
        Some(4) => "failed",
        _ => "none",
    }
}

/// A status by name, or several as `(a|b)`, or any by `.*`.
fn matches(pattern: &str, status: &str) -> bool {
    let bare = pattern.trim_start_matches('^').trim_end_matches('$');
    let bare = bare.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(bare);
    bare.split('|').any(|one| one == ".*" || one == status)
}

fn address(member: &Value) -> String {
    let port = member.get("Port").and_then(Value::as_u64).unwrap_or(0);
    match text(member, "Addr") {
        ip if ip.contains(':') => format!("[{ip}]:{port}"),
        ip => format!("{ip}:{port}"),
    }
}

/// Servers are in all segments.
fn segment(tags: &Value) -> &str {
    match (text(tags, "segment"), text(tags, "role")) {
        ("", "consul") => "<all>",
        ("", _) => "<default>",
        (named, _) => named,
    }
}

fn short(member: &Value) -> Vec<String> {
    let none = Value::Null;
    let tags = member.get("Tags").unwrap_or(&none);
    let kind = match text(tags, "role") {
        "node" => "client",
        "consul" => "server",
        _ => "unknown",
    };
    let build = text(tags, "build").split(':').next().unwrap_or_default();
    let segment = segment(tags);
    row([
        text(member, "Name"),
        &address(member),
        status(member),
        kind,
        if build.is_empty() { "< 0.3" } else { build },
        text(tags, "vsn"),
        text(tags, "dc"),
        segment,
    ])
}

fn detailed(member: &Value) -> Vec<String> {
    let mut tags = member.get("Tags").cloned().unwrap_or_default();
    if text(&tags, "segment").is_empty() && tags.is_object() {
        tags["segment"] = Value::from(segment(&tags));
    }
    row([text(member, "Name"), &address(member), status(member), &pairs(Some(&tags), ",")])
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_status_is_matched_as_a_whole() {
        assert!(matches(".*", "alive") && matches("alive", "alive") && matches("(left|failed)", "failed"));
        assert!(!matches("fail", "failed"));
    }
}
