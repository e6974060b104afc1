//! What is shared, what is kept, and that it stays within its budget.

use muster_api::answer;
use muster_api::consistency::ReadMode;
use muster_registry::command::{Command, KvCommand};
use muster_registry::kv::query::Get;
use muster_registry::{Name, Registry};

use super::super::Question;
use super::*;
use crate::consensus::ReadStamp;

/// A question about the key `k` that is answered with so many bytes, and how often it was rendered.
fn slot(words: &str, bytes: usize) -> (Slot, Arc<AtomicUsize>) {
    let rendered = Arc::new(AtomicUsize::new(0));
    let counter = rendered.clone();
    let question = Question::new(Get { key: Name::new("k") }, move |_, _| {
        counter.fetch_add(1, Ordering::Relaxed);
        answer::json(&"a".repeat(bytes), false)
    });
    (Slot::new(words.into(), ReadMode::Default, question), rendered)
}

fn set(registry: &mut Registry, index: u64, key: &str) {
    let value: Arc<[u8]> = index.to_string().as_bytes().into();
    let command = KvCommand::Set { key: Name::new(key), value, flags: 0, cas: None };
    registry.apply(index, &Command::Kv(command));
}

/// So many ask at once.
async fn herd(kept: &Arc<Kept>, slot: &Arc<Slot>, registry: &Registry, many: usize) {
    let (aside, view) = (Arc::new(Aside::default()), Arc::new(registry.view().clone()));
    let asking = (0..many).map(|_| {
        let (kept, slot, view, aside) = (kept.clone(), slot.clone(), view.clone(), aside.clone());
        tokio::spawn(async move { kept.answer(&slot, &view, &aside).await.unwrap().index })
    });
    for asked in asking.collect::<Vec<_>>() {
        assert_eq!(asked.await.unwrap(), slot.question.index(&view));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_herd_costs_one_rendering_and_a_change_elsewhere_costs_none() {
    for bytes in [5, super::super::aside::LARGE * 2] {
        let (kept, mut registry) = (Arc::new(Kept::default()), Registry::new());
        let (slot, rendered) = slot("/k", bytes);
        let slot = kept.keep(slot);
        for (index, key, times) in [(1, "k", 1), (2, "other", 1), (3, "k", 2)] {
            set(&mut registry, index, key);
            herd(&kept, &slot, &registry, 200).await;
            assert_eq!(rendered.load(Ordering::Relaxed), times, "after a change of {key}");
        }
    }
}

#[tokio::test]
async fn who_waits_for_an_answer_too_large_to_keep_shares_it() {
    let (kept, mut registry) = (Arc::new(Kept::default()), Registry::new());
    set(&mut registry, 1, "k");
    let (slot, rendered) = slot("/k", SHARE);
    let slot = kept.keep(slot);
    let words = kept.budget.held();
    // The first is not known to be large; from the second on it is made aside, for all who wait.
    herd(&kept, &slot, &registry, 1).await;
    herd(&kept, &slot, &registry, 50).await;
    assert_eq!(rendered.load(Ordering::Relaxed), 2);
    assert_eq!(kept.budget.held(), words);
    assert!(kept.find("/k").is_some());
}

#[tokio::test]
async fn an_answer_that_is_not_kept_is_there_while_it_is_on_its_way() {
    let (kept, mut registry) = (Arc::new(Kept::default()), Registry::new());
    set(&mut registry, 1, "k");
    let (slot, rendered) = slot("/k", SHARE);
    let (slot, aside) = (kept.keep(slot), Aside::default());
    let view = Arc::new(registry.view().clone());
    let led = ReadStamp { known_leader: true, last_contact: std::time::Duration::ZERO };
    let ask = async || {
        let answer = kept.answer(&slot, &view, &aside).await.unwrap();
        answer.reply(led, &http::HeaderMap::new(), &aside).await
    };
    let first = ask().await;
    assert_eq!(first.body(), ask().await.body());
    assert_eq!(rendered.load(Ordering::Relaxed), 1);
    drop(first);
    ask().await;
    assert_eq!(rendered.load(Ordering::Relaxed), 2);
}

#[test]
fn words_are_found_again_and_never_taken_for_others() {
    let kept = Kept::default();
    let many = WAYS * BUCKETS * 2;
    for at in 0..many {
        kept.keep(slot(&format!("/{at}"), 0).0);
    }
    let found = (0..many).filter_map(|at| {
        let words = format!("/{at}");
        kept.find(&words).inspect(|slot| assert_eq!(slot.words, words))
    });
    let found = found.count();
    assert!(found > many / 4 && found <= WAYS * BUCKETS, "{found}");
}

#[test]
fn long_words_and_heavy_questions_are_not_kept() {
    let kept = Kept::default();
    let long = format!("/v1/kv/a?{}", "a&".repeat(LONGEST));
    kept.keep(slot(&long, 0).0);
    let heavy = slot("/heavy", 0).0;
    kept.keep(Slot::new("/heavy".into(), ReadMode::Default, heavy.question.weighing(SHARE)));
    assert!(kept.find(&long).is_none() && kept.find("/heavy").is_none());
    assert_eq!(kept.budget.held(), 0);
}

#[tokio::test]
async fn one_after_another_is_forgotten_when_the_budget_is_spent() {
    let (kept, mut registry) = (Arc::new(Kept::default()), Registry::new());
    set(&mut registry, 1, "k");
    let (each, many) = (BUDGET / 32, 100);
    for at in 0..many {
        let slot = kept.keep(slot(&format!("/{at}"), each).0);
        herd(&kept, &slot, &registry, 1).await;
        assert!(kept.budget.held() <= BUDGET, "{}", kept.budget.held());
    }
    let left = (0..many).filter(|at| kept.find(&format!("/{at}")).is_some()).count();
    assert!((16..=32).contains(&left), "{left} are left");
}

#[tokio::test]
async fn what_is_forgotten_is_no_longer_counted_though_somebody_holds_it() {
    let (kept, registry) = (Arc::new(Kept::default()), Registry::new());
    let held = kept.keep(slot("/k", 5000).0);
    herd(&kept, &held, &registry, 1).await;
    assert!(kept.budget.held() > 5000);
    kept.places.iter().filter_map(|place| place.swap(None)).for_each(|slot| slot.leave());
    assert_eq!(kept.budget.held(), 0);
    // It still answers, and keeps nothing of it.
    herd(&kept, &held, &registry, 1).await;
    assert_eq!(kept.budget.held(), 0);
}
