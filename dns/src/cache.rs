//! Replies that are ready. One belongs to one thread: nothing is shared. A reply is given only while what it
//! rests on has the same version; one that shows the time, for a second; a shuffled one takes turns with
//! others, each for a limited number of times and, under load, a short time, so that no order lasts.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::Directory;
use crate::directory::Subject;
use crate::handler::{Keep, Reply, datagram_limit};
use crate::wire::{Asked, HEAD};

/// How many orders of one answer take turns.
const VARIANTS: usize = 8;
/// How often each is given.
const TURNS: u32 = 32;
/// How long each may be given beyond its turns: making orders anew must not be what the thread does.
const YOUNG: Duration = Duration::from_millis(20);
const BRIEF: Duration = Duration::from_secs(1);
/// The most bytes of one generation, of which there are two.
const MOST_BYTES: usize = 4 << 20;
/// What an entry takes beside its bytes, roughly.
const OVERHEAD: usize = 256;

/// Replies by question.
pub(crate) struct Cache {
    /// New ones and those asked for lately.
    young: Generation,
    /// The generation before: forgotten when the young one is full.
    old: Generation,
    key: Vec<u8>,
    exact_case: bool,
    most_bytes: usize,
}

#[derive(Default)]
struct Generation {
    entries: HashMap<Box<[u8]>, Entry>,
    bytes: usize,
}

struct Entry {
    variants: Vec<Variant>,
    next: usize,
    wanted: usize,
    subjects: Vec<(Subject, u64)>,
    /// When the versions were last compared.
    compared: Option<Instant>,
    until: Option<Instant>,
}

struct Variant {
    bytes: Box<[u8]>,
    turns: u32,
    made: Instant,
}

impl Cache {
    /// With `exact_case`, questions that differ by case are different: replies hold names in full.
    pub(crate) fn new(exact_case: bool) -> Self {
        Self {
            young: Generation::default(),
            old: Generation::default(),
            key: Vec::new(),
            exact_case,
            most_bytes: MOST_BYTES,
        }
    }

    /// Puts the reply to `asked` into `reply`, if one is ready. The question came before `now`. Of questions
    /// with the same `now`, the first alone has the versions compared: that is after all of them came.
    pub(crate) fn get(
        &mut self,
        asked: &Asked<'_>,
        directory: &impl Directory,
        now: Instant,
        reply: &mut Vec<u8>,
    ) -> bool {
        if asked.edns.is_some_and(|edns| edns.version != 0) || asked.subnet.is_some() {
            return false;
        }
        self.make_key(asked);
        if !self.young.entries.contains_key(&*self.key) {
            let Some((key, entry)) = self.old.entries.remove_entry(&*self.key) else { return false };
            self.admit(key, entry);
        }
        let Some(entry) = self.young.entries.get_mut(&*self.key) else { return false };
        if !entry.holds(directory, now) {
            self.forget();
            return false;
        }
        let Some(bytes) = entry.take_turn(now) else { return false };
        reply.clear();
        reply.extend_from_slice(bytes);
        patch(reply, asked)
    }

    /// Keeps the reply to `asked`.
    pub(crate) fn put(&mut self, asked: &Asked<'_>, reply: &Reply, now: Instant) {
        let Some(keep) = &reply.keep else { return };
        if asked.subnet.is_some() {
            return;
        }
        self.make_key(asked);
        let variant = Variant { bytes: reply.bytes.as_slice().into(), turns: TURNS, made: now };
        if let Some(entry) = self.young.entries.get_mut(&*self.key)
            && entry.subjects == keep.basis.subjects
            && entry.variants.len() < entry.wanted
        {
            self.young.bytes += variant.bytes.len();
            entry.variants.push(variant);
            return;
        }
        self.forget();
        let entry = Entry::new(variant, keep, now);
        self.admit(self.key.as_slice().into(), entry);
    }

    fn forget(&mut self) {
        if let Some(entry) = self.young.entries.remove(&*self.key) {
            self.young.bytes = self.young.bytes.saturating_sub(entry.size(self.key.len()));
        }
    }

    fn admit(&mut self, key: Box<[u8]>, entry: Entry) {
        let size = entry.size(key.len());
        if self.young.bytes + size > self.most_bytes {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.bytes += size;
        self.young.entries.insert(key, entry);
    }

    fn make_key(&mut self, asked: &Asked<'_>) {
        self.key.clear();
        self.key.extend_from_slice(&asked.name);
        if !self.exact_case {
            self.key.make_ascii_lowercase();
        }
        for pair in [asked.kind, asked.class, datagram_limit(asked)] {
            self.key.extend(pair.to_be_bytes());
        }
        let dnssec_ok = asked.edns.is_some_and(|edns| edns.dnssec_ok);
        let flags = [asked.recursion_desired, asked.checking_disabled, asked.edns.is_some(), dnssec_ok];
        self.key.extend(flags.map(u8::from));
    }
}

impl Entry {
    fn new(variant: Variant, keep: &Keep, now: Instant) -> Self {
        Self {
            variants: vec![variant],
            next: 0,
            wanted: if keep.shuffled { VARIANTS } else { 1 },
            subjects: keep.basis.subjects.clone(),
            compared: None,
            until: keep.brief.then(|| now + BRIEF),
        }
    }

    fn size(&self, key: usize) -> usize {
        OVERHEAD + key + self.variants.iter().map(|variant| variant.bytes.len()).sum::<usize>()
    }

    fn holds(&mut self, directory: &impl Directory, now: Instant) -> bool {
        if self.until.is_some_and(|until| now >= until) {
            return false;
        }
        if self.compared == Some(now) {
            return true;
        }
        self.compared = Some(now);
        self.subjects.iter().all(|(subject, version)| directory.version(subject) == Some(*version))
    }

    /// The next reply. None where another order should be made.
    fn take_turn(&mut self, now: Instant) -> Option<&[u8]> {
        if self.variants.len() < self.wanted {
            return None;
        }
        self.next = (self.next + 1) % self.variants.len();
        let at = self.next;
        if self.wanted > 1 {
            let variant = self.variants.get_mut(at)?;
            if variant.turns == 0 && now.saturating_duration_since(variant.made) >= YOUNG {
                self.variants.swap_remove(at);
                return None;
            }
            variant.turns = variant.turns.saturating_sub(1);
        }
        self.variants.get(at).map(|variant| &*variant.bytes)
    }
}

/// Makes a reply to the same question one to `asked`: its ID, and its way to write the name.
fn patch(reply: &mut [u8], asked: &Asked<'_>) -> bool {
    let (Some(head), id) = (reply.first_chunk_mut::<2>(), asked.id.to_be_bytes()) else { return false };
    *head = id;
    let Some(name) = reply.get_mut(HEAD..HEAD + asked.name.len()) else { return false };
    name.copy_from_slice(&asked.name);
    true
}

#[cfg(test)]
mod tests;
