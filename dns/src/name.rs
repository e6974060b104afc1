//! A name as it stands on the wire, without compression. Pure, and never longer than the standard allows.

use std::sync::Arc;

const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 255;

/// Labels with their lengths, ended by the empty one.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Name(Arc<[u8]>);

impl Name {
    /// The length of the uncompressed name that `bytes` start with.
    pub(crate) fn length_in(bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1;
            if length == 0 {
                return Some(at);
            }
            at += length;
            if length > LONGEST_LABEL || at >= LONGEST_NAME || at > bytes.len() {
                return None;
            }
        }
    }

    /// A name that is exactly these bytes.
    pub(crate) fn from_wire(bytes: &[u8]) -> Option<Self> {
        (Self::length_in(bytes)? == bytes.len()).then(|| Self(bytes.into()))
    }

    /// A name from its usual form, with or without the final dot.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let mut wire = Vec::with_capacity(text.len() + 2);
        for label in text.strip_suffix('.').unwrap_or(text).split('.') {
            if label.is_empty() || label.len() > LONGEST_LABEL {
                return None;
            }
            wire.push(u8::try_from(label.len()).ok()?);
            wire.extend_from_slice(label.as_bytes());
        }
        wire.push(0);
        (wire.len() <= LONGEST_NAME).then(|| Self(wire.into()))
    }

    pub(crate) fn wire(&self) -> &[u8] {
        &self.0
    }

    /// Lower-cased, without the final dot. What cannot be in a name of ours becomes a sign that is in none.
    pub(crate) fn lower_text(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        let mut rest = &*self.0;
        while let Some((length, tail)) = rest.split_first()
            && let Some((label, tail)) = tail.split_at_checked(usize::from(*length))
            && !label.is_empty()
        {
            if !text.is_empty() {
                text.push('.');
            }
            text.extend(label.iter().map(|byte| match byte {
                b'.' => char::REPLACEMENT_CHARACTER,
                byte if byte.is_ascii_graphic() => char::from(byte.to_ascii_lowercase()),
                _ => char::REPLACEMENT_CHARACTER,
            }));
            rest = tail;
        }
        text
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.", self.lower_text())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_have_limits() {
        assert!(Name::from_text(&"a".repeat(64)).is_none());
        assert!(Name::from_text("a..b").is_none());
        assert!(Name::from_text(&vec!["a".repeat(49); 5].join(".")).is_some());
        assert!(Name::from_text(&vec!["a".repeat(50); 5].join(".")).is_none());
        assert_eq!(Name::length_in(&[0]), Some(1));
        assert_eq!(Name::length_in(&[0xc0, 0]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_name_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(length) = Name::length_in(&bytes) {
                prop_assert!(length <= LONGEST_NAME);
                let name = Name::from_wire(&bytes[..length]).unwrap();
                name.lower_text();
            }
        }

        #[test]
        fn text_goes_both_ways(text in "[a-z0-9_-]{1,63}(\\.[a-z0-9_-]{1,20}){0,5}") {
            prop_assert_eq!(Name::from_text(&text).unwrap().lower_text(), text);
        }
    }
}
