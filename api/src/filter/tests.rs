//! Every expression that was put to Consul 1.8.7, with what it answered: which records, or which refusal.

use serde::Deserialize;
use serde_json::Value;

use super::fields::{CHECK, Field, Fields, INSTANCE, NODE};
use super::*;

#[derive(Deserialize)]
struct Recorded {
    records: Vec<Value>,
    rows: Vec<(String, Answer)>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Answer {
    Refused(String),
    Found(Vec<String>),
}

struct Picture<'v>(Fields, &'v Value);

impl Record for Picture<'_> {
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool {
        json::show(Field::Record(self.0), Some(self.1), path, see)
    }
}

fn params(expression: &str) -> Params {
    let escaped = percent_encoding::utf8_percent_encode(expression, percent_encoding::NON_ALPHANUMERIC);
    Params::parse(&format!("filter={escaped}")).unwrap()
}

fn ask(fields: Fields, expression: &str, records: &[Value], id: &str) -> Answer {
    match params(expression).filter(fields) {
        Ok(filter) => {
            let filter = filter.unwrap();
            let found = records.iter().filter(|record| filter.takes(&Picture(fields, record)));
            Answer::Found(found.map(|record| record.pointer(id).unwrap().as_str().unwrap().into()).collect())
        }
        Err(error) => {
            assert_eq!(error.status(), http::StatusCode::INTERNAL_SERVER_ERROR);
            Answer::Refused(error.to_string().strip_prefix(REFUSED).unwrap().into())
        }
    }
}

/// The expressions whose refusal has words of our own; each is refused by Consul too, or the test fails.
fn agrees(fields: Fields, recorded: &str, id: &str) {
    let recorded: Recorded = serde_json::from_str(recorded).unwrap();
    let mut differ = Vec::new();
    for (expression, consul) in &recorded.rows {
        let ours = ask(fields, expression, &recorded.records, id);
        if ours != *consul {
            differ.push(format!("{expression}\n  consul {consul:?}\n  ours   {ours:?}"));
        }
    }
    assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), recorded.rows.len(), differ.join("\n"));
}

#[test]
fn nodes_are_filtered_as_recorded() {
    agrees(NODE, include_str!("tests/nodes.json"), "/Node");
}

#[test]
fn instances_are_filtered_as_recorded() {
    agrees(INSTANCE, include_str!("tests/instances.json"), "/Service/ID");
}

#[test]
fn an_expression_is_bounded_in_length_and_depth() {
    let refused = |text: &str| params(text).filter(NODE).unwrap_err().to_string();
    let long = format!("Node == \"{}\"", "a".repeat(LONGEST));
    assert_eq!(refused(&long), format!("{REFUSED}the expression has 16394 bytes: at most 16384 are allowed"));
    for deep in ["(".repeat(5000) + "Node == a", "not ".repeat(3000) + "Node == a"] {
        assert_eq!(
            refused(&deep),
            format!("{REFUSED}the expression is nested too deep: at most 64 levels are allowed")
        );
    }
    let chain = vec!["Node == a"; 1000].join(" or ");
    assert!(params(&chain).filter(NODE).unwrap().is_some());
    assert!(refused("Node matches \"(((a{900}){900}){900})\"").contains("expression too large"));
}

#[test]
fn an_empty_filter_is_none() {
    assert!(Params::parse("filter=").unwrap().filter(NODE).unwrap().is_none());
}

#[test]
fn binding_alone_refuses_without_the_beginning() {
    let unbound = Unbound::parse("zz == 1").unwrap();
    assert_eq!(unbound.bind(CHECK).unwrap_err().to_string(), "Selector \"zz\" is not valid");
}
