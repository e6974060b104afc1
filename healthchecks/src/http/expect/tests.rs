//! What is expected, against answers that never left memory; `http/tests.rs` has those that did.

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use muster_api::check::CheckDefinition;

use super::{Body, Expectations};
use crate::definition::Status;

fn read(json: &str) -> Result<Expectations, String> {
    let check: CheckDefinition = muster_api::decode::json(json.as_bytes()).unwrap();
    Expectations::read(&check).map_err(|error| error.to_string())
}

fn judge(json: &str, code: u16, body: &str) -> Result<Status, String> {
    let mut headers = HeaderMap::new();
    headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.append("x-pool", HeaderValue::from_static("blue"));
    headers.append("x-pool", HeaderValue::from_static("green"));
    let body = Body { bytes: body.as_bytes().to_vec(), is_cut: false };
    read(json).unwrap().judge(code, &headers, &body)
}

#[test]
fn without_expectations_the_code_is_judged_as_consul_does() {
    for (code, status) in [
        (200, Status::Passing),
        (299, Status::Passing),
        (301, Status::Critical),
        (429, Status::Warning),
        (500, Status::Critical),
    ] {
        assert_eq!(judge("{}", code, ""), Ok(status), "{code}");
    }
}

#[test]
fn the_set_of_codes_takes_the_place_of_the_usual_ones() {
    let set = r#"{"ExpectStatus":["401","500-599"]}"#;
    for code in [401, 500, 503, 599] {
        assert_eq!(judge(set, code, ""), Ok(Status::Passing), "{code}");
    }
    for code in [200, 402, 429, 499, 600] {
        assert_eq!(judge(set, code, ""), Err("expected the status 401 or 500-599".to_owned()), "{code}");
    }
}

#[test]
fn headers_and_body_must_hold_what_is_asked_for() {
    for (json, why) in [
        (r#"{"ExpectHeader":{"Content-Type":"json","X-Pool":"green"}}"#, None),
        (r#"{"ExpectHeader":{"x-pool":"red"}}"#, Some(r#"expected a header x-pool that contains "red""#)),
        (r#"{"ExpectHeader":{"x-none":""}}"#, Some(r#"expected a header x-none that contains """#)),
        (r#"{"ExpectBody":"\"state\":\"up\""}"#, None),
        (r#"{"ExpectBody":"ready"}"#, Some(r#"expected a body that contains "ready""#)),
        (r#"{"ExpectBodyRegex":"\"n\":\\d+"}"#, None),
        (r#"{"ExpectBodyRegex":"^up"}"#, Some(r#"expected a body that matches "^up""#)),
        (r#"{"ExpectJSON":{"/state":"up","/n":3.0,"/list/1":{"a":null},"/on":true}}"#, None),
        (
            r#"{"ExpectJSON":{"/state":"down"}}"#,
            Some(r#"expected "down" at "/state" of the body and found "up""#),
        ),
        (r#"{"ExpectJSON":{"/n":"3"}}"#, Some(r#"expected "3" at "/n" of the body and found 3"#)),
        (r#"{"ExpectJSON":{"/none":1}}"#, Some(r#"expected 1 at "/none" of the body and found nothing"#)),
    ] {
        let body = r#"{"state":"up","n":3,"list":[0,{"a":null}],"on":true}"#;
        let expected = why.map_or(Ok(Status::Passing), |why| Err(why.to_owned()));
        assert_eq!(judge(json, 200, body), expected, "{json}");
        assert_eq!(judge(json, 500, body), Ok(Status::Critical), "{json}: a bad code is bad");
        let warned = why.map_or(Ok(Status::Warning), |why| Err(why.to_owned()));
        assert_eq!(judge(json, 429, body), warned, "{json}");
    }
}

#[test]
fn numbers_are_the_same_where_they_count_the_same() {
    for (wanted, found, same) in [
        ("1.0", "1", true),
        (r#"{"a":[1.0]}"#, r#"{"a":[1]}"#, true),
        (r#"{"a":[1.0]}"#, r#"{"a":[1],"b":2}"#, false),
        ("[1]", "[1,2]", false),
        // One and the same as a number of 53 bits.
        ("9007199254740993", "9007199254740992", false),
        ("1", r#""1""#, false),
        ("1", "true", false),
    ] {
        let asked = format!(r#"{{"ExpectJSON":{{"/n":{wanted}}}}}"#);
        let judged = judge(&asked, 200, &format!(r#"{{"n":{found}}}"#));
        assert_eq!(judged.is_ok(), same, "{wanted} and {found}: {judged:?}");
    }
}

#[test]
fn a_body_that_is_no_json_or_too_long_is_named() {
    let json = r#"{"ExpectJSON":{"/a":1}}"#;
    let none = judge(json, 200, "hello").unwrap_err();
    assert!(none.starts_with("expected a body of JSON, and it is none (expected value"), "{none}");
    let cut = Body { bytes: b"{}".to_vec(), is_cut: true };
    let long = read(json).unwrap().judge(200, &HeaderMap::new(), &cut);
    assert_eq!(long, Err("expected a body of JSON of at most 1048576 bytes".to_owned()));
    let nested = "[".repeat(100_000);
    assert!(judge(json, 200, &nested).is_err(), "what nests too deep is refused, and nothing else happens");
}

#[test]
fn what_nothing_can_be_expected_by_is_refused_by_name() {
    for (json, text) in [
        (r#"{"ExpectStatus":["2xx"]}"#, r#"ExpectStatus "2xx" must be a status such as "200" or "200-299""#),
        (r#"{"ExpectStatus":["99"]}"#, r#"ExpectStatus "99" must be a status such as "200" or "200-299""#),
        (r#"{"ExpectStatus":["300-200"]}"#, r#"ExpectStatus "300-200" must be a status such as"#),
        (r#"{"ExpectStatus":[""]}"#, r#"ExpectStatus "" must be a status such as"#),
        (r#"{"ExpectHeader":{"a b":"c"}}"#, r#"ExpectHeader "a b" must be the name of a header"#),
        (r#"{"ExpectBodyRegex":"("}"#, "ExpectBodyRegex must be a regular expression: "),
        (r#"{"ExpectBodyRegex":"(a{1000}){1000}"}"#, "ExpectBodyRegex must be a regular expression: "),
        (r#"{"ExpectJSON":{"a/b":1}}"#, r#"ExpectJSON "a/b" must be a JSON pointer such as "/status""#),
    ] {
        let refusal = read(json).unwrap_err();
        assert!(refusal.starts_with(&format!("Invalid check: {text}")), "{json}: {refusal}");
    }
}
