//! Which definition is of which kind, and what is refused. Texts and order pinned from Consul 1.8.7.

use muster_api::{ApiError, check::CheckDefinition};

use super::{KINDS, Scripts, read, word};
use crate::definition::Definition;

const SCRIPTS: Scripts = Scripts { allowed: true };

fn parsed(json: &str) -> CheckDefinition {
    muster_api::decode::json(json.as_bytes()).unwrap()
}

fn judged(json: &str, scripts: Scripts) -> Result<Definition, String> {
    let check: Result<CheckDefinition, ApiError> = muster_api::decode::json(json.as_bytes());
    check.and_then(|check| read(&check, scripts)).map_err(|error| error.to_string())
}

#[test]
fn a_check_is_refused_in_consul_s_words() {
    for (json, text) in [
        (r#"{"HTTP":"x"}"#, "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks"),
        ("{}", "Invalid check: TTL must be > 0 for TTL checks"),
        (r#"{"Args":[],"Interval":"1s"}"#, "Invalid check: TTL must be > 0 for TTL checks"),
        (r#"{"HTTP":"x","TTL":"1s"}"#, "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks"),
        (
            r#"{"HTTP":"x","Interval":"1s","TTL":"1s"}"#,
            "Invalid check: Interval and TTL cannot both be specified",
        ),
        (
            r#"{"AliasService":"x","TCP":"x:1"}"#,
            "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks",
        ),
        (
            r#"{"AliasService":"x","TCP":"x:1","Interval":"1s"}"#,
            "Invalid check: Interval cannot be set for Alias checks",
        ),
        (r#"{"AliasNode":"x","TTL":"1s"}"#, "Invalid check: TTL must be not be set for Alias checks"),
        (r#"{"AliasService":"x","OutputMaxSize":-1}"#, "Invalid check: MaxOutputMaxSize must be positive"),
        (r#"{"DockerContainerID":"abc","Interval":"1s"}"#, "Invalid check: TTL must be > 0 for TTL checks"),
        (r#"{"TTL":"1s","OutputMaxSize":-1}"#, "Invalid check: MaxOutputMaxSize must be positive"),
        (r#"{"TTL":"abc"}"#, "Request decode failed: time: invalid duration \"abc\""),
        (r#"{"TTL":"1s","Status":"zz"}"#, "Bad check status"),
    ] {
        assert_eq!(judged(json, SCRIPTS).unwrap_err(), text, "{json}");
    }
}

#[test]
fn scripts_need_to_be_allowed() {
    let forbidden = Scripts { allowed: false };
    for json in [
        r#"{"Args":["/bin/true"],"Interval":"10s"}"#,
        r#"{"Args":["/bin/true"],"Interval":"10s","HTTP":"http://x"}"#,
    ] {
        assert!(judged(json, SCRIPTS).is_ok(), "{json}");
        assert!(judged(json, forbidden).unwrap_err().starts_with("Scripts are disabled"), "{json}");
    }
}

#[test]
fn the_first_kind_whose_fields_are_there_runs() {
    for (json, expected) in [
        (r#"{"Args":["a"],"HTTP":"x","TCP":"y"}"#, "http"),
        (r#"{"Args":["a"],"TCP":"y"}"#, "tcp"),
        (r#"{"Args":["a"]}"#, "script"),
        (r#"{"Args":[]}"#, ""),
        (r#"{"TCP":"x","UDP":"y","GRPC":"z","Args":["a"]}"#, "tcp"),
        (r#"{"UDP":"y","GRPC":"z","Args":["a"]}"#, "udp"),
        (r#"{"GRPC":"z","Args":["a"]}"#, "grpc"),
        (r#"{"H2PING":"a:1"}"#, "h2ping"),
        (r#"{"os_service":"a"}"#, "os_service"),
        (r#"{"icmp":"a"}"#, "icmp"),
        (r#"{"AliasService":"a","Interval":"1s"}"#, "alias"),
        (r#"{"alias_node":"a"}"#, "alias"),
        (r#"{"TTL":"1s"}"#, "ttl"),
        ("{}", ""),
    ] {
        assert_eq!(word(&parsed(json)), expected, "{json}");
    }
}

#[test]
fn each_kind_has_a_word_of_its_own() {
    let words: std::collections::BTreeSet<_> = KINDS.iter().map(|kind| kind.word).collect();
    assert_eq!(words.len(), KINDS.len());
}

#[test]
fn what_only_describes_a_check_makes_it_no_other() {
    let of = |more: &str| judged(&format!(r#"{{"TCP":"a:1","Interval":"5s"{more}}}"#), SCRIPTS).unwrap();
    assert_eq!(of(""), of(r#","Name":"n","ID":"i","Notes":"x","ServiceID":"s""#));
    for other in [r#","Timeout":"1s""#, r#","FailuresBeforeCritical":2"#, r#","Status":"passing""#] {
        assert_ne!(of(""), of(other), "{other}");
    }
}
