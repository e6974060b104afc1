//! Which records a request's parameters ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_api::filter::fields::Fields;
use muster_api::filter::{Filter, Record};
use muster_api::{ApiError, Params};

/// Whether the record carries every `?tag`; case does not count, as in Consul.
pub(crate) fn by_tags(tags: &[Arc<str>], params: &Params) -> bool {
    params.all("tag").all(|tag| tags.iter().any(|own| own.eq_ignore_ascii_case(tag)))
}

/// Whether the node has every `?node-meta=key:value`.
pub(crate) fn by_meta(meta: &BTreeMap<Arc<str>, Arc<str>>, params: &Params) -> bool {
    self::meta(params).all(|(key, value)| meta.get(key).is_some_and(|own| **own == *value))
}

/// Every `?node-meta=key:value`.
pub(crate) fn meta(params: &Params) -> impl Iterator<Item = (&str, &str)> {
    params.all("node-meta").map(|pair| pair.split_once(':').unwrap_or((pair, "")))
}

/// The request's filter over `fields`. As in Consul it is looked at after the datacenter and the wait.
pub(crate) fn filter(datacenter: &str, params: &Params, fields: Fields) -> Result<Option<Filter>, ApiError> {
    if params.get("filter").is_none() {
        return Ok(None);
    }
    params.mode(datacenter)?;
    params.wait()?;
    params.filter(fields)
}

/// What the filter holds beyond its words.
pub(crate) fn weight(filter: Option<&Filter>) -> usize {
    filter.map_or(0, Filter::weight)
}

/// Whether the record is one that the filter takes; all are where there is none.
pub(crate) fn by_filter(filter: Option<&Filter>, record: &dyn Record) -> bool {
    filter.is_none_or(|filter| filter.takes(record))
}
