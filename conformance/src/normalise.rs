//! Turns the answers of one case into values that two different servers can share: ports, IDs, times and the
//! version become words, indexes become their order within the case. Pure: never asks a server or a clock.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use crate::case::{Step, View};
use crate::contestant::NODE;
use crate::wire::Answer;

/// Headers compared at every step; others only where a step names them.
const HEADERS: [&str; 6] = ["allow", "content-encoding", "content-type", "location", "retry-after", "vary"];
/// Headers with a figure of the server's own: that one is there, and whether it is zero, is compared.
const FIGURES: [&str; 2] = ["x-consul-index", "x-consul-contenthash"];
/// Headers of each read; `x-consul-lastcontact` is 0 at a leader.
const READS: [&str; 2] = ["x-consul-knownleader", "x-consul-lastcontact"];
const INDEXES: [&str; 2] = ["CreateIndex", "ModifyIndex"];

/// Stands where a step's part should be.
pub(crate) const MISSING: &str = "missing part";

/// What differs from server to server by right.
pub(crate) struct Own {
    pub(crate) http: u16,
    pub(crate) dns: u16,
    pub(crate) server: u16,
    pub(crate) node_id: String,
    pub(crate) version: String,
}

/// A step as it was sent to one server, and the answer.
pub(crate) struct Seen<'a> {
    pub(crate) step: &'a Step,
    pub(crate) path: String,
    /// The step's JSON pointer, filled in.
    pub(crate) part: String,
    pub(crate) answer: Answer,
    /// `until` was waited for in vain.
    pub(crate) gave_up: bool,
}

/// The answers of one case, ready to be compared.
pub(crate) fn observations(own: &Own, seen: &[Seen<'_>]) -> Vec<Value> {
    let bodies: Vec<Value> = seen.iter().map(body).collect();
    let sent: String = seen.iter().map(|one| one.path.as_str()).collect();
    let mut names = Names::new(own, sent);
    bodies.iter().for_each(|body| names.collect(body));
    let mut last: HashMap<&str, u64> = HashMap::new();
    let mut all = Vec::new();
    for (one, body) in seen.iter().zip(bodies) {
        let mut found = Map::new();
        found.insert("status".into(), one.answer.status.into());
        found.insert("header".into(), Value::Object(headers(one)));
        if let Some(index) = one.answer.header("x-consul-index").and_then(|text| text.parse::<u64>().ok())
            && let Some(before) = last.insert(one.step.path, index)
        {
            found.insert("index".into(), progress(before, index).into());
        }
        if let Some((least, most)) = one.step.within {
            let took = u64::try_from(one.answer.took.as_millis()).unwrap_or(u64::MAX);
            let word = if took < least {
                "too early"
            } else if took > most {
                "too late"
            } else {
                "in time"
            };
            found.insert("time".into(), word.into());
        }
        if one.gave_up {
            found.insert("until".into(), "never".into());
        }
        if let Some(body) = view(one, names.rename(body)) {
            found.insert("body".into(), body);
        }
        all.push(Value::Object(found));
    }
    all
}

fn progress(before: u64, now: u64) -> &'static str {
    match now.cmp(&before) {
        std::cmp::Ordering::Less => "went back",
        std::cmp::Ordering::Equal => "the same",
        std::cmp::Ordering::Greater => "advanced",
    }
}

fn headers(one: &Seen<'_>) -> Map<String, Value> {
    let mut found = Map::new();
    for name in HEADERS.iter().chain(&READS).chain(one.step.also) {
        if let Some(value) = one.answer.header(name) {
            found.insert((*name).to_owned(), value.into());
        }
    }
    for name in FIGURES {
        if let Some(value) = one.answer.header(name) {
            let word = if value == "0" || value.is_empty() { "zero" } else { "above zero" };
            found.insert(name.to_owned(), word.into());
        }
    }
    found
}

fn body(one: &Seen<'_>) -> Value {
    let text = || Value::from(one.answer.text());
    match one.step.view {
        View::None => Value::Null,
        View::Exact => text(),
        View::Auto | View::Keys(_) => serde_json::from_slice(&one.answer.body).unwrap_or_else(|_| text()),
    }
}

fn view(one: &Seen<'_>, body: Value) -> Option<Value> {
    // A part that is not there is a difference from one that is null.
    let step = one.step;
    let part = if one.part.is_empty() {
        body
    } else {
        body.pointer(&one.part).cloned().unwrap_or_else(|| json!({MISSING: step.part}))
    };
    let part = if step.sorted { sorted(part) } else { part };
    match step.view {
        View::None => None,
        View::Keys(depth) => Some(shape(&part, depth)),
        View::Auto | View::Exact => Some(part),
    }
}

/// With every list of texts in order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(mut list) if list.iter().all(Value::is_string) => {
            list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            Value::Array(list)
        }
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        Value::Object(map) => map.into_iter().map(|(key, inner)| (key, sorted(inner))).collect(),
        other => other,
    }
}

fn shape(value: &Value, depth: u8) -> Value {
    match value {
        Value::Object(map) if depth > 0 => {
            map.iter().map(|(key, inner)| (key.clone(), shape(inner, depth - 1))).collect()
        }
        Value::Array(list) if depth > 0 => list.iter().map(|inner| shape(inner, depth)).collect(),
        Value::Object(_) => "an object".into(),
        Value::Array(_) => "an array".into(),
        Value::String(_) => "a string".into(),
        Value::Number(_) => "a number".into(),
        Value::Bool(_) => "a boolean".into(),
        Value::Null => "null".into(),
    }
}

/// Words for what is a server's own, kept over all steps of one case so that equal things get equal words.
struct Names<'a> {
    own: &'a Own,
    /// What the case itself sent stays as it is.
    sent: String,
    indexes: BTreeSet<u64>,
    ids: Vec<String>,
}

impl<'a> Names<'a> {
    fn new(own: &'a Own, sent: String) -> Self {
        Self { own, sent, indexes: BTreeSet::new(), ids: Vec::new() }
    }

    fn collect(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    match inner.as_u64().filter(|_| INDEXES.contains(&key.as_str())) {
                        Some(index) if !on_own_node(map) => {
                            self.indexes.insert(index);
                        }
                        _ => self.collect(inner),
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| self.collect(inner)),
            _ => {}
        }
    }

    fn rename(&mut self, value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let settled = on_own_node(&map);
                map.into_iter()
                    .map(|(key, inner)| {
                        let inner = self.rename_field(&key, inner, settled);
                        (self.rename_text(&key), inner)
                    })
                    .collect()
            }
            Value::Array(list) => list.into_iter().map(|inner| self.rename(inner)).collect(),
            Value::String(text) => self.rename_text(&text).into(),
            other => other,
        }
    }

    fn rename_field(&mut self, key: &str, value: Value, settled: bool) -> Value {
        match (key, &value) {
            ("CreateIndex" | "ModifyIndex", Value::Number(number)) => match number.as_u64() {
                Some(0) | None => value,
                Some(_) if settled => "an index".into(),
                Some(index) => format!("index #{}", self.indexes.range(..=index).count()).into(),
            },
            (_, Value::Number(number)) => match self.port(number.as_u64()) {
                Some(word) => word.into(),
                None => value,
            },
            ("ContentHash", Value::String(hash)) if !hash.is_empty() => "a hash".into(),
            ("Version" | "version", Value::String(text)) if *text == self.own.version => "<version>".into(),
            _ => self.rename(value),
        }
    }

    fn port(&self, number: Option<u64>) -> Option<&'static str> {
        let number = u16::try_from(number?).ok()?;
        [(self.own.http, "<http>"), (self.own.dns, "<dns>"), (self.own.server, "<server>")]
            .into_iter()
            .find_map(|(port, word)| (port == number).then_some(word))
    }

    fn rename_text(&mut self, text: &str) -> String {
        let mut text = text.replace(&self.own.node_id, "<node-id>");
        let ports = [(self.own.http, "<http>"), (self.own.dns, "<dns>"), (self.own.server, "<server>")];
        for (port, word) in ports {
            text = text.replace(&format!(":{port}"), &format!(":{word}"));
        }
        if is_time(&text) {
            return "<time>".into();
        }
        if is_uuid(&text) && !self.sent.contains(&text) && !is_made_up(&text) {
            let place = self.ids.iter().position(|id| *id == text).unwrap_or_else(|| {
                self.ids.push(text.clone());
                self.ids.len() - 1
            });
            return format!("<id {}>", place + 1);
        }
        text
    }
}

/// The agent's own node was there before the case, and its agent writes when it likes: no order to compare.
fn on_own_node(map: &Map<String, Value>) -> bool {
    map.get("Node").is_some_and(|node| node == NODE)
        || ["ID", "Service"].iter().all(|key| map.get(*key).is_some_and(|value| value == "consul"))
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let at = |place: usize, byte: u8| bytes.get(place) == Some(&byte);
    text.len() >= 20 && at(4, b'-') && at(7, b'-') && (at(10, b'T') || at(10, b' ')) && at(13, b':')
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Cases send IDs of few different digits; no server draws such a one.
fn is_made_up(text: &str) -> bool {
    text.bytes().filter(|byte| *byte != b'-').collect::<BTreeSet<u8>>().len() <= 3
}

#[cfg(test)]
mod tests;
