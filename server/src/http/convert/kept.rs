//! Blocks that are kept as they came, in the form in which Consul shows them.

use muster_api::ApiError;
use muster_api::duration::GoDuration;
use serde_json::{Map, Value};

/// The durations of a check's definition.
const DURATIONS: [&str; 4] = ["Interval", "Timeout", "DeregisterCriticalServiceAfter", "TTL"];

/// A check's definition with its durations as text, and the kind of check that it makes.
pub(super) fn definition(came: Option<Value>) -> Result<(Option<Value>, &'static str), ApiError> {
    let Some(Value::Object(mut fields)) = came else { return Ok((came, "")) };
    for (name, value) in &mut fields {
        let plain = name.trim_end_matches("Duration");
        if !DURATIONS.iter().any(|known| plain.eq_ignore_ascii_case(known)) {
            continue;
        }
        let read: GoDuration = serde_json::from_value(std::mem::take(value))
            .map_err(|error| ApiError::BadRequest(format!("Request decode failed: {error}")))?;
        *value = Value::String(read.to_string());
    }
    let has = |fields: &Map<String, Value>, name: &str| {
        fields.iter().any(|(key, value)| {
            key.eq_ignore_ascii_case(name) && value.as_str().is_some_and(|text| !text.is_empty())
        })
    };
    let kind = if has(&fields, "HTTP") {
        "http"
    } else if has(&fields, "TCP") {
        "tcp"
    } else {
        ""
    };
    Ok((Some(Value::Object(fields)), kind))
}

/// A proxy's block always shows its gateway and what it exposes, and each of its upstreams all of itself.
pub(super) fn proxy(came: Option<Value>) -> Option<Value> {
    let Some(Value::Object(mut fields)) = came else { return came };
    for name in ["MeshGateway", "Expose"] {
        if !fields.keys().any(|key| key.replace('_', "").eq_ignore_ascii_case(name)) {
            fields.insert(name.into(), Value::Object(Map::new()));
        }
    }
    let named = |key: &str| key.eq_ignore_ascii_case("Upstreams");
    for (_, upstreams) in fields.iter_mut().filter(|(key, _)| named(key)) {
        for upstream in upstreams.as_array_mut().into_iter().flatten() {
            whole_upstream(upstream);
        }
    }
    Some(Value::Object(fields))
}

fn whole_upstream(upstream: &mut Value) {
    let Value::Object(fields) = upstream else { return };
    let nothing = [
        ("DestinationType", Value::from("")),
        ("DestinationName", Value::from("")),
        ("Datacenter", Value::from("")),
        ("Config", Value::Null),
        ("MeshGateway", Value::Object(Map::new())),
    ];
    for (name, value) in nothing {
        if !fields.keys().any(|key| key.replace('_', "").eq_ignore_ascii_case(name)) {
            fields.insert(name.into(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_text_and_the_kind_is_found() {
        let (shown, kind) =
            definition(Some(json!({ "TCP": "a:1", "Interval": 10_000_000_000_u64 }))).unwrap();
        assert_eq!((shown, kind), (Some(json!({ "TCP": "a:1", "Interval": "10s" })), "tcp"));
        let refused = definition(Some(json!({ "Interval": "nonsense" }))).unwrap_err();
        assert_eq!(refused.to_string(), "Request decode failed: time: invalid duration \"nonsense\"");
        assert_eq!(definition(None).unwrap(), (None, ""));
    }

    #[test]
    fn a_proxy_is_shown_whole() {
        let shown = proxy(Some(json!({ "DestinationServiceName": "web" }))).unwrap();
        assert_eq!(shown, json!({ "DestinationServiceName": "web", "MeshGateway": {}, "Expose": {} }));
        let upstreams = proxy(Some(json!({ "Upstreams": [{ "DestinationName": "u" }] }))).unwrap();
        let whole = json!({
            "DestinationType": "", "DestinationName": "u", "Datacenter": "", "Config": null, "MeshGateway": {},
        });
        assert_eq!(upstreams["Upstreams"], json!([whole]));
    }
}
