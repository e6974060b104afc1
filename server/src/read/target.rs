//! Which requests ask the same: their targets are the same words, but for how fresh the answer must be and how
//! long they would wait for it.

use std::borrow::Cow;

/// Parameters that change when an answer comes, not what it says.
const WAITING: [&str; 5] = ["index", "wait", "stale", "consistent", "max_stale"];

/// `target` without those parameters, where it blocks; a target that does not is left as it is, so that the
/// common case costs nothing.
pub(super) fn without_waiting(target: &str) -> Cow<'_, str> {
    let Some((path, query)) = target.split_once('?') else { return Cow::Borrowed(target) };
    if !query.split('&').any(|pair| name(pair) == "index") {
        return Cow::Borrowed(target);
    }
    let mut words = String::with_capacity(target.len());
    words.push_str(path);
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !WAITING.contains(&name(pair)));
    for (at, pair) in kept.enumerate() {
        words.push(if at == 0 { '?' } else { '&' });
        words.push_str(pair);
    }
    Cow::Owned(words)
}

fn name(pair: &str) -> &str {
    pair.split_once('=').map_or(pair, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_wait_ask_what_those_ask_who_do_not() {
        for (target, words) in [
            ("/v1/kv/a", "/v1/kv/a"),
            ("/v1/kv/a?stale", "/v1/kv/a?stale"),
            ("/v1/kv/a?index=7&wait=5s&stale", "/v1/kv/a"),
            ("/v1/health/service/web?passing&index=7&tag=a&wait=5s", "/v1/health/service/web?passing&tag=a"),
            ("/v1/kv/index?raw", "/v1/kv/index?raw"),
        ] {
            assert_eq!(without_waiting(target), words);
        }
    }
}
