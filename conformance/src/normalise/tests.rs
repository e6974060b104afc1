//! What becomes a word, and what must not.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::case::get;

fn own() -> Own {
    Own {
        http: 1111,
        dns: 2222,
        server: 3333,
        node_id: "9681198e-3b6c-6857-6146-4e6b1043c8c5".into(),
        version: "1.8.7".into(),
    }
}

fn seen(step: &'static Step, body: &Value, index: Option<&str>) -> Seen<'static> {
    let headers = index.map(|index| ("x-consul-index".to_owned(), index.to_owned())).into_iter().collect();
    let answer = Answer { status: 200, headers, body: body.to_string().into_bytes(), took: Duration::ZERO };
    Seen { step, path: step.path.to_owned(), part: step.part.to_owned(), answer, gave_up: false }
}

static GET: Step = get("/v1/x");

#[test]
fn indexes_become_their_order_over_all_steps() {
    let found = observations(
        &own(),
        &[
            seen(&GET, &json!([{"CreateIndex": 70, "ModifyIndex": 90}]), None),
            seen(&GET, &json!([{"CreateIndex": 70, "ModifyIndex": 0, "LockIndex": 70}]), None),
        ],
    );
    assert_eq!(found[0]["body"], json!([{"CreateIndex": "index #2", "ModifyIndex": "index #3"}]));
    assert_eq!(found[1]["body"], json!([{"CreateIndex": "index #2", "ModifyIndex": 0, "LockIndex": 70}]));
}

#[test]
fn the_index_header_is_compared_by_its_progress_on_the_same_path() {
    let found = observations(
        &own(),
        &[
            seen(&GET, &json!(1), Some("5")),
            seen(&GET, &json!(1), Some("5")),
            seen(&GET, &json!(1), Some("9")),
            seen(&GET, &json!(1), Some("0")),
        ],
    );
    let words: Vec<&Value> = found.iter().map(|one| &one["index"]).collect();
    assert_eq!(words, [&Value::Null, &json!("the same"), &json!("advanced"), &json!("went back")]);
    assert_eq!(found[3]["header"]["x-consul-index"], "zero");
}

#[test]
fn ports_ids_times_and_the_version_become_words() {
    let body = json!({
        "Leader": "127.0.0.1:3333", "Port": 1111, "Other": 80, "Version": "1.8.7", "Note": "1.8.7",
        "ID": "9681198e-3b6c-6857-6146-4e6b1043c8c5", "At": "2026-11-24T01:56:26Z",
        "A": "aaaaaaaa-3b6c-6857-6146-4e6b1043c8c5", "B": "aaaaaaaa-3b6c-6857-6146-4e6b1043c8c5",
        "Sent": "11111111-2222-1111-1111-111111111111", "ContentHash": "a1b2"
    });
    let found = observations(&own(), &[seen(&GET, &body, None)]);
    let wanted = json!({
        "Leader": "127.0.0.1:<server>", "Port": "<http>", "Other": 80, "Version": "<version>", "Note": "1.8.7",
        "ID": "<node-id>", "At": "<time>", "A": "<id 1>", "B": "<id 1>",
        "Sent": "11111111-2222-1111-1111-111111111111", "ContentHash": "a hash"
    });
    assert_eq!(found[0]["body"], wanted);
}

#[test]
fn a_view_of_keys_keeps_names_and_kinds() {
    static KEYS: Step = get("/v1/x").part("/Config").keys(1);
    let found = observations(&own(), &[seen(&KEYS, &json!({"Config": {"A": 1, "B": {"C": 2}}}), None)]);
    assert_eq!(found[0]["body"], json!({"A": "a number", "B": "an object"}));
    let missing = observations(&own(), &[seen(&KEYS, &json!({}), None)]);
    assert_eq!(missing[0]["body"], json!({"missing part": "a string"}));
}

#[test]
fn lists_without_an_order_are_sorted_where_a_step_says_so() {
    static SORTED: Step = get("/v1/x").sorted();
    let body = json!({"web": ["b", "a"], "list": [{"b": 1}, {"a": 1}]});
    let found = observations(&own(), &[seen(&SORTED, &body, None), seen(&GET, &body, None)]);
    assert_eq!(found[0]["body"], json!({"web": ["a", "b"], "list": [{"b": 1}, {"a": 1}]}));
    assert_eq!(found[1]["body"], body);
}
