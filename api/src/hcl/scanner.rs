//! From characters to tokens, each with its place.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Number;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Ident(String),
    Text(String),
    Number(Number),
    Switch(bool),
    Sign(char),
    End,
}

impl Token {
    /// As Consul's parser calls it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Ident(_) => "IDENT",
            Self::Text(_) => "STRING",
            Self::Number(_) => "NUMBER",
            Self::Switch(_) => "BOOL",
            Self::Sign('{') => "LBRACE",
            Self::Sign('}') => "RBRACE",
            Self::Sign('[') => "LBRACK",
            Self::Sign(']') => "RBRACK",
            Self::Sign(',') => "COMMA",
            Self::Sign('=') => "ASSIGN",
            Self::Sign(_) => "ILLEGAL",
            Self::End => "EOF",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    line: usize,
    column: usize,
}

impl Place {
    pub(super) fn says(self, what: &str) -> String {
        format!("At {}:{}: {what}", self.line, self.column)
    }
}

pub(super) struct Scanner<'t> {
    rest: Peekable<Chars<'t>>,
    at: Place,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { rest: text.chars().peekable(), at: Place { line: 1, column: 1 } }
    }

    fn take(&mut self) -> Option<char> {
        let taken = self.rest.next()?;
        self.at = match taken {
            '\n' => Place { line: self.at.line + 1, column: 1 },
            _ => Place { column: self.at.column + 1, ..self.at },
        };
        Some(taken)
    }

    fn take_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let next = *self.rest.peek()?;
        if wanted(next) { self.take() } else { None }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(next) = self.take_if(&wanted) {
            taken.push(next);
        }
        taken
    }

    pub(super) fn next(&mut self) -> Result<(Token, Place), String> {
        loop {
            self.take_while(char::is_whitespace);
            let at = self.at;
            let Some(first) = self.take() else { return Ok((Token::End, at)) };
            let token = match first {
                '#' => {
                    self.take_while(|c| c != '\n');
                    continue;
                }
                '/' => {
                    self.comment(at)?;
                    continue;
                }
                '{' | '}' | '[' | ']' | ',' | '=' => Token::Sign(first),
                '"' => Token::Text(self.text(at)?),
                '<' => Token::Text(self.heredoc(at)?),
                '-' | '0'..='9' => Token::Number(self.number(first, at)?),
                c if c.is_alphabetic() || c == '_' => {
                    let more = self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
                    match format!("{c}{more}").as_str() {
                        "true" => Token::Switch(true),
                        "false" => Token::Switch(false),
                        word => Token::Ident(word.to_owned()),
                    }
                }
                _ => return Err(self.at.says("illegal char")),
            };
            return Ok((token, at));
        }
    }

    fn comment(&mut self, at: Place) -> Result<(), String> {
        match self.take() {
            Some('/') => {
                self.take_while(|c| c != '\n');
                Ok(())
            }
            Some('*') => loop {
                match self.take() {
                    Some('*') if self.take_if(|c| c == '/').is_some() => return Ok(()),
                    Some(_) => {}
                    None => return Err(at.says("comment not terminated")),
                }
            },
            _ => Err(at.says("expected '/' for comment")),
        }
    }

    /// A quoted text, its opening quote taken. What stands in `${}` is taken as it is, quotes too.
    fn text(&mut self, at: Place) -> Result<String, String> {
        let (mut text, mut braces) = (String::new(), 0_usize);
        loop {
            let next = self.take().ok_or_else(|| self.at.says("literal not terminated"))?;
            match next {
                '"' if braces == 0 => return Ok(text),
                '\n' if braces == 0 => return Err(at.says("literal not terminated")),
                '\\' if braces == 0 => text.push(self.escaped()?),
                '$' if self.rest.peek() == Some(&'{') => {
                    self.take();
                    text.push_str("${");
                    braces += 1;
                }
                '{' if braces > 0 => {
                    text.push(next);
                    braces += 1;
                }
                '}' if braces > 0 => {
                    text.push(next);
                    braces -= 1;
                }
                _ => text.push(next),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        let illegal = self.at;
        let (digits, base) = match self.take() {
            Some('a') => return Ok('\u{7}'),
            Some('b') => return Ok('\u{8}'),
            Some('f') => return Ok('\u{c}'),
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('t') => return Ok('\t'),
            Some('v') => return Ok('\u{b}'),
            Some(plain @ ('\\' | '"')) => return Ok(plain),
            Some(first @ '0'..='7') => (format!("{first}{}", self.digits(2, 8)), 8),
            Some('x') => (self.digits(2, 16), 16),
            Some('u') => (self.digits(4, 16), 16),
            Some('U') => (self.digits(8, 16), 16),
            _ => return Err(illegal.says("illegal char escape")),
        };
        let code = u32::from_str_radix(&digits, base).ok().and_then(char::from_u32);
        code.ok_or_else(|| illegal.says("illegal char escape"))
    }

    fn digits(&mut self, most: usize, base: u32) -> String {
        let mut taken = String::new();
        while taken.len() < most {
            match self.take_if(|c| c.is_digit(base)) {
                Some(digit) => taken.push(digit),
                None => break,
            }
        }
        taken
    }

    /// `<<WORD`, lines, and `WORD` on a line of its own; with `<<-` the lines' common indentation is dropped.
    fn heredoc(&mut self, at: Place) -> Result<String, String> {
        if self.take() != Some('<') {
            return Err(at.says("heredoc expected second '<', didn't see it"));
        }
        let indented = self.take_if(|c| c == '-').is_some();
        let word = self.take_while(|c| c != '\n');
        let word = word.trim_end_matches('\r');
        if word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Err(at.says("zero-length heredoc anchor"));
        }
        self.take();
        let mut lines = Vec::new();
        loop {
            let line = self.take_while(|c| c != '\n');
            if line.trim() == word {
                break;
            }
            if self.take().is_none() {
                return Err(at.says("heredoc not terminated"));
            }
            lines.push(line);
        }
        let indent = |line: &String| line.len() - line.trim_start().len();
        let common = if indented { lines.iter().map(indent).min().unwrap_or(0) } else { 0 };
        Ok(lines.iter().map(|line| format!("{}\n", line.get(common..).unwrap_or_default())).collect())
    }

    fn number(&mut self, first: char, at: Place) -> Result<Number, String> {
        let more = self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-'));
        let written = format!("{first}{more}");
        let plain = written.trim_start_matches('-');
        let sign = if written.starts_with('-') { -1 } else { 1 };
        let radix = |digits: &str, base| i64::from_str_radix(digits, base).ok().map(|value| value * sign);
        let whole = match plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
            Some(hex) => radix(hex, 16),
            None if plain.len() > 1 && plain.starts_with('0') => radix(plain, 8),
            None => written.parse().ok(),
        };
        let float = || written.parse::<f64>().ok().and_then(Number::from_f64);
        whole.map(Number::from).or_else(float).ok_or_else(|| at.says("illegal number"))
    }
}
