//! The path of a request, as Go's router and Consul look at it: escapes that are none and characters that nobody
//! can see are refused, and a path that goes in circles leads to the straight one.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::ApiError;

/// What Go leaves as it is in a path.
const PLAIN: AsciiSet = NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// `path` with its escapes undone.
///
/// # Errors
/// Where an escape is none, or the whole is no text.
pub fn decode(path: &str) -> Result<Cow<'_, str>, ApiError> {
    let escape = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if path.split('%').skip(1).any(|rest| !escape(rest)) {
        return Err(ApiError::Malformed);
    }
    percent_decode_str(path).decode_utf8().map_err(|_| {
        ApiError::BadRequest(format!("the path {path} is not UTF-8 when its escapes are undone"))
    })
}

/// `path` with what has to be escaped escaped.
#[must_use]
pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, &PLAIN).to_string()
}

/// Whether every character of it can be seen.
#[must_use]
pub fn printable(path: &str) -> bool {
    !path.chars().any(char::is_control)
}

/// The straight path to where `path` leads, if it is not straight: no empty step, none that stays or goes back.
/// A slash at the end stays.
#[must_use]
pub fn cleaned(path: &str) -> Option<String> {
    if !path.contains("//") && !path.contains("/.") {
        return None;
    }
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            _ => steps.push(step),
        }
    }
    let end = if path.ends_with('/') && !steps.is_empty() { "/" } else { "" };
    let clean = format!("/{}{end}", steps.join("/"));
    (clean != path).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_escape_is_refused() {
        for path in ["/v1/kv/a%zz", "/v1/kv/a%2", "/v1/kv/a%", "/v1/kv/%ff"] {
            assert!(decode(path).is_err(), "{path}");
        }
        assert_eq!(decode("/v1/kv/a%2Fb%20c").unwrap(), "/v1/kv/a/b c");
    }

    #[test]
    fn a_path_that_goes_in_circles_is_made_straight() {
        for (path, straight) in [
            ("//v1/status/leader", Some("/v1/status/leader")),
            ("/v1//status/leader", Some("/v1/status/leader")),
            ("/v1/kv/a/../xa", Some("/v1/kv/xa")),
            ("/v1/kv/a/./a", Some("/v1/kv/a/a")),
            ("/v1/kv/a//", Some("/v1/kv/a/")),
            ("/../..", Some("/")),
            ("/v1/kv/.hidden", None),
            ("/v1/kv/a/", None),
        ] {
            assert_eq!(cleaned(path).as_deref(), straight, "{path}");
        }
    }

    #[test]
    fn what_nobody_can_see_is_no_path() {
        assert!(printable("/v1/kv/é ü") && !printable("/v1/kv/a\0b") && !printable("/v1/kv/a\nb"));
    }

    #[test]
    fn what_was_decoded_is_encoded_again() {
        assert_eq!(encode("/v1/kv/a b/é"), "/v1/kv/a%20b/%C3%A9");
    }
}
