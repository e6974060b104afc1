//! A place in an expression, and what was expected where reading came no further. Consul's texts name the
//! furthest place and everything that could have stood there, so each attempt that fails is noted.

use std::collections::BTreeSet;

pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    furthest: usize,
    expected: BTreeSet<&'static str>,
    end_expected: bool,
    faults: Vec<String>,
}

const SPACE: &str = r"[ \t\r\n]";

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let expected = BTreeSet::new();
        Self { text, at: 0, furthest: 0, expected, end_expected: false, faults: Vec::new() }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn reached(&mut self) -> bool {
        if self.at > self.furthest {
            self.furthest = self.at;
            self.expected.clear();
            self.end_expected = false;
        }
        self.at == self.furthest
    }

    /// Takes `word`, which a refusal would show as `shown`.
    pub(super) fn word(&mut self, word: &str, shown: &'static str) -> bool {
        if self.rest().starts_with(word) {
            self.at += word.len();
            return true;
        }
        if self.reached() {
            self.expected.insert(shown);
        }
        false
    }

    /// Takes one byte that `fits`.
    pub(super) fn one(&mut self, fits: impl Fn(u8) -> bool, shown: &'static str) -> bool {
        if self.rest().bytes().next().is_some_and(fits) {
            self.at += 1;
            return true;
        }
        if self.reached() {
            self.expected.insert(shown);
        }
        false
    }

    /// Takes bytes that `fits` as long as they come.
    pub(super) fn many(&mut self, fits: impl Fn(u8) -> bool, shown: &'static str) {
        while self.one(&fits, shown) {}
    }

    /// Takes white space; says whether there was any.
    pub(super) fn space(&mut self) -> bool {
        let start = self.at;
        self.many(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'), SPACE);
        self.at > start
    }

    /// Whether all is read.
    pub(super) fn end(&mut self) -> bool {
        let ended = self.at == self.text.len();
        if !ended && self.reached() {
            self.end_expected = true;
        }
        ended
    }

    /// Whether a closing parenthesis comes next; nothing is noted.
    pub(super) fn closes(&self) -> bool {
        self.rest().starts_with(')')
    }

    /// Goes behind the next `quote`; the text before it, or `None` with the cursor at the end.
    pub(super) fn until(&mut self, quote: char) -> Option<&'t str> {
        let rest = self.rest();
        let Some(length) = rest.find(quote) else {
            self.at = self.text.len();
            return None;
        };
        self.at += length + quote.len_utf8();
        rest.get(..length)
    }

    /// Notes a fault at `place`, once.
    pub(super) fn fault(&mut self, place: usize, rule: &str, why: &str) {
        let text = format!("{}: rule {rule:?}: {why}", self.position(place));
        if !self.faults.contains(&text) {
            self.faults.push(text);
        }
    }

    pub(super) fn faulty(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Why nothing was read.
    pub(super) fn refusal(&self) -> String {
        if self.faulty() {
            return self.faults.join("\n");
        }
        let mut expected: Vec<&str> = self.expected.iter().copied().collect();
        if self.end_expected {
            expected.push("EOF");
        }
        let list = match expected.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, before)) => format!("{} or {last}", before.join(", ")),
            None => String::new(),
        };
        format!("{}: no match found, expected: {list}", self.position(self.furthest))
    }

    /// Line, column and offset. A line end counts as the column 0 of the line that it begins.
    fn position(&self, place: usize) -> String {
        let (mut line, mut column) = (1, 0);
        let upto = self.text.char_indices().map(|(at, char)| (at, Some(char)));
        for (at, char) in upto.chain([(self.text.len(), None)]) {
            column += 1;
            if char == Some('\n') {
                (line, column) = (line + 1, 0);
            }
            if at >= place {
                break;
            }
        }
        format!("{line}:{column} ({place})")
    }
}
