//! Texts pinned from Consul 1.8.7.

use std::time::Duration;

use proptest::prelude::*;

use super::{DEFAULT_OUTPUT_LIMIT, MAX_OUTPUT_LIMIT, Tail, duration, limit, shortened};

#[test]
fn the_tail_is_kept_and_the_rest_counted() {
    let mut tail = Tail::new(10);
    tail.push(b"0123456789");
    assert_eq!(tail.captured(), "0123456789");
    tail.push(b"abc");
    assert_eq!(tail.captured(), "Captured 10 of 13 bytes\n...\n3456789abc");
    assert_eq!(tail.text(), "3456789abc");
}

#[test]
fn bytes_that_are_no_text_are_marked() {
    let mut tail = Tail::new(10);
    tail.push(b"a\xffb");
    assert_eq!(tail.captured(), "a\u{fffd}b");
}

#[test]
fn a_long_word_of_a_service_is_cut() {
    assert_eq!(shortened("x".repeat(30), 20), format!("{} ... (captured 20 of 30 bytes)", "x".repeat(20)));
    assert_eq!(shortened("x".repeat(20), 20), "x".repeat(20));
    assert_eq!(shortened("äöü".to_owned(), 3), "ä ... (captured 2 of 6 bytes)");
}

#[test]
fn limits() {
    assert_eq!(limit(0), DEFAULT_OUTPUT_LIMIT);
    assert_eq!(limit(7), 7);
    assert_eq!(limit(usize::MAX), MAX_OUTPUT_LIMIT);
}

#[test]
fn durations_as_go_writes_them() {
    let cases = [
        (0, "0s"),
        (7, "7ns"),
        (1_500, "1.5µs"),
        (150_000_000, "150ms"),
        (1_500_000_000, "1.5s"),
        (30_000_000_000, "30s"),
        (60_000_000_000, "1m0s"),
        (3_600_000_000_000, "1h0m0s"),
        (5_425_050_000_000, "1h30m25.05s"),
    ];
    for (nanos, text) in cases {
        assert_eq!(duration(Duration::from_nanos(nanos)), text);
    }
}

proptest! {
    #[test]
    fn a_tail_is_the_end_of_all_chunks_and_never_holds_more_than_twice_its_limit(
        chunks in prop::collection::vec(prop::collection::vec(b'a'..=b'z', 0..50), 0..20), limit in 1_usize..40,
    ) {
        let mut tail = Tail::new(limit);
        let mut all = Vec::new();
        for chunk in &chunks {
            tail.push(chunk);
            all.extend_from_slice(chunk);
            prop_assert!(tail.bytes.len() <= 2 * limit);
        }
        let end = &all[all.len().saturating_sub(limit)..];
        let text = tail.text();
        prop_assert_eq!(text.as_bytes(), end);
        prop_assert_eq!(tail.total(), all.len() as u64);
    }
}
