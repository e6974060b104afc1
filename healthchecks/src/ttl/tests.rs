//! Texts pinned from Consul 1.8.7.

use super::expired;

#[test]
fn silence_repeats_the_last_word() {
    assert_eq!(expired(""), "TTL expired");
    assert_eq!(expired("all fine"), "TTL expired (last output before timeout follows): all fine");
}
