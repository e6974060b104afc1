//! The check that labels ask for. The well-known registrator's short forms are read here; every other field of a
//! check's definition is `SERVICE_CHECK_<FIELD>`, whatever kinds of check an agent has.

use muster_api::check::CheckDefinition;
use muster_api::decode;
use serde_json::{Map, Value, json};

use super::source::{Attribute, Attributes, list};

/// What every attribute of a check begins with.
const PREFIX: &str = "check_";
/// Between two runs, where nobody says.
const INTERVAL: &str = "10s";

/// What is checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'t> {
    pub(crate) address: &'t str,
    pub(crate) port: u16,
    /// The container's whole ID.
    pub(crate) container: &'t str,
}

/// The short forms, in the order in which they win.
const SHORT: [&str; 8] = ["http", "https", "cmd", "script", "docker", "ttl", "tcp", "grpc"];
/// Fields whose value may be `true`: then it is the instance's own address and port.
const OWN_ADDRESS: [&str; 4] = ["tcp", "grpc", "udp", "h2ping"];
/// Fields that make a check; all others only say how it is run.
const KINDS: [&str; 12] = [
    "http",
    "args",
    "ttl",
    "tcp",
    "grpc",
    "udp",
    "h2ping",
    "icmp",
    "osservice",
    "checkimage",
    "aliasnode",
    "aliasservice",
];
/// The well-known registrator's names of fields.
const ALIASES: [(&str, &str); 6] = [
    ("initialstatus", "status"),
    ("deregisterafter", "deregistercriticalserviceafter"),
    ("httpmethod", "method"),
    ("httpsmethod", "method"),
    ("grpctlsskipverify", "tlsskipverify"),
    ("httpstlsskipverify", "tlsskipverify"),
];

/// Whether the container's own health check is mirrored: unless a label says no.
pub(crate) fn mirrors_health(attributes: &Attributes) -> bool {
    let asked = attributes.text("check_healthcheck").map(str::to_ascii_lowercase);
    !matches!(asked.as_deref(), Some("false" | "0" | "no" | "off"))
}

/// The check that the attributes ask for; none where they ask for none.
///
/// # Errors
/// In words that name the label and what is wrong with it.
pub(crate) fn check(attributes: &Attributes, target: Target<'_>) -> Result<Option<CheckDefinition>, String> {
    let asked = |name: &&&str| attributes.get(&format!("{PREFIX}{name}")).is_some_and(|it| !is_no(&it.value));
    let first = SHORT.iter().find(asked).copied();
    let mut fields = Map::new();
    for (name, attribute) in attributes.iter() {
        let Some(name) = name.strip_prefix(PREFIX).filter(|name| *name != "healthcheck") else { continue };
        let filled = filled(&attribute.value, target);
        let named = |error: String| format!("{}: {error}", attribute.label);
        if SHORT.contains(&name) {
            if Some(name) == first {
                short(&mut fields, name, &filled, target).map_err(named)?;
            }
            continue;
        }
        let bare = name.replace('_', "");
        let field =
            ALIASES.iter().find(|(alias, _)| *alias == bare).map_or(bare.as_str(), |(_, field)| *field);
        let value = value(field, &filled, target).map_err(named)?;
        // What a short form said is not said again.
        fields.entry(field.to_owned()).or_insert(value);
    }
    finished(fields, attributes, target)
}

/// The definition of these fields, if they make a check.
fn finished(
    mut fields: Map<String, Value>,
    attributes: &Attributes,
    target: Target<'_>,
) -> Result<Option<CheckDefinition>, String> {
    if !KINDS.iter().any(|kind| fields.contains_key(*kind)) {
        return Ok(None);
    }
    if !["ttl", "aliasnode", "aliasservice"].iter().any(|kind| fields.contains_key(*kind)) {
        fields.entry("interval").or_insert_with(|| INTERVAL.into());
    }
    if fields.contains_key("checkimage") {
        fields.entry("dockercontainerid").or_insert_with(|| target.container.into());
    }
    let read = read(&Value::Object(fields));
    read.map(Some).map_err(|error| format!("{}: {error}", labels(attributes)))
}

/// The labels that say anything about a check, with commas between.
pub(crate) fn labels(attributes: &Attributes) -> String {
    let labels = attributes.iter().filter(|(name, _)| name.starts_with(PREFIX));
    let labels: Vec<&str> = labels.map(|(_, Attribute { label, .. })| label.as_str()).collect();
    labels.join(", ")
}

/// One short form as fields.
fn short(fields: &mut Map<String, Value>, name: &str, text: &str, target: Target<'_>) -> Result<(), String> {
    match name {
        "http" | "https" => {
            let slash = if text.starts_with('/') { "" } else { "/" };
            let whole = text.starts_with("http://") || text.starts_with("https://");
            let url = if whole { text.to_owned() } else { format!("{name}://{}{slash}{text}", own(target)) };
            fields.insert("http".into(), url.into());
        }
        "cmd" => {
            fields.insert("args".into(), words(text)?);
            fields.insert("dockercontainerid".into(), target.container.into());
        }
        "docker" => {
            fields.insert("args".into(), json!(["/bin/sh", "-c", text]));
            fields.insert("dockercontainerid".into(), target.container.into());
        }
        "script" => {
            fields.insert("args".into(), words(text)?);
        }
        other => {
            fields.insert(other.into(), value(other, text, target)?);
        }
    }
    Ok(())
}

/// The value of a field in the type that the field has.
fn value(field: &str, text: &str, target: Target<'_>) -> Result<Value, String> {
    if OWN_ADDRESS.contains(&field) {
        return address(field, text, target);
    }
    match field {
        "icmp" if is_yes(text) => return Ok(target.address.into()),
        "args" => return words(text),
        "header" => return headers(text),
        _ => {}
    }
    let items = list(text);
    let pair = |item: &String| {
        let (key, value) = item.split_once(':').or_else(|| item.split_once('='))?;
        Some((key.trim().to_owned(), Value::from(value.trim())))
    };
    let pairs: Option<Map<String, Value>> = items.iter().map(pair).collect();
    let candidates = [
        Some(Value::from(text)),
        yes_or_no(text).map(Value::from),
        text.parse::<i64>().ok().map(Value::from),
        serde_json::from_str(text).ok(),
        Some(Value::from(items.clone())),
        pairs.map(Value::Object),
    ];
    let mut refusal = String::new();
    for candidate in candidates.into_iter().flatten() {
        let one = Map::from_iter([(field.to_owned(), candidate.clone())]);
        match read(&Value::Object(one)) {
            Ok(_) => return Ok(candidate),
            Err(error) if error.contains("unknown field") => {
                return Err(format!("a check has no field {field:?}"));
            }
            Err(error) if refusal.is_empty() => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}

fn read(fields: &Value) -> Result<CheckDefinition, String> {
    let read = decode::json(fields.to_string().as_bytes());
    read.map_err(|error| error.to_string().trim_start_matches("Request decode failed: ").to_owned())
}

/// `true` is the instance's own address, `/name` is that with a service's name behind; all else is as it stands.
fn address(field: &str, text: &str, target: Target<'_>) -> Result<Value, String> {
    if is_yes(text) {
        return Ok(own(target).into());
    }
    match (field, text.strip_prefix('/')) {
        ("grpc", Some(service)) => Ok(format!("{}/{service}", own(target)).into()),
        _ if text.contains(':') => Ok(text.into()),
        _ => Err(format!("{text:?} is neither true nor host:port")),
    }
}

/// `Name: value` with commas between; `\,` is a comma inside.
fn headers(text: &str) -> Result<Value, String> {
    let mut headers: Map<String, Value> = Map::new();
    for item in list(text) {
        let (name, value) =
            item.split_once(':').ok_or_else(|| "write Name: value, with commas between".to_owned())?;
        let values = headers.entry(name.trim()).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(value.trim().into());
        }
    }
    Ok(Value::Object(headers))
}

/// Words as a shell parts them.
fn words(text: &str) -> Result<Value, String> {
    let words = shlex::split(text).ok_or("a quotation mark without its second one")?;
    if words.is_empty() {
        return Err("there is no command".into());
    }
    Ok(words.into())
}

fn own(target: Target<'_>) -> String {
    match target.address.contains(':') {
        true => format!("[{}]:{}", target.address, target.port),
        false => format!("{}:{}", target.address, target.port),
    }
}

fn filled(text: &str, target: Target<'_>) -> String {
    let port = target.port.to_string();
    let ip =
        ["${SERVICE_IP}", "$SERVICE_IP"].iter().fold(text.to_owned(), |t, p| t.replace(p, target.address));
    ["${SERVICE_PORT}", "$SERVICE_PORT"].iter().fold(ip, |t, p| t.replace(p, &port))
}

fn yes_or_no(text: &str) -> Option<bool> {
    if is_yes(text) { Some(true) } else { is_no(text).then_some(false) }
}

fn is_yes(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "t" | "yes" | "on")
}

fn is_no(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "false" | "0" | "f" | "no" | "off")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::container::Container;
    use crate::container::tests::web;

    fn with(labels: &[(&str, &str)]) -> Attributes {
        let labels = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned()));
        Attributes::of(&Container { labels: labels.collect(), ..web() }, 80)
    }

    fn asked(labels: &[(&str, &str)]) -> Result<Option<CheckDefinition>, String> {
        check(&with(labels), Target { address: "10.0.0.7", port: 8080, container: "cafe" })
    }

    fn expect(labels: &[(&str, &str)], expected: Value) {
        assert_eq!(asked(labels).unwrap().unwrap(), read(&expected).unwrap(), "{labels:?}");
    }

    #[test]
    fn the_short_forms_are_those_of_the_well_known_registrator() {
        expect(
            &[("SERVICE_80_CHECK_HTTP", "/health"), ("SERVICE_80_CHECK_INTERVAL", "15s")],
            json!({"http": "http://10.0.0.7:8080/health", "interval": "15s"}),
        );
        expect(
            &[("SERVICE_CHECK_HTTPS", "up?a=b"), ("SERVICE_CHECK_HTTPS_METHOD", "HEAD")],
            json!({"http": "https://10.0.0.7:8080/up?a=b", "method": "HEAD", "interval": "10s"}),
        );
        expect(
            &[("SERVICE_CHECK_TCP", "true"), ("SERVICE_CHECK_TIMEOUT", "3s")],
            json!({"tcp": "10.0.0.7:8080", "interval": "10s", "timeout": "3s"}),
        );
        expect(
            &[("SERVICE_CHECK_SCRIPT", "nc '-w 1' $SERVICE_IP ${SERVICE_PORT}")],
            json!({"args": ["nc", "-w 1", "10.0.0.7", "8080"], "interval": "10s"}),
        );
        expect(
            &[("SERVICE_CHECK_CMD", "/check.sh \"a b\"")],
            json!({"args": ["/check.sh", "a b"], "dockercontainerid": "cafe", "interval": "10s"}),
        );
        expect(
            &[("SERVICE_CHECK_DOCKER", "pgrep x | wc -l")],
            json!({"args": ["/bin/sh", "-c", "pgrep x | wc -l"], "dockercontainerid": "cafe", "interval": "10s"}),
        );
        expect(
            &[("SERVICE_CHECK_TTL", "30s"), ("SERVICE_CHECK_INITIAL_STATUS", "passing")],
            json!({"ttl": "30s", "status": "passing"}),
        );
        expect(
            &[
                ("SERVICE_CHECK_GRPC", "true"),
                ("SERVICE_CHECK_GRPC_USE_TLS", "true"),
                ("SERVICE_CHECK_GRPC_TLS_SKIP_VERIFY", "true"),
                ("SERVICE_CHECK_DEREGISTER_AFTER", "1m"),
            ],
            json!({"grpc": "10.0.0.7:8080", "grpcusetls": true, "tlsskipverify": true, "interval": "10s",
                   "deregistercriticalserviceafter": "1m"}),
        );
        expect(
            &[("SERVICE_CHECK_GRPC", "/shop.Cart")],
            json!({"grpc": "10.0.0.7:8080/shop.Cart", "interval": "10s"}),
        );
    }

    #[test]
    fn every_field_of_a_definition_has_a_label() {
        expect(
            &[
                ("SERVICE_CHECK_HTTP", "/"),
                ("SERVICE_CHECK_HEADER", r"Host: a.b,X-L: 1\,2"),
                ("SERVICE_CHECK_FAILURES_BEFORE_CRITICAL", "3"),
                ("SERVICE_CHECK_Disable_Redirects", "true"),
                ("SERVICE_CHECK_BODY", "{}"),
            ],
            json!({"http": "http://10.0.0.7:8080/", "header": {"Host": ["a.b"], "X-L": ["1,2"]},
                   "failuresbeforecritical": 3, "disableredirects": true, "body": "{}", "interval": "10s"}),
        );
        expect(&[("SERVICE_CHECK_UDP", "true")], json!({"udp": "10.0.0.7:8080", "interval": "10s"}));
        expect(&[("SERVICE_CHECK_ALIAS_SERVICE", "db")], json!({"aliasservice": "db"}));
    }

    #[test]
    fn the_first_short_form_wins_and_how_to_check_is_no_check() {
        expect(
            &[("SERVICE_CHECK_TCP", "true"), ("SERVICE_CHECK_TTL", "5s"), ("SERVICE_CHECK_HTTP", "false")],
            json!({"ttl": "5s"}),
        );
        for labels in [
            &[("SERVICE_CHECK_TCP", "false")][..],
            &[("SERVICE_CHECK_INTERVAL", "5s"), ("SERVICE_CHECK_TIMEOUT", "1s")],
            &[("SERVICE_CHECK_HEALTHCHECK", "false")],
            &[],
        ] {
            assert_eq!(asked(labels), Ok(None), "{labels:?}");
        }
        assert!(
            mirrors_health(&with(&[])) && !mirrors_health(&with(&[("SERVICE_CHECK_HEALTHCHECK", "False")]))
        );
    }

    #[test]
    fn an_address_by_ipv6_stands_in_brackets() {
        let target = Target { address: "fd00::2", port: 80, container: "cafe" };
        let made = check(&with(&[("SERVICE_CHECK_HTTP", "/")]), target).unwrap().unwrap();
        assert_eq!(made.http, "http://[fd00::2]:80/");
    }

    #[test]
    fn what_is_wrong_is_named_by_its_label() {
        for (labels, words) in [
            (&[("SERVICE_CHECK_TTL", "soon")][..], "SERVICE_CHECK_TTL: time: invalid duration \"soon\""),
            (&[("SERVICE_80_CHECK_NOSUCH", "1")], "SERVICE_80_CHECK_NOSUCH: a check has no field \"nosuch\""),
            (&[("SERVICE_CHECK_SCRIPT", "a 'b")], "SERVICE_CHECK_SCRIPT: a quotation mark"),
            (&[("SERVICE_CHECK_SCRIPT", " ")], "SERVICE_CHECK_SCRIPT: there is no command"),
            (&[("SERVICE_CHECK_TCP", "here")], "SERVICE_CHECK_TCP: \"here\" is neither true nor host:port"),
            (&[("SERVICE_CHECK_HEADER", "x")], "SERVICE_CHECK_HEADER: write Name: value"),
            (
                &[("SERVICE_CHECK_TCP", "1"), ("SERVICE_CHECK_TLS_SKIP_VERIFY", "maybe")],
                "SERVICE_CHECK_TLS_SKIP_VERIFY: ",
            ),
            (
                &[("SERVICE_CHECK_TCP", "1"), ("SERVICE_CHECK_FAILURES_BEFORE_WARNING", "two")],
                "SERVICE_CHECK_FAILURES_BEFORE_WARNING: ",
            ),
        ] {
            let error = asked(labels).unwrap_err();
            assert!(error.starts_with(words), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_label_is_too_strange_to_be_judged(name in "[A-Z_]{0,12}", text in "\\PC{0,24}") {
            let label = format!("SERVICE_CHECK_{name}");
            if let Err(error) = asked(&[(&label, &text)]) {
                prop_assert!(error.contains(&label), "{}", error);
            }
        }
    }
}
