//! An answer to "why" in plain words. Pure: the same answer, the same words.

use muster_api::Stamp;
use muster_api::seen::marks;
use muster_api::why::{Check, Departed, Found, Instance, Lease, LeaseState, Why};

use super::super::shown::{moment, one_line, span};

/// Characters of an output where not all of it is asked for.
const SHOWN: usize = 160;

/// All that is to be said. `node` is the one that was asked for; `here` is the node of the agent that was asked, if
/// that has such an instance.
pub(super) fn told(why: &Why, node: Option<&str>, here: Option<&str>, detailed: bool) -> String {
    let mut lines = Vec::new();
    if why.stale {
        lines.push("No leader is known: this is what the server that was asked last knew.".to_owned());
    }
    for instance in &why.instances {
        lines.extend(of_instance(instance, why.at, detailed));
    }
    if why.more > 0 {
        lines.push(format!("… and {} instances more: ask for one of them, or give -node.", why.more));
    }
    if why.instances.is_empty() {
        let place = node.map(|node| format!(" on node {node}")).unwrap_or_default();
        lines.push(format!(
            "Nothing is registered as {:?}{place}: no service, and no instance's ID.",
            why.name
        ));
    }
    lines.extend(why.departed.iter().map(|went| of_departed(went, why.at)));
    if why.instances.is_empty() {
        lines.extend(nothing(why, here));
    }
    lines.join("\n")
}

fn of_instance(instance: &Instance, now: Stamp, detailed: bool) -> Vec<String> {
    let Instance { id, service, node, .. } = instance;
    let of = if id == service { String::new() } else { format!(" of {service}") };
    let place = match instance.port {
        0 => instance.address.clone(),
        port if instance.address.contains(':') => format!("[{}]:{port}", instance.address),
        port => format!("{}:{port}", instance.address),
    };
    let mut lines = vec![format!("{id}{of} on {node} at {place}: {}", answers(instance.found))];
    lines.extend(instance.reasons.iter().map(|reason| format!("  because   {}", reason.text)));
    lines.extend(container(instance).map(|of| format!("  container {of}")));
    lines.push(format!("  lease     {}", of_lease(&instance.lease, now)));
    lines.extend(
        instance.checks.iter().map(|check| format!("  check     {}", of_check(check, now, detailed))),
    );
    lines
}

/// Which answers it is in.
fn answers(found: Found) -> &'static str {
    match (found.passing, found.dns, found.dns_only_passing) {
        (true, true, _) => "in the answer of ?passing and of DNS",
        (true, false, _) => "in the answer of ?passing, NOT in DNS",
        (false, true, false) => "NOT in the answer of ?passing; in DNS unless only_passing is set there",
        (false, ..) => "NOT in the answer of ?passing, NOT in DNS",
    }
}

fn container(instance: &Instance) -> Option<String> {
    let id = instance.meta.get(marks::CONTAINER)?;
    let name = instance.meta.get(marks::CONTAINER_NAME).map(|name| format!(" ({name})")).unwrap_or_default();
    let owner = instance.meta.get(marks::OWNER).map(|owner| format!(", of registrator {owner}"));
    Some(format!("{id}{name}{}", owner.unwrap_or_default()))
}

fn of_lease(lease: &Lease, now: Stamp) -> String {
    let since = lease.since.map(|since| format!(" since {}", moment(since, now))).unwrap_or_default();
    let heard = lease.heard_ms_ago.map(|millis| span(std::time::Duration::from_millis(millis)));
    match (lease.state, heard) {
        (LeaseState::None, _) => {
            "none: the node has no agent, whoever registered it answers for it".to_owned()
        }
        (LeaseState::Held, Some(heard)) => format!("held{since}, heard {heard} ago"),
        (LeaseState::Held, None) => format!("held{since}"),
        (LeaseState::Lost, _) => format!("lost{since}"),
    }
}

fn of_check(check: &Check, now: Stamp, detailed: bool) -> String {
    let kind = if check.kind.is_empty() { String::new() } else { format!(" ({})", check.kind) };
    let of = if check.of_node { " of the node" } else { "" };
    let since = check.since.map(|since| format!(" since {}", moment(since, now))).unwrap_or_default();
    let head = format!("{}{kind}{of}: {}{since}", check.id, check.status);
    let said = [&check.output, &check.notes].into_iter().find(|text| !text.trim().is_empty());
    match said {
        None => head,
        Some(said) if detailed => {
            format!("{head}\n            {}", said.trim_end().replace('\n', "\n            "))
        }
        Some(said) => format!("{head}: {}", one_line(said, SHOWN)),
    }
}

fn of_departed(went: &Departed, now: Stamp) -> String {
    let at = went.at.map_or_else(|| "some time ago".into(), |at| moment(at, now));
    match went.id.as_str() {
        "" => format!("Node {} went {at}: {}.", went.node, went.text),
        id => format!("{id} of {} on {} went {at}: {}.", went.service, went.node, went.text),
    }
}

/// What else may help where there is nothing.
fn nothing(why: &Why, here: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(node) = here {
        let text =
            "has it all the same, and the catalog has yet to be told: see `muster checks` and its log.";
        lines.push(format!("The agent of node {node} {text}"));
    }
    if why.departed.is_empty() {
        lines.push(match why.remembered_since {
            Some(since) => {
                format!("No departure of it is remembered; they are since {}.", moment(since, why.at))
            }
            None => "No departure of it is remembered, and none was forgotten.".to_owned(),
        });
    }
    if !why.similar.is_empty() {
        lines.push(format!("There is: {}. Names are kept as they are written.", why.similar.join(", ")));
    }
    if why.is_node {
        lines.push(format!("{} is a node.", why.name));
    }
    lines
}

#[cfg(test)]
mod tests {
    use muster_api::why::{Reason, ReasonKind};

    use super::*;

    fn why(instances: Vec<Instance>) -> Why {
        Why { name: "web".into(), at: Stamp::from_millis(3_600_000), instances, ..Why::default() }
    }

    fn instance() -> Instance {
        let check = Check {
            id: "service:w1".into(),
            kind: "http".into(),
            status: "critical".into(),
            since: Stamp::known(3_540_000),
            output: "refused\nonce more".into(),
            ..Check::default()
        };
        Instance {
            service: "web".into(),
            id: "w1".into(),
            node: "n1".into(),
            address: "10.0.0.1".into(),
            port: 80,
            checks: vec![check],
            reasons: vec![Reason {
                kind: ReasonKind::Critical,
                text: "check service:w1 is critical: refused".into(),
                check_id: "service:w1".into(),
            }],
            lease: Lease { state: LeaseState::Held, since: Stamp::known(1_000), heard_ms_ago: Some(300) },
            ..Instance::default()
        }
    }

    #[test]
    fn an_instance_that_is_missing() {
        let expected = "\
w1 of web on n1 at 10.0.0.1:80: NOT in the answer of ?passing, NOT in DNS
  because   check service:w1 is critical: refused
  lease     held since 1970-01-01 00:00:01 UTC (59m59s ago), heard 300ms ago
  check     service:w1 (http): critical since 1970-01-01 00:59:00 UTC (1m00s ago): refused once more";
        assert_eq!(told(&why(vec![instance()]), None, None, false), expected);
        let whole = told(&why(vec![instance()]), None, None, true);
        assert!(whole.ends_with("(1m00s ago)\n            refused\n            once more"), "{whole}");
    }

    #[test]
    fn an_instance_that_is_there() {
        let found = Found { passing: true, dns: true, dns_only_passing: true };
        let marks = [("registrator", "h1"), (marks::CONTAINER, "0123"), (marks::CONTAINER_NAME, "web-1")];
        let instance = Instance {
            id: "web".into(),
            service: "web".into(),
            node: "n1".into(),
            address: "::1".into(),
            port: 80,
            meta: marks.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            found,
            ..Instance::default()
        };
        let mut answer = why(vec![instance]);
        (answer.stale, answer.more) = (true, 3);
        let expected = "\
No leader is known: this is what the server that was asked last knew.
web on n1 at [::1]:80: in the answer of ?passing and of DNS
  container 0123 (web-1), of registrator h1
  lease     none: the node has no agent, whoever registered it answers for it
… and 3 instances more: ask for one of them, or give -node.";
        assert_eq!(told(&answer, None, None, false), expected);
    }

    #[test]
    fn nothing_at_all() {
        let mut answer = why(Vec::new());
        let expected = "\
Nothing is registered as \"web\": no service, and no instance's ID.
No departure of it is remembered, and none was forgotten.";
        assert_eq!(told(&answer, None, None, false), expected);
        answer.departed = vec![Departed {
            service: "web".into(),
            id: "w1".into(),
            node: "n1".into(),
            at: Stamp::known(3_590_000),
            text: "the node left".into(),
            ..Departed::default()
        }];
        (answer.similar, answer.is_node) = (vec!["Web".into()], true);
        let expected = "\
Nothing is registered as \"web\" on node n1: no service, and no instance's ID.
w1 of web on n1 went 1970-01-01 00:59:50 UTC (10s ago): the node left.
The agent of node n1 has it all the same, and the catalog has yet to be told: see `muster checks` and its log.
There is: Web. Names are kept as they are written.
web is a node.";
        assert_eq!(told(&answer, Some("n1"), Some("n1"), false), expected);
    }

    #[test]
    fn which_answers_it_is_in() {
        let found = |passing, dns, dns_only_passing| Found { passing, dns, dns_only_passing };
        assert!(answers(found(false, true, false)).contains("in DNS unless only_passing"));
        assert!(answers(found(true, false, false)).contains("NOT in DNS"));
    }
}
