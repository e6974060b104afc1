//! Refusals as clients see them: status, headers and text.

use http::{Method, StatusCode, header};
use muster_api::service::check_meta;
use muster_api::{ApiError, Params, answer};

#[test]
fn a_refused_read_has_the_headers_of_a_read() {
    for error in [ApiError::NoDatacenter, ApiError::Internal("why".into())] {
        let (status, text) = (error.status(), error.to_string());
        let reply = error.of_read().into_reply();
        assert_eq!((reply.status(), &reply.body()[..]), (status, text.as_bytes()));
        assert_eq!(reply.headers()["x-consul-index"], "1");
        assert_eq!(reply.headers()["x-consul-knownleader"], "false");
    }
    let malformed = ApiError::BadRequest("Missing service name".into()).of_read().into_reply();
    assert_eq!(malformed.status(), StatusCode::BAD_REQUEST);
    assert!(!malformed.headers().contains_key("x-consul-index"));
}

#[test]
fn a_directory_is_led_to_with_its_query() {
    let uri = "/v1/kv?a=b&c".parse().unwrap();
    let reply = answer::moved(&Method::GET, &answer::directory(&uri));
    assert_eq!(reply.headers()[header::LOCATION], "/v1/kv/?a=b&c");
    assert_eq!(&reply.body()[..], &b"<a href=\"/v1/kv/?a=b&amp;c\">Moved Permanently</a>.\n\n"[..]);
    assert!(answer::moved(&Method::PUT, "/v1/kv/").body().is_empty());
}

#[test]
fn read_modes_that_contradict_are_refused() {
    let refused = |query: &str| Params::parse(query).unwrap().mode("dc1").unwrap_err().to_string();
    assert_eq!(
        refused("cached&consistent"),
        "Cannot specify ?cached with ?consistent, conflicting semantics."
    );
    assert_eq!(refused("max_stale=abc"), "Invalid max_stale value \"abc\"");
    assert!(Params::parse("max_stale=10s&stale").unwrap().mode("dc1").is_ok());
}

#[test]
fn metadata_is_held_to_its_limits() {
    let refused =
        |key: &str, value: &str| check_meta(&[(key.to_owned(), value.to_owned())].into()).unwrap_err();
    assert_eq!(refused("", "x"), "Couldn't load metadata pair ('', 'x'): Key cannot be blank");
    assert!(refused("a.b", "x").ends_with("Key contains invalid characters"));
    assert!(refused("consul-x", "x").ends_with("Key prefix 'consul-' is reserved for internal use"));
    assert!(refused(&"k".repeat(129), "x").ends_with("Key is too long (limit: 128 characters)"));
    assert!(refused("k", &"v".repeat(513)).ends_with("Value is too long (limit: 512 characters)"));
    let many = (0..65).map(|n| (format!("k{n}"), String::new())).collect();
    assert_eq!(check_meta(&many).unwrap_err(), "Node metadata cannot contain more than 64 key/value pairs");
}
