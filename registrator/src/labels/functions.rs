//! What a template can do with values: the functions of the well-known registrator, with those of Go that make sense
//! for tags. The value that is worked on comes last, so that it can come through a pipe.

use regex::RegexBuilder;
use serde_json::Value;

use super::template::TemplateError;

/// Largest regular expression, compiled, in bytes.
const REGEX_LIMIT: usize = 1 << 20;

/// A function by its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    name: &'static str,
    least: usize,
    most: usize,
    act: fn(&[Value]) -> Result<Value, String>,
}

/// Names, how many values each takes at least and at most, and what it does.
const FUNCTIONS: &[Function] = &[
    function("strSlice", 2, 3, str_slice),
    function("sIndex", 2, 2, s_index),
    function("mIndex", 2, 2, |given| Ok(given[1].get(text(&given[0])).cloned().unwrap_or(Value::Null))),
    function("toUpper", 1, 1, |given| Ok(text(&given[0]).to_uppercase().into())),
    function("toLower", 1, 1, |given| Ok(text(&given[0]).to_lowercase().into())),
    function("replace", 4, 4, replace),
    function("join", 2, 2, |given| Ok(texts(&given[1])?.join(&text(&given[0])).into())),
    function("split", 2, 2, |given| Ok(split(&given[0], &given[1]).into())),
    function("splitIndex", 3, 3, |given| s_index(&[given[0].clone(), split(&given[1], &given[2]).into()])),
    function("matchFirstElement", 2, 2, |given| {
        Ok(matching(given)?.into_iter().next().map_or(Value::Null, Value::from))
    }),
    function("matchAllElements", 2, 2, |given| Ok(matching(given)?.into())),
    function("jsonParse", 1, 1, |given| {
        serde_json::from_str(&text(&given[0])).map_err(|error| error.to_string())
    }),
    function("index", 1, 8, index),
    function("len", 1, 1, |given| {
        let length = match &given[0] {
            Value::Array(items) => items.len(),
            Value::Object(map) => map.len(),
            other => text(other).len(),
        };
        Ok(length.into())
    }),
    function("print", 1, 8, |given| Ok(given.iter().map(text).collect::<String>().into())),
    function("printf", 1, 8, printf),
];

const fn function(
    name: &'static str,
    least: usize,
    most: usize,
    act: fn(&[Value]) -> Result<Value, String>,
) -> Function {
    Function { name, least, most, act }
}

/// One by its name is the only one of it.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Function {
    pub(super) fn named(name: &str) -> Result<Self, TemplateError> {
        let found = FUNCTIONS.iter().find(|function| function.name == name);
        found.copied().ok_or_else(|| {
            let known: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
            TemplateError(format!("{name} is not taken; there are {}", known.join(", ")))
        })
    }

    /// Whether it takes so many values.
    pub(super) fn takes(self, given: usize) -> Result<(), TemplateError> {
        if (self.least..=self.most).contains(&given) {
            return Ok(());
        }
        let Self { name, least, most, .. } = self;
        let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Err(TemplateError(format!("{name} takes {wanted} values, and {given} were given")))
    }

    pub(super) fn call(self, given: &[Value]) -> Result<Value, TemplateError> {
        self.takes(given.len())?;
        (self.act)(given).map_err(|error| TemplateError(format!("{}: {error}", self.name)))
    }
}

/// A value as it stands in a text; nothing is nothing.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> Result<i64, String> {
    value.as_i64().ok_or_else(|| format!("{} is no whole number", text(value)))
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(items) => Ok(items.iter().map(text).collect()),
        Value::Null => Ok(Vec::new()),
        other => Err(format!("{} is no list", text(other))),
    }
}

fn split(separator: &Value, whole: &Value) -> Vec<String> {
    text(whole).split(&text(separator)).map(str::to_owned).collect()
}

/// A place in a list; below zero it counts from the end, and what is beyond is the nearest.
fn place(index: i64, length: usize) -> usize {
    let last = length.saturating_sub(1);
    let steps = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    if index < 0 { length.saturating_sub(steps).min(last) } else { steps.min(last) }
}

fn s_index(given: &[Value]) -> Result<Value, String> {
    let items = texts(&given[1])?;
    let at = place(number(&given[0])?, items.len());
    Ok(items.get(at).map_or(Value::Null, |item| item.as_str().into()))
}

fn str_slice(given: &[Value]) -> Result<Value, String> {
    let letters: Vec<char> = text(&given[0]).chars().collect();
    let bound = |value: &Value| -> Result<usize, String> {
        let at = usize::try_from(number(value)?).map_err(|_| "a bound below zero".to_owned())?;
        Ok(at.min(letters.len()))
    };
    let start = bound(&given[1])?;
    let end = given.get(2).map_or(Ok(letters.len()), bound)?;
    Ok(letters.get(start..end).unwrap_or_default().iter().collect::<String>().into())
}

fn replace(given: &[Value]) -> Result<Value, String> {
    let (old, new, whole) = (text(&given[1]), text(&given[2]), text(&given[3]));
    Ok(match usize::try_from(number(&given[0])?) {
        Ok(times) => whole.replacen(&old, &new, times).into(),
        Err(_) => whole.replace(&old, &new).into(),
    })
}

fn matching(given: &[Value]) -> Result<Vec<String>, String> {
    let pattern = RegexBuilder::new(&text(&given[0])).size_limit(REGEX_LIMIT).build();
    let pattern = pattern.map_err(|error| format!("no regular expression: {error}"))?;
    Ok(texts(&given[1])?.into_iter().filter(|item| pattern.is_match(item)).collect())
}

fn index(given: &[Value]) -> Result<Value, String> {
    let mut value = &given[0];
    for step in &given[1..] {
        value = match value {
            Value::Array(items) => {
                let at = usize::try_from(number(step)?).ok();
                at.and_then(|at| items.get(at)).ok_or_else(|| format!("{step} is beyond the list"))?
            }
            Value::Object(map) => map.get(&text(step)).unwrap_or(&Value::Null),
            Value::Null => &Value::Null,
            other => return Err(format!("{} has nothing inside", text(other))),
        };
    }
    Ok(value.clone())
}

/// `%s`, `%d` and `%v` are the next value, `%q` is it in quotes, `%%` is a percent sign.
fn printf(given: &[Value]) -> Result<Value, String> {
    let (form, mut values) = (text(&given[0]), given[1..].iter());
    let (mut written, mut letters) = (String::new(), form.chars());
    while let Some(letter) = letters.next() {
        if letter != '%' {
            written.push(letter);
            continue;
        }
        let verb = letters.next().ok_or("a % at the end")?;
        let mut next = || values.next().map(text).ok_or_else(|| format!("%{verb} has no value"));
        match verb {
            's' | 'd' | 'v' => written.push_str(&next()?),
            'q' => written.push_str(&format!("{:?}", next()?)),
            '%' => written.push('%'),
            other => return Err(format!("%{other} is not taken; use %s, %d, %v, %q or %%")),
        }
    }
    Ok(written.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(name: &str, given: Value) -> Result<Value, String> {
        let given: Vec<Value> = given.as_array().unwrap().clone();
        Function::named(name).unwrap().call(&given).map_err(|error| error.to_string())
    }

    #[test]
    fn each_does_what_its_name_says() {
        for (name, given, expected) in [
            ("sIndex", json!([-1, ["a", "b"]]), json!("b")),
            ("sIndex", json!([9, ["a", "b"]]), json!("b")),
            ("sIndex", json!([-9, ["a", "b"]]), json!("a")),
            ("sIndex", json!([0, []]), Value::Null),
            ("strSlice", json!(["häuser", 1, 3]), json!("äu")),
            ("strSlice", json!(["ab", 5]), json!("")),
            ("strSlice", json!(["ab", 2, 1]), json!("")),
            ("replace", json!([1, "a", "b", "aa"]), json!("ba")),
            ("replace", json!([-1, "a", "b", "aa"]), json!("bb")),
            ("matchAllElements", json!(["^a", ["ab", "ba", "ac"]]), json!(["ab", "ac"])),
            ("matchFirstElement", json!(["z", ["ab"]]), Value::Null),
            ("index", json!([{"a": {"b": 1}}, "a", "b"]), json!(1)),
            ("index", json!([{}, "a", "b"]), Value::Null),
            ("printf", json!(["%s %q%%", 1, "x"]), json!("1 \"x\"%")),
        ] {
            assert_eq!(call(name, given), Ok(expected), "{name}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (name, given, words) in [
            ("join", json!([",", "text"]), "text is no list"),
            ("sIndex", json!(["x", []]), "x is no whole number"),
            ("strSlice", json!(["x", -1]), "below zero"),
            ("index", json!([[1], 5]), "beyond the list"),
            ("printf", json!(["%s"]), "%s has no value"),
            ("jsonParse", json!(["{"]), "jsonParse: "),
        ] {
            let error = call(name, given).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
