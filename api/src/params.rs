//! What stands in a request's path and query string.

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::consistency::ReadMode;
use crate::duration;
use crate::error::ApiError;

/// The default and the longest wait of a blocking query.
const WAIT: Duration = Duration::from_secs(300);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// Most pairs of a query string: each costs more than its bytes.
const MOST_PAIRS: usize = 256;

/// The query string, decoded.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

/// What a blocking query asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Answer when the index is above this.
    pub index: u64,
    /// Or after this long.
    pub longest: Duration,
}

impl Params {
    /// Reads a query string.
    ///
    /// # Errors
    /// Where an escape is no text, or there are too many parameters.
    pub fn parse(query: &str) -> Result<Self, ApiError> {
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MOST_PAIRS {
                return Err(ApiError::BadRequest(format!(
                    "the query string has more than {MOST_PAIRS} parameters, which is as many as are taken"
                )));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?));
        }
        Ok(Self(pairs))
    }

    /// Whether `name` is there, with a value or without.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The first value of `name`, if it is not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of `name`, in the order given.
    pub fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> + 'p {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All of them as Go writes them: by name, each with its value.
    #[must_use]
    pub fn words(&self) -> String {
        let mut pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.sort();
        pairs.join("&")
    }

    /// Whether the answer shall be indented.
    #[must_use]
    pub fn pretty(&self) -> bool {
        self.has("pretty")
    }

    /// An unsigned number, with Consul's text where it is none.
    ///
    /// # Errors
    /// Where it is no number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let Some((_, text)) = self.0.iter().find(|(key, _)| key == name) else { return Ok(None) };
        let number = unsigned(text);
        number
            .map(Some)
            .map_err(|why| ApiError::Internal(format!("strconv.ParseUint: parsing {text:?}: {why}")))
    }

    /// Refuses what is Consul Enterprise's.
    ///
    /// # Errors
    /// Where a namespace is named.
    pub fn refuse_namespace(&self) -> Result<(), ApiError> {
        if self.has("ns") {
            return Err(ApiError::BadRequest(
                "Bad request: Invalid query parameter: \"ns\" - Namespaces are a Consul Enterprise feature"
                    .into(),
            ));
        }
        Ok(())
    }

    /// The read mode, and the datacenter that was asked for, which must be ours.
    ///
    /// # Errors
    /// Where two modes are asked for, or another datacenter.
    pub fn mode(&self, datacenter: &str) -> Result<ReadMode, ApiError> {
        if self.get("dc").is_some_and(|asked| asked != datacenter) {
            return Err(ApiError::NoDatacenter);
        }
        let max_stale = self.max_stale()?;
        if self.has("cached") && self.has("consistent") {
            return Err(ApiError::BadRequest(
                "Cannot specify ?cached with ?consistent, conflicting semantics.".into(),
            ));
        }
        match (self.has("stale") || max_stale.is_some(), self.has("consistent")) {
            (true, true) => Err(ApiError::BadRequest(
                "Cannot specify ?stale with ?consistent, conflicting semantics.".into(),
            )),
            (true, false) => Ok(ReadMode::Stale { max_stale }),
            (false, true) => Ok(ReadMode::Consistent),
            (false, false) => Ok(ReadMode::Default),
        }
    }

    /// How old a stale answer may be. Zero and less say nothing, as in Consul.
    fn max_stale(&self) -> Result<Option<Duration>, ApiError> {
        let Some(text) = self.get("max_stale") else { return Ok(None) };
        if text.strip_prefix('-').is_some_and(|text| duration::parse(text).is_some()) {
            return Ok(None);
        }
        match duration::parse(text) {
            Some(longest) => Ok(Some(longest).filter(|longest| !longest.is_zero())),
            None => Err(ApiError::BadRequest(format!("Invalid max_stale value {text:?}"))),
        }
    }

    /// What a blocking query waits for; `None` where it does not block.
    ///
    /// # Errors
    /// Where the index is no number or the wait no duration.
    pub fn wait(&self) -> Result<Option<Wait>, ApiError> {
        let index = match self.get("index") {
            Some(text) => unsigned(text).map_err(|_| ApiError::BadRequest("Invalid index".into()))?,
            None => 0,
        };
        let longest = self.longest_wait()?;
        Ok((index > 0).then_some(Wait { index, longest }))
    }

    /// How long a blocking query may take.
    ///
    /// # Errors
    /// Where `?wait` is no duration.
    pub fn longest_wait(&self) -> Result<Duration, ApiError> {
        match self.get("wait") {
            // A wait of zero or below is none that was asked for.
            Some(text) if text.strip_prefix('-').and_then(duration::parse).is_some() => Ok(WAIT),
            Some(text) => match duration::parse(text) {
                Some(Duration::ZERO) => Ok(WAIT),
                Some(longest) => Ok(longest.min(LONGEST_WAIT)),
                None => Err(ApiError::BadRequest("Invalid wait time".into())),
            },
            None => Ok(WAIT),
        }
    }
}

/// Digits as a number, or why not, in Go's words: a sign is no digit.
fn unsigned(text: &str) -> Result<u64, &'static str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("invalid syntax");
    }
    text.parse().map_err(|_| "value out of range")
}

fn decode(text: &str) -> Result<String, ApiError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| {
        ApiError::BadRequest(format!("the query parameter {text} is not UTF-8 when its escapes are undone"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_bounded_and_needs_an_index() {
        let wait = |query: &str| Params::parse(query).unwrap().wait();
        assert_eq!(wait("wait=10s").unwrap(), None);
        assert_eq!(wait("index=5").unwrap(), Some(Wait { index: 5, longest: WAIT }));
        assert_eq!(wait("index=5&wait=9h").unwrap(), Some(Wait { index: 5, longest: LONGEST_WAIT }));
        assert_eq!(wait("index=5&wait=-1s").unwrap(), Some(Wait { index: 5, longest: WAIT }));
        for zero in ["0", "0s", "0ms", "-0s"] {
            let waits = wait(&format!("index=5&wait={zero}")).unwrap();
            assert_eq!(waits, Some(Wait { index: 5, longest: WAIT }), "{zero}");
        }
        assert_eq!(wait("index=+5").unwrap_err().to_string(), "Invalid index");
        assert_eq!(wait("index=%2B5").unwrap_err().to_string(), "Invalid index");
        assert_eq!(wait("index=x").unwrap_err().to_string(), "Invalid index");
        assert_eq!(wait("wait=x").unwrap_err().to_string(), "Invalid wait time");
    }

    #[test]
    fn max_stale_means_stale() {
        let mode = |query: &str| Params::parse(query).unwrap().mode("dc1");
        let stale = |longest| ReadMode::Stale { max_stale: longest };
        assert_eq!(mode("max_stale=5s").unwrap(), stale(Some(Duration::from_secs(5))));
        assert_eq!(mode("stale&max_stale=").unwrap(), stale(None));
        assert_eq!(mode("max_stale=0s&consistent").unwrap(), ReadMode::Consistent);
        assert_eq!(mode("max_stale=-1s").unwrap(), ReadMode::Default);
        assert_eq!(mode("max_stale=5").unwrap_err().to_string(), "Invalid max_stale value \"5\"");
        assert!(mode("max_stale=5s&consistent").is_err());
    }

    #[test]
    fn a_number_is_made_of_digits() {
        let number = |query: &str| Params::parse(query).unwrap().number("cas");
        assert_eq!(number("cas=007").unwrap(), Some(7));
        for (query, text) in [
            ("cas=%2B0", "\"+0\": invalid syntax"),
            ("cas", "\"\": invalid syntax"),
            ("cas=1_0", "\"1_0\": invalid syntax"),
        ] {
            let refused = number(query).unwrap_err().to_string();
            assert_eq!(refused, format!("strconv.ParseUint: parsing {text}"));
        }
        assert!(
            number(&format!("cas={}0", u64::MAX)).unwrap_err().to_string().ends_with("value out of range")
        );
    }

    #[test]
    fn there_is_a_limit_to_parameters() {
        assert!(Params::parse(&"a&".repeat(MOST_PAIRS)).is_ok());
        let refused = Params::parse(&"a&".repeat(MOST_PAIRS + 1)).unwrap_err();
        assert_eq!(refused.status(), http::StatusCode::BAD_REQUEST);
    }

    #[test]
    fn parameters_repeat_and_are_decoded() {
        let params = Params::parse("tag=a&tag=b%20c&stale&pretty=").unwrap();
        assert_eq!(params.all("tag").collect::<Vec<_>>(), ["a", "b c"]);
        assert!(params.has("stale") && params.pretty());
        assert!(Params::parse("a=%ff").is_err());
    }
}
