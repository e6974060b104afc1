//! What a check expects of an answer beyond what Consul does: codes, headers and the body. Pure; it never reads from a
//! connection.

use std::ops::RangeInclusive;

use http::{HeaderMap, HeaderName};
use muster_api::{ApiError, check::CheckDefinition};
use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

use crate::definition::Status;

#[cfg(test)]
mod tests;

/// The most of a body that is looked at.
pub(super) const MAX_JUDGED: usize = 1 << 20;
/// The most bytes that a compiled expression may take.
const MAX_REGEX: usize = 1 << 20;

/// All that is expected; nothing where a check expects what Consul does.
#[derive(Debug, Default)]
pub(super) struct Expectations {
    status: Vec<RangeInclusive<u16>>,
    header: Vec<(HeaderName, String)>,
    body: String,
    regex: Option<Regex>,
    json: Vec<(String, Value)>,
}

/// What came, as far as it is looked at.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// There was more.
    pub(super) is_cut: bool,
}

fn invalid(why: String) -> ApiError {
    ApiError::BadRequest(format!("Invalid check: {why}"))
}

impl Expectations {
    /// # Errors
    /// Names the field that nothing can be expected by, and what would be right.
    pub(super) fn read(check: &CheckDefinition) -> Result<Self, ApiError> {
        let status = check.expect_status.iter().flatten().map(|text| codes(text));
        let header = check.expect_header.iter().flatten().map(|(name, part)| {
            let read = HeaderName::from_bytes(name.as_bytes());
            let wrong = |_| invalid(format!("ExpectHeader {name:?} must be the name of a header"));
            Ok((read.map_err(wrong)?, part.clone()))
        });
        let json = check.expect_json.iter().flatten().map(|(pointer, value)| {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                return Err(invalid(format!(
                    "ExpectJSON {pointer:?} must be a JSON pointer such as \"/status\""
                )));
            }
            Ok((pointer.clone(), value.clone()))
        });
        let regex = (!check.expect_body_regex.is_empty()).then(|| {
            let pattern = &check.expect_body_regex;
            let built = RegexBuilder::new(pattern).size_limit(MAX_REGEX).build();
            built.map_err(|error| invalid(format!("ExpectBodyRegex must be a regular expression: {error}")))
        });
        Ok(Self {
            status: status.collect::<Result<_, _>>()?,
            header: header.collect::<Result<_, _>>()?,
            body: check.expect_body.clone(),
            regex: regex.transpose()?,
            json: json.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the body has to be kept to be looked at.
    pub(super) fn wants_body(&self) -> bool {
        !self.body.is_empty() || self.regex.is_some() || !self.json.is_empty()
    }

    /// Whether it may take long to judge a body.
    pub(super) fn has_expression(&self) -> bool {
        self.regex.is_some()
    }

    /// Whether this code is asked for by number: then it is an answer, even where it leads on.
    pub(super) fn names(&self, code: u16) -> bool {
        self.status.iter().any(|codes| codes.contains(&code))
    }

    /// The status of an answer.
    ///
    /// # Errors
    /// What was expected and is not there: the check is critical.
    pub(super) fn judge(&self, code: u16, headers: &HeaderMap, body: &Body) -> Result<Status, String> {
        let status = match code {
            _ if self.names(code) => Status::Passing,
            _ if !self.status.is_empty() => {
                let ranges: Vec<_> = self.status.iter().map(shown).collect();
                return Err(format!("expected the status {}", ranges.join(" or ")));
            }
            200..=299 => Status::Passing,
            // Too many requests: it works, and should be left alone.
            429 => Status::Warning,
            _ => return Ok(Status::Critical),
        };
        for (name, part) in &self.header {
            let holds = |value: &http::HeaderValue| contains(value.as_bytes(), part.as_bytes());
            if !headers.get_all(name).iter().any(holds) {
                return Err(format!("expected a header {name} that contains {part:?}"));
            }
        }
        if !contains(&body.bytes, self.body.as_bytes()) {
            return Err(format!("expected a body that contains {:?}", self.body));
        }
        if let Some(regex) = self.regex.as_ref().filter(|regex| !regex.is_match(&body.bytes)) {
            return Err(format!("expected a body that matches {:?}", regex.as_str()));
        }
        self.judge_json(body)?;
        Ok(status)
    }

    fn judge_json(&self, body: &Body) -> Result<(), String> {
        if self.json.is_empty() {
            return Ok(());
        }
        if body.is_cut {
            return Err(format!("expected a body of JSON of at most {MAX_JUDGED} bytes"));
        }
        let found: Value = serde_json::from_slice(&body.bytes)
            .map_err(|error| format!("expected a body of JSON, and it is none ({error})"))?;
        for (pointer, wanted) in &self.json {
            match found.pointer(pointer) {
                Some(value) if is_same(value, wanted) => {}
                Some(value) => {
                    let value: String = value.to_string().chars().take(100).collect();
                    return Err(format!("expected {wanted} at {pointer:?} of the body and found {value}"));
                }
                None => {
                    return Err(format!("expected {wanted} at {pointer:?} of the body and found nothing"));
                }
            }
        }
        Ok(())
    }
}

/// `200` or `200-299`.
fn codes(text: &str) -> Result<RangeInclusive<u16>, ApiError> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let code = |text: &str| text.trim().parse().ok().filter(|code| (100..=999).contains(code));
    let range = code(first).zip(code(last)).filter(|(first, last)| first <= last);
    let wrong = || invalid(format!("ExpectStatus {text:?} must be a status such as \"200\" or \"200-299\""));
    range.map(|(first, last)| first..=last).ok_or_else(wrong)
}

fn shown(codes: &RangeInclusive<u16>) -> String {
    match (codes.start(), codes.end()) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    }
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || memchr::memmem::find(whole, part).is_some()
}

/// Numbers are the same where they count the same, `1` and `1.0`, however deep they are. Whole ones are compared as
/// they are: those beyond 2^53 have no fraction of their own to be told apart by.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let are_whole = !one.is_f64() && !other.is_f64();
            one == other || !are_whole && one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let held =
                |(key, one): (&String, &Value)| other.get(key).is_some_and(|other| is_same(one, other));
            one.len() == other.len() && one.iter().all(held)
        }
        _ => one == other,
    }
}
