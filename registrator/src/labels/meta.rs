//! The metadata of an instance: its attributes that mean nothing else here, labels by a prefix, and our marks.

use std::collections::BTreeMap;

use muster_api::seen::marks::OWNER;

use super::source::Attributes;
use crate::container::Container;

/// The hash of the definition.
pub(crate) const HASH: &str = "registrator-hash";

/// Attributes that have a meaning of their own.
const READ: [&str; 7] = ["name", "id", "tags", "ignore", "network", "register", "port"];
/// Longest key and value, and most pairs, as an agent takes them; our marks need four.
const KEY: usize = 128;
const VALUE: usize = 512;
const PAIRS: usize = 60;

/// The pairs, without our marks; what an agent would refuse is left out and said in `notes`.
pub(crate) fn meta(
    container: &Container,
    attributes: &Attributes,
    prefix: Option<&str>,
    notes: &mut Vec<String>,
) -> BTreeMap<String, String> {
    let own = attributes.iter().filter(|(name, _)| !READ.contains(name) && !name.starts_with("check_"));
    let own = own.map(|(name, attribute)| (name.to_owned(), attribute.label.as_str(), &attribute.value));
    let by_prefix = container.labels.iter().filter_map(|(label, value)| {
        let rest = label.strip_prefix(prefix?)?;
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        Some((rest.chars().map(plain).collect::<String>(), label.as_str(), value))
    });
    let mut pairs = BTreeMap::new();
    for (key, label, value) in by_prefix.chain(own) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let why = if key.is_empty() || key.len() > KEY || !key.chars().all(plain) {
            format!("{key:?} is no key: use 1 to {KEY} of a-z, 0-9, - and _")
        } else if key.starts_with("consul-") || key.starts_with(OWNER) {
            format!("the key {key} is not for users")
        } else if value.len() > VALUE {
            format!("its text has {} bytes, and {VALUE} are the most", value.len())
        } else if pairs.len() >= PAIRS && !pairs.contains_key(&key) {
            format!("there are {PAIRS} pairs already, which are the most")
        } else {
            pairs.insert(key, value.clone());
            continue;
        };
        notes.push(format!("{label} is not in the metadata: {why}"));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::tests::web;

    #[test]
    fn all_other_attributes_are_metadata() {
        let mut container = web();
        for (label, value) in [
            ("SERVICE_REGION", "eu"),
            ("SERVICE_80_RACK", "7"),
            ("SERVICE_NAME", "x"),
            ("SERVICE_CHECK_HTTP", "/"),
            ("SERVICE_A.B", "x"),
            ("SERVICE_REGISTRATOR", "me"),
            ("traefik.http/port", "80"),
            ("SERVICE_LONG", &*"x".repeat(513)),
        ] {
            container.labels.insert(label.into(), value.into());
        }
        let mut notes = Vec::new();
        let pairs = meta(&container, &Attributes::of(&container, 80), Some("traefik."), &mut notes);
        let expected = [("http_port", "80"), ("rack", "7"), ("region", "eu")];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(notes[0].starts_with("SERVICE_A.B is not in the metadata: \"a.b\" is no key"));
        muster_api::service::check_meta(&pairs).unwrap();
    }

    #[test]
    fn there_is_an_end_to_it() {
        let mut container = web();
        for number in 0..100 {
            container.labels.insert(format!("SERVICE_K{number}"), "v".into());
        }
        let mut notes = Vec::new();
        let pairs = meta(&container, &Attributes::of(&container, 80), None, &mut notes);
        assert_eq!((pairs.len(), notes.len()), (60, 40));
    }
}
