//! Rendered answers, kept for all who ask the same. An answer is good for as long as its index is, so nothing
//! has to be told when the state changes: it is compared when it is asked for. Looking takes no lock; of many
//! who find an old answer at once, one renders and the others take what it made.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use muster_api::consistency::ReadMode;
use muster_api::{ApiError, Reply};
use muster_registry::View;
use parking_lot::Mutex;

use super::Question;

/// So many places share a hash; each bucket is searched whole.
const WAYS: usize = 4;
const BUCKETS: usize = 1024;
/// Most bytes of bodies that are kept. When there are more, all are forgotten and made again on demand.
const BUDGET: usize = 64 << 20;
/// Smaller answers are not worth compressing.
const GZIP_FROM: usize = 1400;

/// The table. It holds at most `WAYS * BUCKETS` questions.
pub(super) struct Kept {
    places: Box<[ArcSwapOption<Slot>]>,
    hasher: RandomState,
    bytes: Arc<AtomicUsize>,
    next: AtomicUsize,
}

/// A question in the words in which it is asked, and its last answer.
pub(super) struct Slot {
    words: String,
    /// The mode that the words ask for.
    pub(super) mode: ReadMode,
    /// What is asked.
    pub(super) question: Question,
    current: ArcSwapOption<Answer>,
    rendering: Mutex<()>,
}

/// A rendered answer.
pub(super) struct Answer {
    /// The index it belongs to.
    pub(super) index: u64,
    head: Reply,
    zipped: OnceLock<Option<Bytes>>,
    weight: Arc<AtomicUsize>,
}

impl Default for Kept {
    fn default() -> Self {
        let places = (0..WAYS * BUCKETS).map(|_| ArcSwapOption::empty()).collect();
        Self { places, hasher: RandomState::new(), bytes: Arc::default(), next: AtomicUsize::new(0) }
    }
}

impl Kept {
    fn bucket(&self, words: &str) -> &[ArcSwapOption<Slot>] {
        let hash = usize::try_from(self.hasher.hash_one(words) % BUCKETS as u64).unwrap_or(0);
        &self.places[hash * WAYS..(hash + 1) * WAYS]
    }

    /// The question that is asked in these words, if it is kept.
    pub(super) fn find(&self, words: &str) -> Option<Arc<Slot>> {
        let found = |place: &ArcSwapOption<Slot>| {
            let slot = place.load();
            slot.as_ref().filter(|slot| slot.words == words).cloned()
        };
        self.bucket(words).iter().find_map(found)
    }

    /// Keeps a question, if need be in the place of another.
    pub(super) fn keep(&self, slot: Slot) -> Arc<Slot> {
        let slot = Arc::new(slot);
        let bucket = self.bucket(&slot.words);
        let free = bucket.iter().find(|place| place.load().is_none());
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % WAYS;
        if let Some(place) = free.or_else(|| bucket.get(turn)) {
            place.store(Some(slot.clone()));
        }
        slot
    }

    /// The answer at `view`: the kept one where its index is still right, a new one otherwise.
    pub(super) fn answer(&self, slot: &Slot, view: &View) -> Result<Arc<Answer>, ApiError> {
        let index = slot.question.index(view);
        let good = || slot.current.load().as_ref().filter(|answer| answer.index == index).cloned();
        if let Some(answer) = good() {
            return Ok(answer);
        }
        let _one = slot.rendering.lock();
        if let Some(answer) = good() {
            return Ok(answer);
        }
        let head = slot.question.render(view)?;
        let weight = self.bytes.clone();
        if weight.fetch_add(head.body().len(), Ordering::Relaxed) > BUDGET {
            self.places.iter().for_each(|place| place.store(None));
        }
        let answer = Arc::new(Answer { index, head, zipped: OnceLock::new(), weight });
        slot.current.store(Some(answer.clone()));
        Ok(answer)
    }
}

impl Slot {
    pub(super) fn new(words: String, mode: ReadMode, question: Question) -> Self {
        Self { words, mode, question, current: ArcSwapOption::empty(), rendering: Mutex::new(()) }
    }
}

impl Answer {
    /// The answer for a client with these headers; its bytes are shared.
    pub(super) fn reply(&self, headers: &HeaderMap) -> Reply {
        let mut reply = Reply::new(self.head.body().clone());
        *reply.status_mut() = self.head.status();
        *reply.headers_mut() = self.head.headers().clone();
        if takes_gzip(headers)
            && let Some(zipped) = self.zipped()
        {
            *reply.body_mut() = zipped;
            reply.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        reply
    }

    /// Compressed once for all; `None` where it is too small or does not get smaller.
    fn zipped(&self) -> Option<Bytes> {
        let zip = || {
            let body = self.head.body();
            if body.len() < GZIP_FROM {
                return None;
            }
            let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
            encoder.write_all(body).ok()?;
            let bytes = encoder.finish().ok()?;
            self.weight.fetch_add(bytes.len(), Ordering::Relaxed);
            Some(Bytes::from(bytes))
        };
        self.zipped.get_or_init(zip).clone()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let zipped = self.zipped.get().and_then(Option::as_ref).map_or(0, Bytes::len);
        self.weight.fetch_sub(self.head.body().len() + zipped, Ordering::Relaxed);
    }
}

/// Whether the client takes gzip: named, and not with a weight of 0.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let Some(accepted) = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused =
            weight.trim().strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use muster_api::answer;
    use muster_registry::command::{Command, KvCommand};
    use muster_registry::kv::query::Get;
    use muster_registry::{Name, Registry};

    use super::*;

    /// A question about the key `k`, and how often it was rendered.
    fn slot(words: &str, body: &'static str) -> (Slot, Arc<AtomicUsize>) {
        let rendered = Arc::new(AtomicUsize::new(0));
        let counter = rendered.clone();
        let question = Question::new(Get { key: Name::new("k") }, move |_, _| {
            counter.fetch_add(1, Ordering::Relaxed);
            answer::json(&body, false)
        });
        (Slot::new(words.into(), ReadMode::Default, question), rendered)
    }

    fn set(registry: &mut Registry, index: u64, key: &str) {
        let value: Arc<[u8]> = index.to_string().as_bytes().into();
        let command = KvCommand::Set { key: Name::new(key), value, flags: 0, cas: None };
        registry.apply(index, &Command::Kv(command));
    }

    #[test]
    fn a_herd_costs_one_rendering_and_a_change_elsewhere_costs_none() {
        let (kept, mut registry) = (Kept::default(), Registry::new());
        let (slot, rendered) = slot("/k", "hello");
        let slot = kept.keep(slot);
        for (index, key, times) in [(1, "k", 1), (2, "other", 1), (3, "k", 2)] {
            set(&mut registry, index, key);
            let view = registry.view().clone();
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| (0..200).for_each(|_| drop(kept.answer(&slot, &view).unwrap())));
                }
            });
            assert_eq!(rendered.load(Ordering::Relaxed), times, "after a change of {key}");
        }
    }

    #[test]
    fn words_are_found_again_and_never_taken_for_others() {
        let kept = Kept::default();
        let many = WAYS * BUCKETS * 2;
        for at in 0..many {
            kept.keep(slot(&format!("/{at}"), "").0);
        }
        let found = (0..many).filter_map(|at| {
            let words = format!("/{at}");
            kept.find(&words).inspect(|slot| assert_eq!(slot.words, words))
        });
        let found = found.count();
        assert!(found > many / 4 && found <= WAYS * BUCKETS, "{found}");
    }

    #[test]
    fn what_is_forgotten_is_no_longer_counted() {
        let (kept, registry) = (Kept::default(), Registry::new());
        let slot = kept.keep(slot("/k", "hello").0);
        let answer = kept.answer(&slot, registry.view()).unwrap();
        assert_eq!(kept.bytes.load(Ordering::Relaxed), answer.head.body().len());
        kept.places.iter().for_each(|place| place.store(None));
        drop((slot, answer));
        assert_eq!(kept.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn who_takes_gzip_gets_the_same_in_fewer_bytes() {
        let long: &'static str = "a".repeat(5000).leak();
        let (kept, registry) = (Kept::default(), Registry::new());
        let answer = kept.answer(&slot("/k", long).0, registry.view()).unwrap();
        let asked = |coding: &'static str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(coding))]);
            answer.reply(&headers)
        };
        let zipped = asked("br, gzip");
        assert_eq!(zipped.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(zipped.body().len() < 500);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&zipped.body()[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text.as_bytes(), answer.head.body());
        for coding in ["identity", "gzip;q=0"] {
            assert!(!asked(coding).headers().contains_key(header::CONTENT_ENCODING));
        }
    }
}
