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
