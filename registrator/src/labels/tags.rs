//! The tags of an instance: its own, then those that every instance gets, then its protocol.

use super::source::{Attributes, list};

/// In the order in which they were written, each once. `forced` is what the template of `-tags` gave.
pub(crate) fn tags(attributes: &Attributes, forced: &str, protocol: &str) -> Vec<String> {
    let own = list(attributes.text("tags").unwrap_or_default());
    let protocol = (protocol != "tcp").then(|| protocol.to_owned());
    let mut tags: Vec<String> = Vec::new();
    for tag in own.into_iter().chain(list(forced)).chain(protocol) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::tests::web;

    #[test]
    fn tags_come_from_label_template_and_protocol() {
        let mut container = web();
        container.labels.insert("SERVICE_TAGS".into(), r"b,a\,c,b".into());
        let attributes = Attributes::of(&container, 80);
        assert_eq!(tags(&attributes, "x,a", "tcp"), ["b", "a,c", "x", "a"]);
        assert_eq!(tags(&Attributes::default(), "", "udp"), ["udp"]);
    }
}
