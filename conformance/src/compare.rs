//! The difference of two answers as lines that a person can read. Pure: never decides which server is right.

use serde_json::Value;

use crate::normalise::MISSING;

/// One place where the servers differ.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Where: `step 2 GET /v1/kv/x body[0].Flags`.
    pub(crate) place: String,
    pub(crate) consul: String,
    pub(crate) muster: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: Consul {}, Muster {}", self.place, self.consul, self.muster)
    }
}

/// All differences of two observed answers; with different statuses the answers have nothing in common, and
/// are shown whole.
pub(crate) fn answers(place: &str, consul: &Value, muster: &Value) -> Vec<Difference> {
    if consul["status"] == muster["status"] {
        return differences(place, consul, muster);
    }
    vec![Difference { place: format!("{place}.status"), consul: summary(consul), muster: summary(muster) }]
}

/// Why Consul's own answer proves nothing: such a step would pass at a server that has nothing to show.
pub(crate) fn vacuous(place: &str, consul: &Value) -> Option<Difference> {
    let reason = if consul["until"] == "never" {
        "never shows what the step waits for"
    } else if consul["time"].as_str().is_some_and(|word| word != "in time") {
        "does not answer in the step's time"
    } else if consul["body"].get(MISSING).is_some() {
        "has no such part"
    } else {
        return None;
    };
    Some(Difference {
        place: format!("{place}(the case)"),
        consul: reason.into(),
        muster: "is not asked".into(),
    })
}

fn summary(answer: &Value) -> String {
    let mut text = answer["status"].to_string();
    for name in ["content-type", "location", "allow"] {
        if let Some(value) = answer["header"][name].as_str() {
            text.push_str(&format!(" {name}: {value}"));
        }
    }
    match answer.get("body") {
        Some(body) if body != "" => format!("{text} {}", shown(Some(body))),
        _ => text,
    }
}

/// All differences below `place`.
pub(crate) fn differences(place: &str, consul: &Value, muster: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(place, Some(consul), Some(muster), &mut found);
    found
}

fn walk(place: &str, consul: Option<&Value>, muster: Option<&Value>, found: &mut Vec<Difference>) {
    match (consul, muster) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for (key, value) in a {
                walk(&format!("{place}.{key}"), Some(value), b.get(key), found);
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                walk(&format!("{place}.{key}"), None, Some(value), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for at in 0..a.len().max(b.len()) {
                walk(&format!("{place}[{at}]"), a.get(at), b.get(at), found);
            }
        }
        _ => found.push(Difference { place: place.to_owned(), consul: shown(consul), muster: shown(muster) }),
    }
}

const SHOWN: usize = 300;

fn shown(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(consul: &Value, muster: &Value) -> Vec<String> {
        differences("step 1", consul, muster).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_answers_differ_nowhere_whatever_the_order_of_keys() {
        assert!(lines(&json!({"a": 1, "b": [2]}), &json!({"b": [2], "a": 1})).is_empty());
    }

    #[test]
    fn each_difference_names_its_place() {
        let found =
            lines(&json!({"a": [1, {"b": null}], "c": 1}), &json!({"a": [1, {"b": []}, 3], "d": "x"}));
        assert_eq!(
            found,
            [
                "step 1.a[1].b: Consul null, Muster []",
                "step 1.a[2]: Consul nothing, Muster 3",
                "step 1.c: Consul 1, Muster nothing",
                "step 1.d: Consul nothing, Muster \"x\"",
            ]
        );
    }

    #[test]
    fn different_statuses_are_one_difference() {
        let consul = json!({"status": 400, "header": {"content-type": "text/plain"}, "body": "no"});
        let muster = json!({"status": 200, "header": {}, "body": [1]});
        let found: Vec<String> =
            answers("step 1", &consul, &muster).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["step 1.status: Consul 400 content-type: text/plain \"no\", Muster 200 [1]"]);
    }

    #[test]
    fn a_step_that_consul_fails_is_a_fault_of_the_case() {
        let fault = |consul: &Value| vacuous("step 1 ", consul).is_some();
        assert!(fault(&json!({"until": "never", "body": 1})));
        assert!(fault(&json!({"time": "too late", "body": 1})));
        assert!(fault(&json!({"body": {"missing part": "/x"}})));
        assert!(!fault(&json!({"time": "in time", "body": {"x": 1}})));
    }

    #[test]
    fn null_is_not_nothing_and_kinds_are_told_apart() {
        assert_eq!(lines(&json!({"a": null}), &json!({})), ["step 1.a: Consul null, Muster nothing"]);
        assert_eq!(lines(&json!([]), &json!({})), ["step 1: Consul [], Muster {}"]);
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let found = lines(&json!("ä".repeat(1000)), &json!(""));
        assert!(found[0].len() < 700 && found[0].contains('…'));
    }
}
