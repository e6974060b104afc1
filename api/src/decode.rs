//! Bodies as they arrive: keys in any case and with or without underscores, as Consul takes them. A key that
//! there is not is refused by name.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;

/// Objects whose own keys are the user's: they are left as they came.
const FREE: [&str; 9] = [
    "meta",
    "nodemeta",
    "taggedaddresses",
    "header",
    "expectheader",
    "expectjson",
    "proxy",
    "connect",
    "definition",
];

/// Deepest nesting that is looked into.
const DEPTH: usize = 32;

/// Reads a JSON body.
///
/// # Errors
/// In Consul's words: where it is no JSON, has an unknown key, or a value of a wrong type.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        return Err(ApiError::BadRequest("Request decode failed: EOF".into()));
    }
    let mut keys = Keys::default();
    // Only the first value counts, as for Go's decoder: what comes behind it is not looked at.
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    let first = values.next().unwrap_or_else(|| Err(serde::de::Error::custom("EOF")));
    let read = first.and_then(|value| match value {
        Value::Null => serde_json::from_value(Value::Object(serde_json::Map::new())),
        Value::Object(_) => serde_json::from_value(keys.normalise(value, DEPTH)),
        other => {
            Err(serde::de::Error::custom(format!("json: cannot unmarshal {} into an object", name(&other))))
        }
    });
    read.map_err(|error| ApiError::BadRequest(format!("Request decode failed: {}", keys.words(&error))))
}

/// What Go's decoder calls a value that is no object.
fn name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(_) | Value::Null | Value::Object(_) => "number",
    }
}

/// The keys that were seen: as they are known here, and as they came.
#[derive(Default)]
struct Keys(Vec<(String, String)>);

impl Keys {
    fn normalise(&mut self, value: Value, depth: usize) -> Value {
        match value {
            Value::Object(map) if depth > 0 => {
                let mut known = serde_json::Map::new();
                for (came, value) in map {
                    let key = came.replace('_', "").to_ascii_lowercase();
                    let value = if FREE.contains(&key.as_str()) {
                        self.free(&key, value)
                    } else {
                        self.normalise(value, depth - 1)
                    };
                    if value.is_null() {
                        continue;
                    }
                    if key != came {
                        self.0.push((key.clone(), came));
                    }
                    known.insert(key, value);
                }
                Value::Object(known)
            }
            Value::Array(items) if depth > 0 => {
                Value::Array(items.into_iter().map(|item| self.normalise(item, depth - 1)).collect())
            }
            other => other,
        }
    }

    /// Tagged addresses are the user's names over objects of ours; the rest is the user's altogether.
    fn free(&mut self, key: &str, value: Value) -> Value {
        match value {
            Value::Object(map) if key == "taggedaddresses" => {
                Value::Object(map.into_iter().map(|(name, value)| (name, self.normalise(value, 1))).collect())
            }
            other => other,
        }
    }

    /// The error in the words of Consul's decoder, as far as it has them.
    fn words(&self, error: &serde_json::Error) -> String {
        if error.is_eof() {
            return "unexpected EOF".into();
        }
        let text = error.to_string();
        let Some(rest) = text.strip_prefix("unknown field `") else { return text };
        let name = rest.split('`').next().unwrap_or_default();
        let came = self.0.iter().find(|(key, _)| key == name).map_or(name, |(_, came)| came);
        format!("json: unknown field {came:?}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Small {
        name: String,
        meta: Option<std::collections::BTreeMap<String, String>>,
        #[serde(rename = "tagoverride")]
        tag_override: bool,
    }

    #[test]
    fn keys_come_in_any_case_and_the_user_s_own_stay_as_they_are() {
        let read: Small = json(br#"{"NAME":"n","tag_override":true,"Meta":{"A_b":"c"}}"#).unwrap();
        assert!(read.tag_override && read.name == "n" && read.meta.unwrap().contains_key("A_b"));
        for nothing in [&br#"{"Name":null}"#[..], b"null", b"{} and more"] {
            assert_eq!(json::<Small>(nothing).unwrap(), Small::default());
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, text) in [
            ("{", "unexpected EOF"),
            ("", "EOF"),
            ("[1", "unexpected EOF"),
            ("[]", "json: cannot unmarshal array into an object"),
            ("   ", "EOF"),
            (r#"{"Foo_Bar":1}"#, "json: unknown field \"Foo_Bar\""),
        ] {
            let error = json::<Small>(body.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), format!("Request decode failed: {text}"));
        }
        assert!(json::<Small>(br#"{"Name":5}"#).is_err());
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange(body: Vec<u8>) {
            let _ = json::<Small>(&body);
        }
    }
}
