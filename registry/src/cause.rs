//! What a change is owed to, for those who ask later why something is gone.

use serde::{Deserialize, Serialize};

/// Who or what asked for a change. Variants are only ever appended: they are in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// Nobody said.
    #[default]
    Unsaid,
    /// Somebody over the catalog's own API.
    Catalog,
    /// Somebody over the API of the node's agent.
    Agent,
    /// The agent: critical for longer than `DeregisterCriticalServiceAfter` allows.
    Critical,
    /// The agent: no configuration file defines it any more.
    Files,
    /// The registrator of the node: the container has gone.
    Registrator,
    /// The node left of its own will.
    Left,
    /// Somebody made a dead node leave.
    ForceLeave,
    /// The leader: the node was dead for too long.
    Reaped,
    /// It came again under another name.
    Renamed,
}

impl Cause {
    /// Every cause with its word on the wire.
    const WORDS: [(Self, &str); 10] = [
        (Self::Unsaid, ""),
        (Self::Catalog, "catalog"),
        (Self::Agent, "agent"),
        (Self::Critical, "critical"),
        (Self::Files, "files"),
        (Self::Registrator, "registrator"),
        (Self::Left, "left"),
        (Self::ForceLeave, "force-leave"),
        (Self::Reaped, "reaped"),
        (Self::Renamed, "renamed"),
    ];

    /// The word on the wire; empty where nobody said.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(cause, _)| *cause == self).map_or("", |(_, word)| word)
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, held)| *held == word).map(|(cause, _)| *cause)
    }
}

#[cfg(test)]
mod tests {
    use super::Cause;

    #[test]
    fn every_cause_has_a_word_of_its_own() {
        for (cause, word) in Cause::WORDS {
            assert_eq!((Cause::parse(word), cause.as_str()), (Some(cause), word));
        }
        assert_eq!(Cause::parse("fate"), None);
    }
}
