//! The differences that are meant, each with its reason. An entry that covers nothing any more is an error, so
//! the list cannot outlive the truth.

use crate::compare::Difference;

/// A difference that is meant.
pub(crate) struct Known {
    /// The case's name.
    pub(crate) case: &'static str,
    /// The place of the difference holds this text; empty covers every place of the case.
    pub(crate) place: &'static str,
    /// Why it stays.
    pub(crate) why: &'static str,
}

const PLAIN: &str =
    "small answers are not compressed: they would grow, and who takes gzip takes plain bytes too";
const WORDS: &str =
    "the body is refused with the same status; its fault is named in the words of our own reader";
const LENIENT: &str =
    "keys may be written in snake case and as CheckID everywhere, not only where Consul does";
const OWN_INDEX: &str =
    "an index belongs to what was asked: nothing happened to it since 1, so a reader waits out its time";
const NO_GOSSIP: &str = "there is no gossip: no coordinates, no serf, no ports of its own";
const NO_SUCH: &str = "a port or status that cannot be is refused instead of stored";
const NO_CACHE: &str = "an agent keeps no answers of its own: every answer is as fresh as its mode says";
const EXACT: &str = "names are kept as they are: two that differ by case are two (DNS looks for both)";
const FIGURES: &str = "figures in Consul's form are not collected; the lists are there and empty";

/// The documented list.
pub(crate) const KNOWN: &[Known] = &[
    Known {
        case: "kv/acquire-without-session",
        place: "status",
        why: "sessions and locks are not built; the answer is 501 and says so",
    },
    Known {
        case: "kv/two-modes",
        place: "status",
        why: "sessions and locks are not built; the answer is 501 and says so",
    },
    Known {
        case: "kv/encoded-invalid-utf8",
        place: "",
        why: "keys are UTF-8: Consul takes any bytes and then cannot show them in JSON",
    },
    Known { case: "catalog/connect", place: "status", why: "there is no service mesh" },
    Known {
        case: "operator/keyring",
        place: "status",
        why: "there is no gossip, so there are no gossip keys",
    },
    Known {
        case: "operator/autopilot",
        place: "status",
        why: "there is no autopilot: dead servers are removed by an operator",
    },
    Known { case: "errors/unknown-paths", place: "step 1 GET / ", why: "there is no web page to be led to" },
    Known {
        case: "catalog/register-service-renamed",
        place: "Checks[0]",
        why: "a check shows the name that its service has now: Consul keeps the former one",
    },
    Known { case: "catalog/services", place: "effective-consistency", why: NO_CACHE },
    Known { case: "health/service-cached", place: "x-cache", why: NO_CACHE },
    Known { case: "catalog/service-name-case", place: "", why: EXACT },
    Known { case: "catalog/node-name-case", place: "", why: EXACT },
    Known {
        case: "errors/semicolons-and-odd-queries",
        place: "status",
        why: "an escape that is none stands for itself in a query: Consul fails with 500",
    },
    Known { case: "kv/gzip-small", place: "content-encoding", why: PLAIN },
    Known { case: "catalog/gzip", place: "content-encoding", why: PLAIN },
    Known { case: "health/gzip", place: "content-encoding", why: PLAIN },
    Known { case: "agent-services/gzip", place: "content-encoding", why: PLAIN },
    Known { case: "agent-checks/gzip", place: "content-encoding", why: PLAIN },
    Known { case: "status/gzip", place: "content-encoding", why: PLAIN },
    Known { case: "catalog/register-bad-json", place: "body", why: WORDS },
    Known { case: "catalog/register-wrong-types", place: "body", why: WORDS },
    Known { case: "catalog/deregister-bad", place: "body", why: WORDS },
    Known { case: "agent-services/register-bad-json", place: "body", why: WORDS },
    Known { case: "agent-services/register-wrong-types", place: "body", why: WORDS },
    Known { case: "agent-checks/register-bad-json", place: "body", why: WORDS },
    Known { case: "agent-checks/register-wrong-types", place: "body", why: WORDS },
    Known { case: "agent-checks/update-bad", place: "body", why: WORDS },
    Known { case: "catalog/register-snake-case-keys", place: "", why: LENIENT },
    Known { case: "agent-services/register-snake-case-keys", place: "", why: LENIENT },
    Known { case: "agent-checks/ttl-checkid", place: "", why: LENIENT },
    Known { case: "kv/index-one-missing", place: "time", why: OWN_INDEX },
    Known { case: "catalog/blocking-missing-service", place: "time", why: OWN_INDEX },
    Known { case: "catalog/register-bad-port", place: "", why: NO_SUCH },
    Known { case: "catalog/register-bad-status", place: "", why: NO_SUCH },
    Known { case: "agent-services/register-bad-port", place: "", why: NO_SUCH },
    Known {
        case: "kv/html-letters",
        place: "body",
        why: "the same JSON: letters are not escaped that matter inside HTML only",
    },
    Known { case: "agent/self", place: "body", why: NO_GOSSIP },
    Known { case: "agent/self-member", place: "body", why: NO_GOSSIP },
    Known { case: "agent/self-stats", place: "body", why: NO_GOSSIP },
    Known { case: "agent/self-coordinate", place: "body", why: NO_GOSSIP },
    Known { case: "agent/members", place: "body", why: NO_GOSSIP },
    Known { case: "agent/members-tags", place: "body", why: NO_GOSSIP },
    Known { case: "agent/members-words", place: "body", why: NO_GOSSIP },
    Known { case: "agent/metrics", place: "body", why: FIGURES },
    Known { case: "agent/metrics-format-unknown", place: "body", why: FIGURES },
    Known {
        case: "agent/metrics-prometheus",
        place: "status",
        why: "the figures are there in this form without being switched on",
    },
    Known {
        case: "agent/self-stats-raft",
        place: "body",
        why: "an agent does not show the figures of its servers' consensus",
    },
    Known {
        case: "agent/self-stats-consul",
        place: "body",
        why: "an agent does not show the figures of its servers' consensus",
    },
    Known { case: "agent/version", place: "status", why: "newer versions of Consul have it" },
    Known { case: "agent/host", place: "status", why: "not built; the answer is 501 and says so" },
    Known { case: "agent/monitor-bad", place: "status", why: "not built; the answer is 501 and says so" },
];

/// What becomes of a case's differences in the light of `list`.
pub(crate) struct Judged {
    /// Covered by no entry.
    pub(crate) undocumented: Vec<Difference>,
    /// Reasons of the entries that covered something.
    pub(crate) reasons: Vec<&'static str>,
    /// Entries of this case that covered nothing.
    pub(crate) outlived: Vec<&'static str>,
}

/// Sorts `found` into documented and not.
pub(crate) fn judge(list: &[Known], case: &str, found: Vec<Difference>) -> Judged {
    let entries: Vec<&Known> = list.iter().filter(|known| known.case == case).collect();
    let covers = |known: &Known, difference: &Difference| difference.place.contains(known.place);
    let mut judged = Judged { undocumented: Vec::new(), reasons: Vec::new(), outlived: Vec::new() };
    for known in &entries {
        if found.iter().any(|difference| covers(known, difference)) {
            judged.reasons.push(known.why);
        } else {
            judged.outlived.push(known.why);
        }
    }
    judged.undocumented = found
        .into_iter()
        .filter(|difference| !entries.iter().any(|known| covers(known, difference)))
        .collect();
    judged
}

/// Cases that the list names and nobody wrote.
pub(crate) fn strangers<'a>(list: &'a [Known], names: &[&str]) -> Vec<&'a str> {
    list.iter().map(|known| known.case).filter(|case| !names.contains(case)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[Known] = &[Known { case: "kv/a", place: "header", why: "meant" }];

    fn at(place: &str) -> Difference {
        Difference { place: place.into(), consul: "1".into(), muster: "2".into() }
    }

    #[test]
    fn a_documented_difference_is_known_and_others_stay() {
        let judged = judge(LIST, "kv/a", vec![at("step 1 header.vary"), at("step 1 body")]);
        assert_eq!(judged.reasons, ["meant"]);
        assert_eq!(judged.undocumented, [at("step 1 body")]);
        assert!(judged.outlived.is_empty());
    }

    #[test]
    fn an_entry_that_covers_nothing_is_outlived() {
        let judged = judge(LIST, "kv/a", vec![]);
        assert_eq!(judged.outlived, ["meant"]);
    }

    #[test]
    fn an_entry_covers_its_own_case_only() {
        let judged = judge(LIST, "kv/b", vec![at("step 1 header.vary")]);
        assert_eq!(judged.undocumented.len(), 1);
        assert!(judged.reasons.is_empty() && judged.outlived.is_empty());
        assert_eq!(strangers(LIST, &["kv/b"]), ["kv/a"]);
    }
}
