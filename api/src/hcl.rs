//! HashiCorp's configuration language, the first version, as Consul's files and rules are written in it: labels
//! are nested objects, a block that comes again makes a list, and neither line ends nor commas part what is clear
//! without them. Pure; refuses what nests too deep.
//!
//! The second version of the language, for which there is a library, is another grammar: it refuses quoted keys
//! and several attributes on one line, which operators' files have.

mod scanner;

use scanner::{Place, Scanner, Token};
use serde_json::{Map, Value};

/// Lists and objects within each other, at most.
const DEEPEST: usize = 64;

/// Reads a file's content.
///
/// # Errors
/// With the line and the column, in the words of Consul's own parser where it has some.
pub fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let mut parser = Parser { scanner: Scanner::new(text), ahead: None, depth: 0 };
    parser.items(&Token::End)
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    ahead: Option<(Token, Place)>,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&mut self) -> Result<&(Token, Place), String> {
        let ahead = match self.ahead.take() {
            Some(ahead) => ahead,
            None => self.scanner.next()?,
        };
        Ok(self.ahead.insert(ahead))
    }

    fn next(&mut self) -> Result<(Token, Place), String> {
        match self.ahead.take() {
            Some(ahead) => Ok(ahead),
            None => self.scanner.next(),
        }
    }

    /// Items up to and with `end`.
    fn items(&mut self, end: &Token) -> Result<Map<String, Value>, String> {
        let mut items = Map::new();
        loop {
            let (token, at) = self.peek()?.clone();
            match token {
                token if token == *end => {
                    self.next()?;
                    return Ok(items);
                }
                Token::Ident(_) | Token::Text(_) => {}
                Token::End => return Err(at.says("object expected closing RBRACE got: EOF")),
                Token::Sign('=' | '{') => return Err(at.says("no object keys found!")),
                other => {
                    let got = other.name();
                    return Err(at.says(&format!("expected: IDENT | STRING | ASSIGN | LBRACE got: {got}")));
                }
            }
            let (keys, value) = self.item()?;
            add(&mut items, keys, value);
            if self.peek()?.0 == Token::Sign(',') {
                self.next()?;
            }
        }
    }

    /// Keys and what they stand for.
    fn item(&mut self) -> Result<(Vec<String>, Value), String> {
        let mut keys = Vec::new();
        loop {
            let (token, at) = self.next()?;
            match token {
                Token::Ident(key) | Token::Text(key) if keys.len() < DEEPEST => keys.push(key),
                Token::Sign('=') if keys.len() == 1 => return Ok((keys, self.value()?)),
                Token::Sign('{') => return Ok((keys, self.object(at)?)),
                Token::End => return Err(at.says("EOF token found")),
                other if keys.len() > 1 => {
                    return Err(at.says(&format!("nested object expected: LBRACE got: {}", other.name())));
                }
                other => {
                    let got = other.name();
                    return Err(at.says(&format!("expected: IDENT | STRING | ASSIGN | LBRACE got: {got}")));
                }
            }
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        let (token, at) = self.next()?;
        match token {
            Token::Text(text) => Ok(Value::from(text)),
            Token::Number(number) => Ok(Value::from(number)),
            Token::Switch(on) => Ok(Value::from(on)),
            Token::Sign('{') => self.object(at),
            Token::Sign('[') => self.list(at),
            Token::End => Err(at.says("EOF token found")),
            other => Err(at.says(&format!("Unknown token: {}", other.name()))),
        }
    }

    fn object(&mut self, at: Place) -> Result<Value, String> {
        self.deeper(at)?;
        let items = self.items(&Token::Sign('}'))?;
        self.depth -= 1;
        Ok(Value::Object(items))
    }

    fn list(&mut self, at: Place) -> Result<Value, String> {
        self.deeper(at)?;
        let (mut list, mut parted) = (Vec::new(), true);
        loop {
            let (token, at) = self.peek()?.clone();
            match token {
                Token::Sign(']') => {
                    self.next()?;
                    self.depth -= 1;
                    return Ok(Value::Array(list));
                }
                Token::Sign(',') => {
                    self.next()?;
                    parted = true;
                }
                other if !parted => {
                    let got = other.name();
                    return Err(
                        at.says(&format!("error parsing list, expected comma or list end, got: {got}"))
                    );
                }
                _ => {
                    list.push(self.value()?);
                    parted = false;
                }
            }
        }
    }

    fn deeper(&mut self, at: Place) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(at.says(&format!("more than {DEEPEST} lists and objects within each other")));
        }
        Ok(())
    }
}

/// Puts a value under its keys. A block that is there already makes a list of both; another value replaces.
fn add(items: &mut Map<String, Value>, keys: Vec<String>, value: Value) {
    let mut keys = keys.into_iter();
    let Some(first) = keys.next() else { return };
    let value = keys.rev().fold(value, |inner, key| Value::Object(Map::from_iter([(key, inner)])));
    match (items.get_mut(&first), value) {
        (Some(Value::Array(held)), Value::Object(more)) => held.push(Value::Object(more)),
        (Some(held @ Value::Object(_)), Value::Object(more)) => {
            let both = vec![held.take(), Value::Object(more)];
            *held = Value::Array(both);
        }
        (_, value) => drop(items.insert(first, value)),
    }
}

#[cfg(test)]
mod tests;
