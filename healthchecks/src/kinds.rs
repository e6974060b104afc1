//! The kinds of checks, and which of them a definition is. A kind is a folder of its own and a line in [`KINDS`];
//! nothing else knows it. Pure: reading a definition touches nothing. Refusals are in Consul's words.

use std::hash::{DefaultHasher, Hasher};
use std::{sync::Arc, time::Duration};

use muster_api::{ApiError, check::CheckDefinition};

use crate::{
    alias::Target,
    container,
    definition::{Definition, Status, Thresholds, Work},
    docker, grpc, h2ping, http, icmp, os_service,
    probe::Probe,
    script, tcp, udp,
};

#[cfg(test)]
mod tests;

/// All kinds that probe. The first one whose fields are there is the one that runs; the order is Consul's.
const KINDS: &[Kind] = &[
    http::KIND,
    tcp::KIND,
    udp::KIND,
    grpc::KIND,
    container::KIND,
    docker::KIND,
    script::KIND,
    h2ping::KIND,
    os_service::KIND,
    icmp::KIND,
];

/// One kind of probe.
pub(crate) struct Kind {
    /// The word for it on the wire.
    pub(crate) word: &'static str,
    /// Whether the fields are there that make a check one of this kind.
    pub(crate) claims: fn(&CheckDefinition) -> bool,
    /// Makes the probe, or says which field is wrong and what would be right.
    pub(crate) read: fn(&CheckDefinition) -> Result<Arc<dyn Probe>, ApiError>,
    /// Whether it runs commands of whoever registers it: then it is only for where scripts are allowed.
    pub(crate) commands: bool,
    /// The time of one run where the definition names none.
    pub(crate) timeout: Duration,
}

/// Whether scripts may run; it depends on where a definition came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scripts {
    /// Whether they may.
    pub allowed: bool,
}

/// Consul's words for a script that comes from where that is not allowed.
const SCRIPTS_DISABLED: &str = "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";

fn bad(text: impl Into<String>) -> ApiError {
    ApiError::BadRequest(text.into())
}

fn kind(check: &CheckDefinition) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| (kind.claims)(check))
}

/// Whether there is a command to run.
pub(crate) fn has_command(check: &CheckDefinition) -> bool {
    check.args.as_ref().is_some_and(|args| !args.is_empty())
}

/// The word on the wire for a check's kind; empty where it is of none.
#[must_use]
pub fn word(check: &CheckDefinition) -> &'static str {
    match kind(check) {
        Some(kind) => kind.word,
        None if Target::read(check).is_some() => "alias",
        None if check.ttl.positive().is_some() => "ttl",
        None => "",
    }
}

/// What is to be run for a check.
///
/// # Errors
/// Where the fields do not fit together, or scripts are not allowed.
pub fn read(check: &CheckDefinition, scripts: Scripts) -> Result<Definition, ApiError> {
    let invalid = |text: &str| Err(bad(format!("Invalid check: {text}")));
    let (interval, ttl, kind) = (check.interval.positive(), check.ttl.positive(), kind(check));
    let target = Target::read(check);
    if interval.is_some() && ttl.is_some() {
        return invalid("Interval and TTL cannot both be specified");
    }
    if kind.is_some() && interval.is_none() {
        return invalid("Interval must be > 0 for Script, HTTP, or TCP checks");
    }
    if kind.is_some() && target.is_some() {
        return invalid("Interval cannot be set for Alias checks");
    }
    if target.is_some() && ttl.is_some() {
        return invalid("TTL must be not be set for Alias checks");
    }
    if kind.is_none() && target.is_none() && ttl.is_none() {
        return invalid("TTL must be > 0 for TTL checks");
    }
    if check.output_max_size < 0 {
        return invalid("MaxOutputMaxSize must be positive");
    }
    if !scripts.allowed && (has_command(check) || kind.is_some_and(|kind| kind.commands)) {
        return Err(ApiError::Internal(SCRIPTS_DISABLED.into()));
    }
    let work = match (kind, target) {
        (Some(kind), _) => Work::Probe((kind.read)(check)?),
        (None, Some(target)) => Work::Alias(target),
        (None, None) => Work::Ttl(ttl.unwrap_or_default()),
    };
    let count = |asked: i64, what: &str| {
        u32::try_from(asked.max(0)).map_err(|_| bad(format!("Invalid check: {what} {asked} is too large")))
    };
    Ok(Definition {
        work,
        fingerprint: fingerprint(check),
        interval: interval.unwrap_or_default(),
        jitter: check.jitter.or_zero(),
        start_period: check.start_period.or_zero(),
        timeout: check.timeout.positive().or(kind.map(|kind| kind.timeout)).unwrap_or_default(),
        warn_slower_than: check.warn_slower_than.positive(),
        thresholds: Thresholds {
            success_before_passing: count(check.success_before_passing, "SuccessBeforePassing")?,
            failures_before_warning: count(check.failures_before_warning, "FailuresBeforeWarning")?,
            failures_before_critical: count(check.failures_before_critical, "FailuresBeforeCritical")?,
        },
        output_limit: usize::try_from(check.output_max_size).unwrap_or(usize::MAX),
        initial: Status::read(&check.status).ok_or_else(|| bad("Bad check status"))?,
    })
}

/// A number that differs where another run would: what only describes a check is left out.
fn fingerprint(check: &CheckDefinition) -> u64 {
    let runs = CheckDefinition {
        id: String::new(),
        name: String::new(),
        notes: String::new(),
        service_id: String::new(),
        deregister_critical_service_after: Default::default(),
        ..check.clone()
    };
    let mut hasher = DefaultHasher::new();
    hasher.write(&serde_json::to_vec(&runs).unwrap_or_default());
    hasher.finish()
}
