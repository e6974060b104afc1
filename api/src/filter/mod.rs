//! `?filter`: a boolean expression over the fields of a record, as Consul 1.8.7 reads it.
//!
//! An expression is read once (`grammar`), bound once to the fields that its endpoint has (`bind`), and then
//! asked for each record. A record is never rendered for it: it shows the field that is asked for, borrowed.
//! Never knows a record of ours: those implement [`Record`] where they live.

mod ast;
mod bind;
mod cursor;
mod evaluate;
pub mod fields;
mod grammar;
pub mod json;
mod literal;
mod pattern;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::{ApiError, Params};
use ast::Expression;
pub use evaluate::Filter;
use fields::Fields;

/// The longest expression.
pub const LONGEST: usize = 16 << 10;
/// The deepest nesting of parentheses and `not`.
pub const DEEPEST: usize = 64;

/// What a record shows at the end of a path.
#[derive(Clone, Copy)]
pub enum Leaf<'r> {
    /// A text.
    Text(&'r str),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Texts, or the keys of a map.
    Many(&'r dyn Many),
    /// How many records there are in a list.
    Count(usize),
    /// A map is there, but not the key that was asked for.
    Missing,
}

/// A list of texts, or a map by its keys.
pub trait Many {
    /// Whether there are none.
    fn none(&self) -> bool;
    /// Whether `text` is one of them.
    fn has(&self, text: &str) -> bool;
}

impl<S: AsRef<str>> Many for Vec<S> {
    fn none(&self) -> bool {
        self.is_empty()
    }

    fn has(&self, text: &str) -> bool {
        self.iter().any(|own| own.as_ref() == text)
    }
}

impl<K: Ord + std::borrow::Borrow<str>, V> Many for BTreeMap<K, V> {
    fn none(&self) -> bool {
        self.is_empty()
    }

    fn has(&self, text: &str) -> bool {
        self.contains_key(text)
    }
}

/// The names from a record to one of its fields, as they were bound.
pub type Path<'p> = &'p [Box<str>];
/// What is asked of a leaf.
pub type See<'s> = &'s mut dyn FnMut(Leaf<'_>) -> bool;

/// Something that can be filtered.
pub trait Record {
    /// Shows `see` the leaf at `path`; where lists are on the way, every one until `see` says yes. The paths
    /// that come are those of the fields that the filter was bound to.
    fn show(&self, path: Path<'_>, see: See<'_>) -> bool;
}

/// Shows a map from names to texts, or one of its values.
pub fn show_texts<K, V>(map: &BTreeMap<K, V>, path: Path<'_>, see: See<'_>) -> bool
where
    K: Ord + std::borrow::Borrow<str>,
    V: AsRef<str>,
{
    match path.first() {
        None => see(Leaf::Many(map)),
        Some(key) => see(map.get(&**key).map_or(Leaf::Missing, |value| Leaf::Text(value.as_ref()))),
    }
}

/// Shows a map from names to addresses with ports, or a part of one of them.
pub fn show_addresses<'m, K, V>(
    map: &'m BTreeMap<K, V>,
    part: impl Fn(&'m V) -> (&'m str, u16),
    path: Path<'_>,
    see: See<'_>,
) -> bool
where
    K: Ord + std::borrow::Borrow<str>,
{
    let Some((key, rest)) = path.split_first() else { return see(Leaf::Many(map)) };
    let Some((address, port)) = map.get(&**key).map(part) else { return see(Leaf::Missing) };
    match rest.first().map(|name| &**name) {
        Some("Port") => see(Leaf::Number(port.into())),
        _ => see(Leaf::Text(address)),
    }
}

const REFUSED: &str = "Failed to create boolean expression evaluator: ";

/// An expression that is read, but not bound to any fields yet.
#[derive(Debug)]
pub struct Unbound(Expression);

impl Unbound {
    /// Reads `text`.
    ///
    /// # Errors
    /// Where it is no expression, in Consul's words.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        grammar::parse(text).map(Self).map_err(|why| ApiError::Internal(format!("{REFUSED}{why}")))
    }

    /// Binds it to the fields of a record.
    ///
    /// # Errors
    /// Where it names a field that there is not, or asks one what it cannot tell. Without the beginning that
    /// Consul puts before it at most endpoints.
    pub fn bind(&self, fields: Fields) -> Result<Filter, ApiError> {
        bind::bind(&self.0, fields).map_err(ApiError::Internal)
    }
}

impl Params {
    /// The filter that was asked for, if any, over `fields`.
    ///
    /// # Errors
    /// Where it is malformed or does not fit the fields, in Consul's words.
    pub fn filter(&self, fields: Fields) -> Result<Option<Filter>, ApiError> {
        let Some(text) = self.get("filter") else { return Ok(None) };
        let bound = bind::bind(&Unbound::parse(text)?.0, fields);
        bound.map(Some).map_err(|why| ApiError::Internal(format!("{REFUSED}{why}")))
    }
}
