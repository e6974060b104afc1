//! Blocks that are kept as the JSON that they came as. Names may stand in any case and with underscores;
//! what is not there is empty, as in a structure that nobody filled.

use serde_json::{Map, Value};

use super::fields::Field;
use super::{Leaf, Many, Path, See};

impl Many for Map<String, Value> {
    fn none(&self) -> bool {
        self.is_empty()
    }

    fn has(&self, text: &str) -> bool {
        self.contains_key(text)
    }
}

/// Shows what is at `path` of `value`, which has the form of `field`.
pub fn show(field: Field, value: Option<&Value>, path: Path<'_>, see: See<'_>) -> bool {
    let list = || value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    match field {
        Field::Text => see(Leaf::Text(value.and_then(Value::as_str).unwrap_or_default())),
        Field::Number => see(Leaf::Number(value.and_then(Value::as_i64).unwrap_or_default())),
        Field::Flag => see(Leaf::Flag(value.and_then(Value::as_bool).unwrap_or_default())),
        Field::Texts => see(Leaf::Many(&list().iter().filter_map(Value::as_str).collect::<Vec<_>>())),
        Field::Map(values) => {
            let held = value.and_then(Value::as_object);
            match path.split_first() {
                None => match held {
                    Some(held) => see(Leaf::Many(held)),
                    None => see(Leaf::Many(&Vec::<&str>::new())),
                },
                Some((key, rest)) => match held.and_then(|held| held.get(&**key)) {
                    Some(found) => show(*values, Some(found), rest, see),
                    None => see(Leaf::Missing),
                },
            }
        }
        Field::Record(fields) => {
            let Some((name, rest)) = path.split_first() else { return false };
            let Some((_, inner)) = fields.iter().find(|(known, _)| *known == &**name) else { return false };
            show(*inner, value.and_then(|value| named(value, name)), rest, see)
        }
        Field::Records(_) if path.is_empty() => see(Leaf::Count(list().len())),
        Field::Records(fields) => {
            list().iter().any(|item| show(Field::Record(fields), Some(item), path, &mut *see))
        }
    }
}

/// The member called `name`, whatever its case and underscores.
fn named<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let same = |key: &str| {
        let mut plain = key.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase());
        name.bytes().all(|byte| plain.next() == Some(byte.to_ascii_lowercase())) && plain.next().is_none()
    };
    let object = value.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(key, _)| same(key)).map(|(_, member)| member))
}
