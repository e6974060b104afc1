//! Which requests ask the same: their targets are the same words, but for how fresh the answer must be and how
//! long they would wait for it.

use std::borrow::Cow;

/// Parameters that change when an answer comes, not what it says.
const WAITING: [&str; 5] = ["index", "wait", "stale", "consistent", "max_stale"];

/// `target` without those parameters, where it blocks; `None` where it does not, so that the common case costs
/// nothing.
pub(super) fn without_waiting(target: &str) -> Option<String> {
    let (path, query) = target.split_once('?')?;
    if !waits(query) {
        return None;
    }
    let mut words = String::with_capacity(target.len());
    words.push_str(path);
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !WAITING.contains(&&*name(pair)));
    for (at, pair) in kept.enumerate() {
        words.push(if at == 0 { '?' } else { '&' });
        words.push_str(pair);
    }
    Some(words)
}

fn waits(query: &str) -> bool {
    query.split('&').any(|pair| name(pair) == "index")
}

/// The name of a parameter as it is meant, in whatever way it was written.
fn name(pair: &str) -> Cow<'_, str> {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    percent_encoding::percent_decode_str(name).decode_utf8_lossy()
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
            ("/v1/kv/a?%69ndex=7&w%61it=5s&raw", "/v1/kv/a?raw"),
            ("/v1/kv/a?stale&x=index", "/v1/kv/a?stale&x=index"),
        ] {
            assert_eq!(without_waiting(target).as_deref().unwrap_or(target), words);
        }
    }
}
