//! A question in the words in which it is asked, with its last answer. Of many who find an old answer at once one
//! makes the new one and the others wait for it, without holding a thread; what it made is theirs even where it is
//! too large to be kept.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use muster_api::consistency::ReadMode;
use muster_api::{ApiError, Reply};
use muster_registry::View;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::Question;
use super::aside::{Aside, LARGE};
use super::budget::{Budget, Charge};
use super::rendered::Answer;

/// What a question takes besides its words.
const AROUND: usize = 2 << 10;
/// Its words stand in it several times over: as they came, as parameters, as names to look for.
const COPIES: usize = 4;
/// What a parameter takes besides its words.
const A_PARAMETER: usize = 96;

/// A question and its last answer.
pub(super) struct Slot {
    pub(super) words: String,
    /// The mode that the words ask for.
    pub(super) mode: ReadMode,
    /// What is asked.
    pub(super) question: Question,
    current: ArcSwapOption<Answer>,
    /// An answer that is not kept, for as long as somebody is given it: so many clients at once hold it once.
    flying: Mutex<Weak<Answer>>,
    /// Bytes of the last answer, kept or not; 0 before there was one.
    last: AtomicUsize,
    /// The making of an answer that goes on now, for as long as somebody waits for it.
    round: Mutex<Weak<Round>>,
    /// What it is charged with while it is in the table.
    place: Mutex<Option<Charge>>,
}

struct Round {
    index: u64,
    answer: OnceCell<Arc<Answer>>,
}

impl Slot {
    pub(super) fn new(words: String, mode: ReadMode, question: Question) -> Self {
        Self {
            words,
            mode,
            question,
            current: ArcSwapOption::empty(),
            flying: Mutex::default(),
            last: AtomicUsize::new(0),
            round: Mutex::default(),
            place: Mutex::default(),
        }
    }

    /// What it takes without its answer.
    pub(super) fn weight(&self) -> usize {
        let parameters = self.words.bytes().filter(|byte| *byte == b'&').count();
        AROUND + COPIES * self.words.len() + A_PARAMETER * parameters + self.question.weight()
    }

    /// It comes into the table.
    pub(super) fn enter(&self, budget: &Budget) {
        *self.place.lock() = Some(budget.charge(self.weight()));
    }

    /// It has gone from the table: who holds it still may go on asking, but it keeps nothing.
    pub(super) fn leave(&self) {
        let mut place = self.place.lock();
        *place = None;
        self.current.store(None);
    }

    /// The answer at `view`: the kept one where its index is still right, a new one otherwise. One of more than
    /// `most` bytes is not kept.
    pub(super) async fn answer(
        self: &Arc<Self>,
        view: &Arc<View>,
        most: usize,
        aside: &Aside,
    ) -> Result<Arc<Answer>, ApiError> {
        let index = self.question.index(view);
        if let Some(answer) = self.good(index) {
            return Ok(answer);
        }
        let round = self.round(index);
        let make = || async {
            if let Some(answer) = self.good(index).or_else(|| self.flying(index)) {
                return Ok(answer);
            }
            let rendered = self.render(view, aside).await?;
            self.last.store(rendered.body().len().max(1), Ordering::Relaxed);
            Ok(self.offer(index, rendered, most))
        };
        round.answer.get_or_try_init(make).await.cloned()
    }

    fn good(&self, index: u64) -> Option<Arc<Answer>> {
        self.current.load().as_ref().filter(|answer| answer.index == index).cloned()
    }

    fn flying(&self, index: u64) -> Option<Arc<Answer>> {
        self.flying.lock().upgrade().filter(|answer| answer.index == index)
    }

    fn round(&self, index: u64) -> Arc<Round> {
        let mut held = self.round.lock();
        if let Some(round) = held.upgrade().filter(|round| round.index == index) {
            return round;
        }
        let round = Arc::new(Round { index, answer: OnceCell::new() });
        *held = Arc::downgrade(&round);
        round
    }

    /// Small ones at once, large ones aside. The last answer says how large this one will be.
    async fn render(self: &Arc<Self>, view: &Arc<View>, aside: &Aside) -> Result<Reply, ApiError> {
        let expected = match self.last.load(Ordering::Relaxed) {
            0 => self.question.size(view),
            last => last,
        };
        if expected <= LARGE {
            return self.question.render(view);
        }
        let (slot, view) = (self.clone(), view.clone());
        aside.run(move || slot.question.render(&view)).await?
    }

    /// Keeps the answer, if the question has its place still and the answer is not too large.
    fn offer(&self, index: u64, rendered: Reply, most: usize) -> Arc<Answer> {
        let weight = Answer::weight(rendered.body());
        let place = self.place.lock();
        let charge = place.as_ref().filter(|_| weight <= most).map(|place| place.more(weight));
        let keep = charge.is_some();
        let answer = Answer::new(index, rendered, charge);
        self.current.store(keep.then(|| answer.clone()));
        if !keep {
            *self.flying.lock() = Arc::downgrade(&answer);
        }
        answer
    }
}
