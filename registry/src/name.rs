//! The vocabulary of names. Every name that belongs to a tenant carries its namespace.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A tenant's namespace. `default` unless asked; the default one costs no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Namespace(Option<Arc<str>>);

impl Namespace {
    /// The namespace of everything that names none.
    pub const DEFAULT: Self = Self(None);

    /// The namespace called `text`; `default` and the empty text are [`Namespace::DEFAULT`].
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.is_empty() || text == "default" { Self(None) } else { Self(Some(text.into())) }
    }

    /// The name as users write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("default")
    }
}

/// A name within a namespace: of a service, a key, a prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name {
    /// The tenant it belongs to.
    pub namespace: Namespace,
    /// The name itself, as it came.
    pub text: Arc<str>,
}

impl Name {
    /// `text` in the default namespace.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { namespace: Namespace::DEFAULT, text: text.into() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
