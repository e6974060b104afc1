//! Texts, numbers and truths as Go's `strconv` reads them.

/// The inside of a double-quoted text with its escapes undone; `None` where Go refuses it.
pub(super) fn unquote(inner: &str) -> Option<String> {
    if !inner.contains(['\\', '\n']) {
        return Some(inner.to_owned());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(char) = rest.next() {
        match char {
            '\n' => return None,
            '\\' => escape(&mut rest, &mut out)?,
            other => push(&mut out, other),
        }
    }
    // Escapes can name bytes that are no text: no field of ours holds such.
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn push(out: &mut Vec<u8>, char: char) {
    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escape(rest: &mut std::str::Chars<'_>, out: &mut Vec<u8>) -> Option<()> {
    let kind = rest.next()?;
    let mut digits = |count: u32, radix: u32, first: u32| {
        (0..count).try_fold(first, |value, _| Some(value * radix + rest.next()?.to_digit(radix)?))
    };
    match kind {
        'a' => out.push(7),
        'b' => out.push(8),
        'f' => out.push(12),
        'n' => out.push(b'\n'),
        'r' => out.push(b'\r'),
        't' => out.push(b'\t'),
        'v' => out.push(11),
        '\\' => out.push(b'\\'),
        'x' => out.push(u8::try_from(digits(2, 16, 0)?).ok()?),
        '0'..='7' => out.push(u8::try_from(digits(2, 8, kind.to_digit(8)?)?).ok()?),
        'u' => push(out, named(digits(4, 16, 0)?)?),
        'U' => push(out, named(digits(8, 16, 0)?)?),
        _ => return None,
    }
    Some(())
}

fn named(value: u32) -> Option<char> {
    let surrogate = (0xD800..0xE000).contains(&value);
    if surrogate { Some(char::REPLACEMENT_CHARACTER) } else { char::from_u32(value) }
}

/// A whole number of 64 bits, with Go's prefixes and underscores.
pub(super) fn number(text: &str) -> Result<i64, String> {
    let refuse = |why: &str| Err(format!("strconv.ParseInt: parsing {text:?}: {why}"));
    let (negative, bare) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = bare.to_ascii_lowercase();
    let (radix, digits, prefixed) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits, true)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits, true)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits, true)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..], true)
    } else {
        (10, lower.as_str(), false)
    };
    // An underscore stands between digits, or between the prefix and a digit.
    let fits = |at: usize, byte: u8| match byte {
        b'_' => (at > 0 || prefixed) && digits.as_bytes().get(at + 1).is_some_and(|next| *next != b'_'),
        other => char::from(other).is_digit(radix),
    };
    if digits.is_empty() || !digits.bytes().enumerate().all(|(at, byte)| fits(at, byte)) {
        return refuse("invalid syntax");
    }
    let sign = if negative { "-" } else { "" };
    let plain = format!("{sign}{}", digits.replace('_', ""));
    i64::from_str_radix(&plain, radix).or_else(|_| refuse("value out of range"))
}

/// Yes or no.
pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}
