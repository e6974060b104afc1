//! Which records a request's parameters ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_api::Params;

/// Whether the record carries every `?tag`; case does not count, as in Consul.
pub(crate) fn by_tags(tags: &[Arc<str>], params: &Params) -> bool {
    params.all("tag").all(|tag| tags.iter().any(|own| own.eq_ignore_ascii_case(tag)))
}

/// Whether the node has every `?node-meta=key:value`.
pub(crate) fn by_meta(meta: &BTreeMap<Arc<str>, Arc<str>>, params: &Params) -> bool {
    params.all("node-meta").all(|pair| {
        let (key, value) = pair.split_once(':').unwrap_or((pair, ""));
        meta.get(key).is_some_and(|own| **own == *value)
    })
}
