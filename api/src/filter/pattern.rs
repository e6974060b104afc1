//! Patterns as Go's `regexp` reads them, on the `regex` crate: the two differ in what `\d \s \w \b` mean and in
//! what is allowed inside brackets. A pattern may not grow beyond a fixed size, and matching is linear.

use regex::{Regex, RegexBuilder};

/// The largest program that a pattern may become.
pub(super) const LARGEST: usize = 1 << 20;
/// The highest count of a repetition.
const MOST: u32 = 1000;

/// Compiles `text`, or says why not in Go's words where it has them.
pub(super) fn compile(text: &str) -> Result<Regex, String> {
    let translated =
        translate(text).map_err(|(why, part)| format!("error parsing regexp: {why}: `{part}`"))?;
    RegexBuilder::new(&translated).size_limit(LARGEST).dfa_size_limit(LARGEST).build().map_err(|error| {
        match error {
            regex::Error::CompiledTooBig(_) => "error parsing regexp: expression too large".to_owned(),
            other => refusal(text, &other.to_string()),
        }
    })
}

type Refused<'t> = (&'static str, &'t str);

/// The same pattern for the other engine.
fn translate(text: &str) -> Result<String, Refused<'_>> {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    // Where the last repetition began, if nothing came since.
    let mut repeated = None;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let taken = if rest.starts_with('\\') {
            let taken = escape(rest, &mut out)?;
            repeated = None;
            taken
        } else if rest.starts_with('[') {
            repeated = None;
            class(rest, &mut out)?
        } else if let Some(length) = repetition(rest)? {
            if let Some(start) = repeated {
                let part = text.get(start..at + length).unwrap_or_default();
                return Err(("invalid nested repetition operator", part));
            }
            repeated = Some(at);
            out.push_str(rest.get(..length).unwrap_or_default());
            length
        } else {
            repeated = None;
            let length = rest.chars().next().map_or(1, char::len_utf8);
            // A brace that begins no repetition is itself.
            out.push_str(if rest.starts_with('{') { "\\{" } else { rest.get(..length).unwrap_or_default() });
            // What opens a group is no repetition.
            let marked = rest.starts_with("(?");
            out.push_str(if marked { "?" } else { "" });
            length + usize::from(marked)
        };
        at += taken;
    }
    Ok(out)
}

/// The length of the repetition that `rest` begins with, its `?` included.
fn repetition(rest: &str) -> Result<Option<usize>, Refused<'_>> {
    let length = match rest.as_bytes().first() {
        Some(b'*' | b'+' | b'?') => 1,
        Some(b'{') => {
            let Some(end) = rest.find('}') else { return Ok(None) };
            let inner = rest.get(1..end).unwrap_or_default();
            let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            if least.is_empty() || !digits(least) || !digits(most) {
                return Ok(None);
            }
            let count = |text: &str| text.parse().unwrap_or(u32::MAX);
            let wrong = count(least) > MOST
                || (!most.is_empty() && (count(most) > MOST || count(most) < count(least)));
            if wrong {
                return Err(("invalid repeat count", rest.get(..=end).unwrap_or_default()));
            }
            end + 1
        }
        _ => return Ok(None),
    };
    let lazy = rest.as_bytes().get(length) == Some(&b'?');
    Ok(Some(length + usize::from(lazy)))
}

/// An escape outside of brackets.
fn escape<'t>(rest: &'t str, out: &mut String) -> Result<usize, Refused<'t>> {
    let Some(kind) = rest.chars().nth(1) else { return Err(("trailing backslash at end of expression", "")) };
    let plain = match kind {
        'Q' => {
            let quoted = rest.get(2..).unwrap_or_default();
            let end = quoted.find("\\E").unwrap_or(quoted.len());
            out.push_str(&regex::escape(quoted.get(..end).unwrap_or_default()));
            return Ok((2 + end + 2).min(rest.len()));
        }
        'b' => Some("(?-u:\\b)"),
        'B' => Some("(?-u:\\B)"),
        _ => perl(kind),
    };
    let whole = named(rest);
    if kind == 'C' || kind == 'u' || kind == 'U' || matches!(kind, '8' | '9' | 'Z' | 'G' | 'K' | 'R' | 'X') {
        return Err(("invalid escape sequence", whole));
    }
    out.push_str(plain.unwrap_or(whole));
    Ok(whole.len())
}

/// An escape with the name that stands behind it: `\p{Greek}`, `\pN`, `\x{6e}`.
fn named(rest: &str) -> &str {
    let kind = rest.chars().nth(1).map_or(0, char::len_utf8);
    let braced = matches!(rest.as_bytes(), [_, b'p' | b'P' | b'x', b'{', ..]);
    let letter = matches!(rest.as_bytes(), [_, b'p' | b'P', ..]);
    let after = if letter { rest.chars().nth(2).map_or(0, char::len_utf8) } else { 0 };
    let length = if braced { rest.find('}').map_or(2, |end| end + 1) } else { 1 + kind + after };
    rest.get(..length).unwrap_or(rest)
}

/// The names of classes that stand in `[[:…:]]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// The classes of ASCII characters that have a letter.
fn perl(kind: char) -> Option<&'static str> {
    Some(match kind {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => "[\\t\\n\\f\\r ]",
        'S' => "[^\\t\\n\\f\\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// A class in brackets, in which the other engine knows more operators than Go.
fn class<'t>(rest: &'t str, out: &mut String) -> Result<usize, Refused<'t>> {
    out.push('[');
    let mut at = 1;
    if rest.get(at..).is_some_and(|rest| rest.starts_with('^')) {
        out.push('^');
        at += 1;
    }
    let first = at;
    while let Some(char) = rest.get(at..).and_then(|rest| rest.chars().next()) {
        let here = rest.get(at..).unwrap_or_default();
        match char {
            ']' if at > first => {
                out.push(']');
                return Ok(at + 1);
            }
            '[' if here.starts_with("[:") && here.contains(":]") => {
                let whole = here.get(..here.find(":]").map_or(1, |end| end + 2)).unwrap_or_default();
                if !POSIX.contains(&whole.trim_matches(['[', ':', ']', '^'])) {
                    return Err(("invalid character class range", whole));
                }
                out.push_str(whole);
                at += whole.len();
                continue;
            }
            '\\' => {
                let Some(kind) = here.chars().nth(1) else {
                    return Err(("missing closing ]", rest));
                };
                let whole = named(here);
                out.push_str(perl(kind).unwrap_or(whole));
                at += whole.len();
                continue;
            }
            '[' | ']' | '&' | '~' => {
                out.push('\\');
                out.push(char);
            }
            other => out.push(other),
        }
        at += char.len_utf8();
    }
    Err(("missing closing ]", rest))
}

/// Go's words for what the other engine says.
fn refusal(text: &str, said: &str) -> String {
    let words = if said.contains("unclosed group") {
        format!("missing closing ): `{text}`")
    } else if said.contains("unopened group") {
        format!("unexpected ): `{text}`")
    } else if said.contains("repetition operator missing expression") {
        let from = text.find(['*', '+', '?', '{']).unwrap_or(0);
        format!("missing argument to repetition operator: `{}`", text.get(from..=from).unwrap_or(text))
    } else if said.contains("look-around") || said.contains("flag") {
        let from = text.find("(?").unwrap_or(0);
        format!("invalid or unsupported Perl syntax: `{}`", text.get(from..from + 3).unwrap_or(text))
    } else if said.contains("class range") {
        let chars: Vec<char> = text.chars().collect();
        let wrong = chars.windows(3).find(|three| three[1] == '-' && three[0] > three[2]);
        let part = wrong.map_or_else(|| text.to_owned(), |three| three.iter().collect());
        format!("invalid character class range: `{part}`")
    } else if said.contains("property") {
        let from = text.find("\\p").or_else(|| text.find("\\P")).unwrap_or(0);
        format!("invalid character class range: `{}`", named(text.get(from..).unwrap_or(text)))
    } else {
        let reason = said.rsplit("error: ").next().unwrap_or(said).trim();
        format!("{reason}: `{text}`")
    };
    format!("error parsing regexp: {words}")
}
