//! A kept reply is given to its own question alone, and only while it holds.

use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::directory::{Instance, NodeFacts, Owner};
use crate::resolve::Basis;
use crate::wire;

#[derive(Default)]
struct Clock(AtomicU64);

impl Directory for Clock {
    fn version(&self, _: &Subject) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed))
    }

    async fn service(&self, _: &Arc<str>) -> Option<Vec<Instance>> {
        None
    }

    async fn node(&self, _: &Arc<str>) -> Option<Option<NodeFacts>> {
        None
    }

    async fn owners_of(&self, _: IpAddr) -> Option<Vec<Owner>> {
        None
    }

    async fn servers(&self) -> Option<Vec<NodeFacts>> {
        None
    }
}

/// A question for `<label>.consul`.
fn packet(id: u16, label: &str, kind: u16) -> Vec<u8> {
    let name = crate::name::Name::from_text(&format!("{label}.consul")).unwrap();
    let mut packet = crate::encode::question(&name, kind);
    packet[..2].copy_from_slice(&id.to_be_bytes());
    packet
}

fn made(packet: &[u8], mark: u8, shuffled: bool, brief: bool) -> Reply {
    let basis = Basis { subjects: vec![(Subject::Service("web".into()), 0)], complete: true };
    let bytes = [packet, &[mark]].concat();
    Reply { bytes, keep: Some(Keep { basis, brief, shuffled }) }
}

fn get(cache: &mut Cache, packet: &[u8], directory: &Clock, now: Instant) -> Option<Vec<u8>> {
    let mut reply = Vec::new();
    let asked = wire::plain(packet).unwrap();
    cache.get(&asked, directory, now, &mut reply).then_some(reply)
}

fn put(cache: &mut Cache, packet: &[u8], reply: &Reply, now: Instant) {
    cache.put(&wire::plain(packet).unwrap(), reply, now);
}

#[test]
fn a_reply_bears_the_id_and_the_letters_of_its_question() {
    let (mut cache, directory, now) = (Cache::new(false), Clock::default(), Instant::now());
    let first = packet(1, "web", 1);
    assert_eq!(get(&mut cache, &first, &directory, now), None);
    put(&mut cache, &first, &made(&first, 9, false, false), now);
    let other = packet(2, "WeB", 1);
    assert_eq!(get(&mut cache, &other, &directory, now).unwrap(), [&*other, &[9]].concat());
    for different in [packet(1, "web", 28), packet(1, "wab", 1)] {
        assert_eq!(get(&mut cache, &different, &directory, now), None);
    }
    let mut recursive = first.clone();
    recursive[2] ^= 1;
    assert_eq!(get(&mut cache, &recursive, &directory, now), None);
    let mut exact = Cache::new(true);
    put(&mut exact, &first, &made(&first, 9, false, false), now);
    assert_eq!(get(&mut exact, &other, &directory, now), None);
}

#[test]
fn a_change_and_for_brief_ones_a_second_end_it() {
    let (mut cache, directory, now) = (Cache::new(false), Clock::default(), Instant::now());
    let (lasting, brief) = (packet(1, "lasting", 1), packet(1, "brief", 1));
    put(&mut cache, &lasting, &made(&lasting, 1, false, false), now);
    put(&mut cache, &brief, &made(&brief, 1, false, true), now);
    let later = now + Duration::from_millis(999);
    assert!(get(&mut cache, &brief, &directory, later).is_some());
    let later = now + BRIEF;
    assert!(get(&mut cache, &brief, &directory, later).is_none());
    assert!(get(&mut cache, &lasting, &directory, later).is_some());
    directory.0.store(1, Ordering::Relaxed);
    let later = later + Duration::from_nanos(1);
    assert!(get(&mut cache, &lasting, &directory, later).is_none());
    assert_eq!(cache.young.bytes, 0);
}

#[test]
fn questions_that_came_together_compare_the_versions_once() {
    let (mut cache, directory, now) = (Cache::new(false), Clock::default(), Instant::now());
    let packet = packet(1, "web", 1);
    put(&mut cache, &packet, &made(&packet, 1, false, false), now);
    directory.0.store(1, Ordering::Relaxed);
    assert!(get(&mut cache, &packet, &directory, now).is_none(), "the first compares");
    directory.0.store(0, Ordering::Relaxed);
    put(&mut cache, &packet, &made(&packet, 1, false, false), now);
    assert!(get(&mut cache, &packet, &directory, now).is_some());
    directory.0.store(1, Ordering::Relaxed);
    assert!(get(&mut cache, &packet, &directory, now).is_some(), "it came before the change");
    assert!(get(&mut cache, &packet, &directory, now + Duration::from_nanos(1)).is_none());
}

#[test]
fn orders_take_turns_and_are_made_anew() {
    let (mut cache, directory, now) = (Cache::new(false), Clock::default(), Instant::now());
    let (packet, makings) = (packet(1, "web", 1), Cell::new(0u8));
    let now = Cell::new(now);
    let mut ask = || {
        get(&mut cache, &packet, &directory, now.get()).unwrap_or_else(|| {
            makings.set(makings.get() + 1);
            let reply = made(&packet, makings.get(), true, false);
            put(&mut cache, &packet, &reply, now.get());
            reply.bytes
        })
    };
    for _ in 0..VARIANTS {
        ask();
    }
    assert_eq!(usize::from(makings.get()), VARIANTS);
    let marks: std::collections::HashSet<u8> = (0..VARIANTS).map(|_| *ask().last().unwrap()).collect();
    assert_eq!(marks.len(), VARIANTS, "each takes its turn");
    for _ in 0..3 * VARIANTS * TURNS as usize {
        ask();
    }
    assert_eq!(usize::from(makings.get()), VARIANTS, "however often, for a short time");
    now.set(now.get() + YOUNG);
    for _ in 0..3 * VARIANTS * TURNS as usize {
        ask();
    }
    assert!(usize::from(makings.get()) >= 2 * VARIANTS, "no order lasts");
}

#[test]
fn it_never_grows_beyond_its_bound_and_what_is_asked_for_stays() {
    let (mut cache, directory, now) = (Cache::new(false), Clock::default(), Instant::now());
    cache.most_bytes = 10_000;
    let wanted = packet(1, "wanted", 1);
    put(&mut cache, &wanted, &made(&wanted, 1, false, false), now);
    for at in 0..10_000 {
        let packet = packet(1, &format!("flood-{at}"), 1);
        put(&mut cache, &packet, &made(&packet, 1, false, false), now);
        assert!(get(&mut cache, &wanted, &directory, now).is_some(), "after {at}");
        assert!(cache.young.bytes <= 10_000 && cache.old.bytes <= 10_000);
        assert!(cache.young.entries.len() + cache.old.entries.len() <= 2 * 10_000 / OVERHEAD);
    }
}

proptest! {
    #[test]
    fn its_account_is_right(steps in proptest::collection::vec((0u8..6, any::<bool>(), any::<bool>()), 1..200)) {
        let (mut cache, directory, mut now) = (Cache::new(false), Clock::default(), Instant::now());
        cache.most_bytes = 2_000;
        for (label, shuffled, change) in steps {
            now += Duration::from_millis(1);
            if change {
                directory.0.store(u64::from(label % 2), Ordering::Relaxed);
            }
            let packet = packet(1, &format!("n{label}"), 1);
            if get(&mut cache, &packet, &directory, now).is_none() {
                put(&mut cache, &packet, &made(&packet, label, shuffled, false), now);
            }
            let entries = cache.young.entries.iter();
            let size: usize = entries.map(|(key, entry)| entry.size(key.len())).sum();
            prop_assert_eq!(cache.young.bytes, size);
        }
    }
}
