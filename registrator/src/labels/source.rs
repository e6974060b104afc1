//! Where an attribute of a container comes from: the port's own before the general, a label before the environment.

use std::collections::BTreeMap;

use crate::container::Container;

/// What every attribute begins with.
const PREFIX: &str = "SERVICE_";

/// The attributes that one port of a container has.
#[derive(Debug, Default)]
pub(crate) struct Attributes(BTreeMap<String, Attribute>);

/// One value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Its text; never empty.
    pub(crate) value: String,
    /// The label or variable that it stands in.
    pub(crate) label: String,
    /// Whether it is about this port alone.
    pub(crate) of_port: bool,
}

impl Attributes {
    /// Those of `port`. An empty text is as good as none.
    pub(crate) fn of(container: &Container, port: u16) -> Self {
        let mut found = BTreeMap::new();
        // What is put in later wins.
        for of_port in [false, true] {
            for (label, value) in container.env.iter().chain(&container.labels) {
                let Some((number, name)) = parts(label) else { continue };
                if value.is_empty() || number.is_some() != of_port || number.is_some_and(|own| own != port) {
                    continue;
                }
                let attribute = Attribute { value: value.clone(), label: label.clone(), of_port };
                found.insert(name.to_ascii_lowercase(), attribute);
            }
        }
        Self(found)
    }

    /// The attribute of this name, in small letters.
    pub(crate) fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.get(name)
    }

    /// Its text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(|attribute| attribute.value.as_str())
    }

    /// All of them, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.0.iter().map(|(name, attribute)| (name.as_str(), attribute))
    }
}

/// `SERVICE_80_NAME` is `NAME` of port 80, `SERVICE_NAME` is that of all.
fn parts(label: &str) -> Option<(Option<u16>, &str)> {
    let rest = label.strip_prefix(PREFIX).filter(|rest| !rest.is_empty())?;
    match rest.split_once('_') {
        Some((number, name)) if !name.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
            number.parse().ok().map(|number| (Some(number), name))
        }
        _ => Some((None, rest)),
    }
}

/// A list with commas between; `\,` is a comma inside.
pub(crate) fn list(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, items.last_mut()) {
            ('\\', Some(item)) if letters.peek() == Some(&',') => {
                letters.next();
                item.push(',');
            }
            (',', _) => items.push(String::new()),
            (letter, Some(item)) => item.push(letter),
            (_, None) => {}
        }
    }
    let trimmed = items.into_iter().map(|item| item.trim().to_owned());
    trimmed.filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::container::tests::web;

    #[test]
    fn the_port_s_own_comes_before_the_general_and_a_label_before_the_environment() {
        let mut container = web();
        let mut text = |label: Option<&str>, own: Option<&str>, env: Option<&str>, own_env: Option<&str>| {
            container.labels.clear();
            container.env.clear();
            let put = |map: &mut BTreeMap<String, String>, key: &str, value: Option<&str>| {
                value.and_then(|value| map.insert(key.to_owned(), value.to_owned()));
            };
            put(&mut container.labels, "SERVICE_NAME", label);
            put(&mut container.labels, "SERVICE_80_NAME", own);
            put(&mut container.env, "SERVICE_NAME", env);
            put(&mut container.env, "SERVICE_80_NAME", own_env);
            Attributes::of(&container, 80).text("name").map(str::to_owned)
        };
        let all = [Some("label"), Some("own label"), Some("env"), Some("own env")];
        assert_eq!(text(all[0], all[1], all[2], all[3]).as_deref(), all[1]);
        assert_eq!(text(all[0], None, all[2], all[3]).as_deref(), all[3]);
        assert_eq!(text(all[0], None, all[2], None).as_deref(), all[0]);
        assert_eq!(text(None, None, all[2], None).as_deref(), all[2]);
        assert_eq!(text(Some(""), None, None, None), None);
    }

    #[test]
    fn attributes_of_other_ports_and_other_labels_are_not_seen() {
        let mut container = web();
        for (label, value) in
            [("SERVICE_81_NAME", "x"), ("SERVICE_443_", "y"), ("OTHER", "z"), ("SERVICE_", "e")]
        {
            container.labels.insert(label.into(), value.into());
        }
        let seen = Attributes::of(&container, 80);
        assert_eq!(seen.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["443_"]);
    }

    #[test]
    fn commas_part_a_list_unless_they_are_escaped() {
        assert_eq!(list(r"a,b\,c, ,d\e"), ["a", "b,c", r"d\e"]);
        assert!(list("").is_empty());
    }

    proptest! {
        #[test]
        fn a_list_is_read_as_it_is_written(items in proptest::collection::vec("[a-z,]{1,6}", 0..5)) {
            let written: Vec<String> = items.iter().map(|item| item.replace(',', r"\,")).collect();
            prop_assert_eq!(list(&written.join(",")), items);
        }
    }
}
