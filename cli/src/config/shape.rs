//! Holds one file's content against the table of keys: what is unknown or of a wrong type is named with its path,
//! in Consul's words. Pure.

use serde_json::{Map, Value};

use super::keys::{Effect, Key, Kind, TOP};

/// What a file says, its keys as they are known here, and the keys that have no effect.
#[derive(Debug, Default)]
pub(super) struct Shaped {
    pub(super) value: Map<String, Value>,
    pub(super) idle: Vec<String>,
}

/// What is wrong with a file.
#[derive(Default)]
struct Faults {
    unknown: Vec<String>,
    types: Vec<String>,
    refused: Vec<String>,
    idle: Vec<String>,
}

/// Checks `content` and spells its keys as the table does.
///
/// # Errors
/// All that is wrong of one sort: unknown keys first, then types, then what would be a pretence.
pub(super) fn shape(content: Map<String, Value>) -> Result<Shaped, String> {
    let mut faults = Faults::default();
    let value = faults.group(content, TOP, "");
    let Faults { unknown, types, refused, idle } = faults;
    let list = |lines: &[String]| lines.iter().map(|line| format!("\t* {line}\n")).collect::<String>();
    if !unknown.is_empty() {
        let of = if unknown.len() == 1 { "1 error" } else { &format!("{} errors", unknown.len()) };
        let keys: Vec<String> = unknown.iter().map(|key| format!("invalid config key {key}")).collect();
        return Err(format!("{of} occurred:\n{}\n", list(&keys)));
    }
    if !types.is_empty() {
        let lines: String = types.iter().map(|line| format!("\n* {line}")).collect();
        return Err(format!("{} error(s) decoding:\n{lines}", types.len()));
    }
    if !refused.is_empty() {
        return Err(refused.join("\n"));
    }
    Ok(Shaped { value, idle })
}

impl Faults {
    fn group(&mut self, content: Map<String, Value>, keys: &[Key], path: &str) -> Map<String, Value> {
        let mut known = Map::new();
        for (came, value) in content {
            let here = if path.is_empty() { came.clone() } else { format!("{path}.{came}") };
            let Some(key) = keys.iter().find(|key| key.name.eq_ignore_ascii_case(&came)) else {
                self.unknown.push(here);
                continue;
            };
            if value.is_null() {
                continue;
            }
            match key.effect {
                Effect::Used => {}
                Effect::Idle => self.idle.push(here.clone()),
                Effect::Refused(why) => {
                    // What is switched off asks for nothing.
                    if asks(&value) {
                        self.refused.push(format!("{here}: {why}"));
                    }
                    continue;
                }
            }
            let value = self.value(value, key.kind, &here);
            known.insert(key.name.to_owned(), value);
        }
        known
    }

    fn value(&mut self, value: Value, kind: Kind, path: &str) -> Value {
        let fits = match kind {
            Kind::Text => value.is_string(),
            Kind::Span => match &value {
                Value::String(text) => {
                    if muster_api::duration::parse(text).is_none() {
                        self.types.push(format!("'{path}': time: invalid duration {text}"));
                    }
                    true
                }
                _ => false,
            },
            Kind::Whole => value.is_i64() || value.is_u64(),
            Kind::Number => value.is_number(),
            Kind::Switch => value.is_boolean(),
            Kind::Texts => return self.texts(value, path),
            Kind::Pairs | Kind::Spans => return self.pairs(value, kind, path),
            Kind::Group(keys) => return self.object(value, keys, path),
            Kind::Each(keys) => return self.list(value, keys, path),
            Kind::Any => true,
        };
        if !fits {
            let wanted = match kind {
                Kind::Whole => "int",
                Kind::Number => "float64",
                Kind::Switch => "bool",
                _ => "string",
            };
            self.unconvertible(path, wanted, &value);
        }
        value
    }

    fn unconvertible(&mut self, path: &str, wanted: &str, value: &Value) {
        let came = type_of(value);
        self.types.push(format!("'{path}' expected type '{wanted}', got unconvertible type '{came}'"));
    }

    fn texts(&mut self, value: Value, path: &str) -> Value {
        let Value::Array(items) = &value else {
            let came = type_of(&value);
            self.types.push(format!("'{path}': source data must be an array or slice, got {came}"));
            return value;
        };
        for (place, item) in items.iter().enumerate().filter(|(_, item)| !item.is_string()) {
            self.unconvertible(&format!("{path}[{place}]"), "string", item);
        }
        value
    }

    fn pairs(&mut self, value: Value, kind: Kind, path: &str) -> Value {
        let Value::Object(map) = &value else {
            self.types.push(format!("'{path}' expected a map, got '{}'", type_of(&value)));
            return value;
        };
        let inner = if matches!(kind, Kind::Spans) { Kind::Span } else { Kind::Text };
        for (name, item) in map {
            self.value(item.clone(), inner, &format!("{path}[{name}]"));
        }
        value
    }

    fn object(&mut self, value: Value, keys: &[Key], path: &str) -> Value {
        match value {
            Value::Object(map) => Value::Object(self.group(map, keys, path)),
            other => {
                self.types.push(format!("'{path}' expected a map, got '{}'", type_of(&other)));
                other
            }
        }
    }

    fn list(&mut self, value: Value, keys: &[Key], path: &str) -> Value {
        let items = match value {
            Value::Array(items) => items,
            // One block of HCL.
            Value::Object(map) => vec![Value::Object(map)],
            other => {
                let came = type_of(&other);
                self.types.push(format!("'{path}': source data must be an array or slice, got {came}"));
                return other;
            }
        };
        let each = items.into_iter().enumerate();
        Value::Array(each.map(|(place, item)| self.object(item, keys, &format!("{path}[{place}]"))).collect())
    }
}

/// Whether a value asks for something: `false`, an empty text and an empty or switched-off group do not.
fn asks(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => match map.get("enabled") {
            Some(on) => asks(on),
            None => map.values().any(asks),
        },
    }
}

/// What Go calls it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use super::shape;

    fn refusal(json: &str) -> String {
        shape(serde_json::from_str(json).unwrap()).unwrap_err()
    }

    #[test]
    fn an_unknown_key_is_named_with_its_path() {
        let text =
            refusal(r#"{"foo":1,"dns_config":{"soa":{"x":1}},"services":[{"name":"x","checks":[{"y":1}]}]}"#);
        for path in ["foo", "dns_config.soa.x", "services[0].checks[0].y"] {
            assert!(text.contains(&format!("\t* invalid config key {path}\n")), "{text}");
        }
        assert!(text.starts_with("3 errors occurred:\n"), "{text}");
        assert_eq!(refusal(r#"{"foo":1}"#), "1 error occurred:\n\t* invalid config key foo\n\n");
    }

    #[test]
    fn a_wrong_type_is_named() {
        for (json, text) in [
            (r#"{"datacenter":5}"#, "'datacenter' expected type 'string', got unconvertible type 'float64'"),
            (
                r#"{"ports":{"http":"x"}}"#,
                "'ports.http' expected type 'int', got unconvertible type 'string'",
            ),
            (r#"{"recursors":"1.1.1.1"}"#, "'recursors': source data must be an array or slice, got string"),
            (r#"{"service":[{"name":"x"}]}"#, "'service' expected a map, got 'slice'"),
        ] {
            assert_eq!(refusal(json), format!("1 error(s) decoding:\n\n* {text}"));
        }
    }

    #[test]
    fn what_would_be_a_pretence_is_refused_and_what_is_harmless_is_noted() {
        assert!(refusal(r#"{"acl":{"enabled":true}}"#).starts_with("acl: access control is not there yet"));
        let taken = shape(serde_json::from_str(r#"{"acl":{"enabled":false},"UI":true}"#).unwrap()).unwrap();
        assert_eq!(taken.idle, ["UI"]);
    }
}
