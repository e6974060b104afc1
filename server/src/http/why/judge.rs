//! Which answers an instance is in, and why not in the others. Pure: records in, reasons out. It must agree with what
//! `/v1/health/service` and DNS answer, and a property test holds it to that.

use muster_api::why::{Found, Reason, ReasonKind};
use muster_registry::Status;
use muster_registry::catalog::Check;
use muster_registry::health::Instance;

use crate::leader::LIVENESS;

const NODE_MAINTENANCE: &str = "_node_maintenance";
const SERVICE_MAINTENANCE: &str = "_service_maintenance:";
/// The check that the registrator keeps of each container, and how its output begins while the container is being
/// stopped.
const CONTAINER_STATE: &str = "Container state";
const STOPPING: &str = "stopping";
/// Characters of an output that a reason shows; the check has all of it.
const SHOWN: usize = 200;
/// The longest label of a name in DNS, in bytes.
const LABEL: usize = 63;

/// Judges one instance for who asks for those with `tags`. The reasons that explain most come first.
pub(super) fn judge(instance: &Instance<'_>, tags: &[&str]) -> (Found, Vec<Reason>) {
    let (mut reasons, spec) = (Vec::new(), &instance.service.spec);
    for tag in tags.iter().filter(|tag| !spec.tags.iter().any(|own| own.eq_ignore_ascii_case(tag))) {
        reasons.push(Reason {
            kind: ReasonKind::Tag,
            text: format!("it has no tag {tag:?}"),
            check_id: String::new(),
        });
    }
    let tagged = reasons.is_empty();
    reasons.extend(instance.checks.iter().filter_map(|check| of_check(check)));
    let askable = !spec.name.is_empty() && !spec.name.contains('.') && spec.name.len() <= LABEL;
    if !askable {
        reasons.push(Reason {
            kind: ReasonKind::DnsName,
            text: format!(
                "DNS cannot ask for {:?}: a name there has no dot and at most {LABEL} bytes",
                spec.name
            ),
            check_id: String::new(),
        });
    }
    reasons.sort_by_key(|reason| reason.kind);
    let worst = instance.checks.iter().map(|check| check.spec.status).max().unwrap_or(Status::Passing);
    let passing = tagged && worst == Status::Passing;
    let found = Found {
        passing,
        dns: tagged && askable && worst != Status::Critical,
        dns_only_passing: passing && askable,
    };
    (found, reasons)
}

/// What a check has against its instance.
fn of_check(check: &Check) -> Option<Reason> {
    let spec = &check.spec;
    let critical = match spec.status {
        Status::Passing => return None,
        Status::Warning => false,
        Status::Critical => true,
    };
    let said = shortened(&spec.output);
    let (kind, text) = match (&*spec.id, critical) {
        (LIVENESS, true) if spec.service_id.is_empty() => {
            (ReasonKind::LeaseLost, format!("the agent of node {} does not renew its lease", check.node))
        }
        (NODE_MAINTENANCE, true) => {
            (ReasonKind::NodeMaintenance, format!("node {} is in maintenance: {}", check.node, spec.notes))
        }
        (id, true) if id.starts_with(SERVICE_MAINTENANCE) => {
            (ReasonKind::ServiceMaintenance, format!("it is in maintenance: {}", spec.notes))
        }
        (_, true) if &*spec.name == CONTAINER_STATE && spec.output.starts_with(STOPPING) => {
            (ReasonKind::Draining, format!("its container is being stopped: {said}"))
        }
        (id, true) => (ReasonKind::Critical, format!("check {id} is critical: {said}")),
        (id, false) => (ReasonKind::Warning, format!("check {id} warns: {said}")),
    };
    Some(Reason { kind, text, check_id: spec.id.to_string() })
}

/// The beginning of an output, on one line.
fn shortened(output: &str) -> String {
    let line = output.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN) {
        None if line.is_empty() => "it says nothing".into(),
        None => line,
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
