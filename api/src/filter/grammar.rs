//! The language: `or` over `and` over `not` over parentheses and single tests. Reads text, knows no fields.

use super::ast::{Expression, Operator, Test};
use super::cursor::Cursor;
use super::{DEEPEST, LONGEST, literal};

/// A word as it is matched and as a refusal shows it.
macro_rules! word {
    ($cursor:expr, $word:literal) => {
        $cursor.word($word, concat!("\"", $word, "\""))
    };
}

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    if text.len() > LONGEST {
        return Err(format!("the expression has {} bytes: at most {LONGEST} are allowed", text.len()));
    }
    let mut reader = Reader { cursor: Cursor::new(text), depth: 0, too_deep: false };
    reader.cursor.space();
    let read = reader.any();
    if read.is_some() {
        reader.cursor.space();
    }
    if reader.too_deep {
        return Err(format!("the expression is nested too deep: at most {DEEPEST} levels are allowed"));
    }
    match read {
        Some(expression) if reader.cursor.end() && !reader.cursor.faulty() => Ok(expression),
        _ => Err(reader.cursor.refusal()),
    }
}

/// One way to write an operator, with the space around it.
type Way = fn(&mut Cursor<'_>) -> bool;

struct Reader<'t> {
    cursor: Cursor<'t>,
    depth: usize,
    too_deep: bool,
}

impl Reader<'_> {
    fn any(&mut self) -> Option<Expression> {
        let mut parts = vec![self.all()?];
        while let Some(next) = self.next(|cursor| word!(cursor, "or"), Self::all) {
            parts.push(next);
        }
        if parts.len() == 1 { parts.pop() } else { Some(Expression::Any(parts)) }
    }

    fn all(&mut self) -> Option<Expression> {
        let mut parts = vec![self.not()?];
        while let Some(next) = self.next(|cursor| word!(cursor, "and"), Self::not) {
            parts.push(next);
        }
        if parts.len() == 1 { parts.pop() } else { Some(Expression::All(parts)) }
    }

    /// The next part of a chain; where it cannot be read, the chain has ended before its word.
    fn next(
        &mut self,
        joins: impl Fn(&mut Cursor<'_>) -> bool,
        part: impl Fn(&mut Self) -> Option<Expression>,
    ) -> Option<Expression> {
        let start = self.cursor.at();
        let joined = self.cursor.space() && joins(&mut self.cursor) && self.cursor.space();
        let next = if joined { part(self) } else { None };
        if next.is_none() {
            self.cursor.back_to(start);
        }
        next
    }

    fn not(&mut self) -> Option<Expression> {
        self.too_deep |= self.depth >= DEEPEST;
        if self.too_deep {
            return None;
        }
        self.depth += 1;
        let read = self.not_within();
        self.depth -= 1;
        read
    }

    fn not_within(&mut self) -> Option<Expression> {
        let start = self.cursor.at();
        if word!(self.cursor, "not")
            && self.cursor.space()
            && let Some(inner) = self.not()
        {
            return Some(Expression::Not(Box::new(inner)));
        }
        // `not` may be the name of a field as well.
        self.cursor.back_to(start);
        if word!(self.cursor, "(") {
            self.cursor.space();
            if let Some(inner) = self.any() {
                self.cursor.space();
                if word!(self.cursor, ")") {
                    return Some(inner);
                }
                self.cursor.fault(self.cursor.at(), "grouping", "Unmatched parentheses");
            }
            self.cursor.back_to(start);
        }
        self.test().map(Expression::Test)
    }

    fn test(&mut self) -> Option<Test> {
        let start = self.cursor.at();
        if let Some(selector) = self.selector() {
            let named = self.cursor.at();
            if let Some(operator) = self.before_value()
                && let Some(value) = self.value()
            {
                return Some(Test { selector, operator, value });
            }
            self.cursor.back_to(named);
            if let Some(operator) = self.emptiness() {
                return Some(Test { selector, operator, value: String::new() });
            }
        }
        self.cursor.back_to(start);
        if let Some(value) = self.value()
            && let Some(operator) = self.before_selector()
        {
            match self.selector() {
                Some(selector) => return Some(Test { selector, operator, value }),
                None => self.cursor.fault(self.cursor.at(), "match", "Invalid selector"),
            }
        }
        self.cursor.back_to(start);
        None
    }

    fn before_value(&mut self) -> Option<Operator> {
        self.try_each(&[
            (Operator::Equal, |c| {
                c.space();
                let met = word!(c, "==");
                c.space();
                met
            }),
            (Operator::NotEqual, |c| {
                c.space();
                let met = word!(c, "!=");
                c.space();
                met
            }),
            (Operator::In, |c| c.space() && word!(c, "contains") && c.space()),
            (Operator::NotIn, |c| {
                c.space() && word!(c, "not") && c.space() && word!(c, "contains") && c.space()
            }),
            (Operator::Matches, |c| c.space() && word!(c, "matches") && c.space()),
            (Operator::NotMatches, |c| {
                c.space() && word!(c, "not") && c.space() && word!(c, "matches") && c.space()
            }),
        ])
    }

    fn emptiness(&mut self) -> Option<Operator> {
        self.try_each(&[
            (Operator::Empty, |c| c.space() && word!(c, "is") && c.space() && word!(c, "empty")),
            (Operator::NotEmpty, |c| {
                let is_not = c.space() && word!(c, "is") && c.space() && word!(c, "not");
                is_not && c.space() && word!(c, "empty")
            }),
        ])
    }

    fn before_selector(&mut self) -> Option<Operator> {
        self.try_each(&[
            (Operator::In, |c| c.space() && word!(c, "in") && c.space()),
            (Operator::NotIn, |c| c.space() && word!(c, "not") && c.space() && word!(c, "in") && c.space()),
        ])
    }

    fn try_each(&mut self, ways: &[(Operator, Way)]) -> Option<Operator> {
        let start = self.cursor.at();
        for (operator, way) in ways {
            if way(&mut self.cursor) {
                return Some(*operator);
            }
            self.cursor.back_to(start);
        }
        None
    }

    fn selector(&mut self) -> Option<Vec<String>> {
        let mut parts = vec![self.identifier()?];
        loop {
            let start = self.cursor.at();
            let next = if word!(self.cursor, ".") { self.identifier() } else { self.index() };
            match next {
                Some(part) => parts.push(part),
                None => {
                    self.cursor.back_to(start);
                    return Some(parts);
                }
            }
        }
    }

    fn identifier(&mut self) -> Option<String> {
        let start = self.cursor.at();
        if !self.cursor.one(|byte| byte.is_ascii_alphabetic(), "[a-zA-Z]") {
            return None;
        }
        self.cursor.many(|byte| byte.is_ascii_alphanumeric() || byte == b'_', "[a-zA-Z0-9_]");
        Some(self.cursor.since(start).to_owned())
    }

    fn index(&mut self) -> Option<String> {
        if !word!(self.cursor, "[") {
            return None;
        }
        self.cursor.space();
        let start = self.cursor.at();
        let Some(key) = self.string() else {
            self.cursor.fault(start, "index", "Invalid index");
            return None;
        };
        self.cursor.space();
        if !word!(self.cursor, "]") {
            self.cursor.fault(self.cursor.at(), "index", "Unclosed index expression");
            return None;
        }
        Some(key)
    }

    fn value(&mut self) -> Option<String> {
        let start = self.cursor.at();
        if let Some(parts) = self.selector() {
            return Some(parts.join("."));
        }
        self.cursor.back_to(start);
        if let Some(number) = self.number() {
            return Some(number);
        }
        self.cursor.back_to(start);
        self.string()
    }

    fn number(&mut self) -> Option<String> {
        let start = self.cursor.at();
        word!(self.cursor, "-");
        if !word!(self.cursor, "0") {
            if !self.cursor.one(|byte| matches!(byte, b'1'..=b'9'), "[1-9]") {
                return None;
            }
            self.cursor.many(|byte| byte.is_ascii_digit(), "[0-9]");
        }
        let whole = self.cursor.at();
        if word!(self.cursor, ".") && self.cursor.one(|byte| byte.is_ascii_digit(), "[0-9]") {
            self.cursor.many(|byte| byte.is_ascii_digit(), "[0-9]");
        } else {
            self.cursor.back_to(whole);
        }
        let behind = self.cursor.at();
        let ends = self.cursor.space() || self.cursor.end() || self.cursor.closes();
        self.cursor.back_to(behind);
        if !ends {
            self.cursor.fault(behind, "number", "Invalid number literal");
            return None;
        }
        Some(self.cursor.since(start).to_owned())
    }

    fn string(&mut self) -> Option<String> {
        let start = self.cursor.at();
        let raw = word!(self.cursor, "`");
        if !raw && !self.cursor.word("\"", r#""\"""#) {
            return None;
        }
        let Some(inner) = self.cursor.until(if raw { '`' } else { '"' }) else {
            self.cursor.fault(self.cursor.at(), "string", "Unterminated string literal");
            return None;
        };
        let read = if raw { Some(inner.replace('\r', "")) } else { literal::unquote(inner) };
        if read.is_none() {
            self.cursor.fault(start, "string", "invalid syntax");
        }
        Some(read.unwrap_or_default())
    }
}
