//! How a read is answered: the gate of its mode, the wait of a blocking query, and one rendered answer for all
//! who ask the same. An endpoint gives a [`Question`]; nothing here knows which endpoint it was.

mod blocking;
mod kept;
mod question;
mod target;
mod waiting;

use std::sync::Arc;

use http::HeaderMap;
use muster_api::consistency::ReadMode;
use muster_api::{ApiError, Meta, Params, Reply, Wait, answer};
use muster_registry::View;

use crate::consensus::{Consensus, ReadStamp};
use crate::hub::Hub;
pub(crate) use blocking::{Again, Never};
use kept::{Answer, Kept, Slot};
pub(crate) use question::Question;
use waiting::Seats;

/// Answers reads.
pub(crate) struct Reader {
    consensus: Consensus,
    hub: Arc<Hub>,
    kept: Kept,
    seats: Seats,
}

/// What a request asks besides its question.
pub(crate) struct Asked {
    /// What is asked.
    pub(crate) question: Question,
    /// How fresh.
    pub(crate) mode: ReadMode,
    /// Since when, if it blocks.
    pub(crate) wait: Option<Wait>,
}

impl Asked {
    /// `question` with what the parameters say of mode and wait.
    ///
    /// # Errors
    /// Where they contradict each other or are none.
    pub(crate) fn new(question: Question, params: &Params, datacenter: &str) -> Result<Self, ApiError> {
        Ok(Self { question, mode: params.mode(datacenter)?, wait: params.wait()? })
    }
}

impl Reader {
    /// Over this server's view; at most `waiters` queries block at once.
    pub(crate) fn new(consensus: Consensus, hub: Arc<Hub>, waiters: usize) -> Self {
        Self { consensus, hub, kept: Kept::default(), seats: Seats::new(waiters) }
    }

    /// The answer to a target that was asked before in just these words and does not block; `None` where it
    /// must be looked at first.
    pub(crate) async fn again(&self, target: &str, headers: &HeaderMap) -> Option<Result<Reply, ApiError>> {
        let slot = self.kept.find(target)?;
        Some(self.now(&slot, slot.mode, headers).await)
    }

    /// The answer to `asked`, which came in the words of `target`.
    pub(crate) async fn answer(
        &self,
        target: &str,
        asked: Asked,
        headers: &HeaderMap,
    ) -> Result<Reply, ApiError> {
        let Asked { question, mode, wait } = asked;
        let words = target::without_waiting(target);
        // Words from which the mode was taken stand for a question in the default mode.
        let own = if words == target { mode } else { ReadMode::Default };
        let slot = match self.kept.find(&words) {
            Some(slot) => slot,
            None => self.kept.keep(Slot::new(words.into_owned(), own, question)),
        };
        let Some(wait) = wait else { return self.now(&slot, mode, headers).await };
        let stamp = self.consensus.gate(mode).await?;
        let _seat = self.seats.take()?;
        let view = blocking::wait_for(&self.hub, &slot.question, wait).await;
        self.reply(&slot, &view, stamp, headers)
    }

    /// The answer to a question of agents, which is asked in `words`, from this server's view as it is. Who waits has
    /// an index that is a version: any other one ends the wait, and so does `again`, as often as it rings, where the
    /// question's topics do not tell everything.
    pub(crate) async fn another(
        &self,
        words: &str,
        question: Question,
        wait: Option<Wait>,
        again: impl Again,
    ) -> Result<Reply, ApiError> {
        let mode = ReadMode::Stale { max_stale: None };
        let slot = match self.kept.find(words) {
            Some(slot) => slot,
            None => self.kept.keep(Slot::new(words.to_owned(), mode, question)),
        };
        let none = HeaderMap::new();
        let Some(wait) = wait else { return self.now(&slot, mode, &none).await };
        let _seat = self.seats.take()?;
        let view = blocking::wait_for_another(&self.hub, &slot.question, wait, again).await;
        let stamp = self.consensus.gate(mode).await?;
        self.reply(&slot, &view, stamp, &none)
    }

    async fn now(&self, slot: &Slot, mode: ReadMode, headers: &HeaderMap) -> Result<Reply, ApiError> {
        let stamp = self.consensus.gate(mode).await?;
        self.reply(slot, &self.hub.view(), stamp, headers)
    }

    fn reply(
        &self,
        slot: &Slot,
        view: &View,
        stamp: ReadStamp,
        headers: &HeaderMap,
    ) -> Result<Reply, ApiError> {
        let answer: Arc<Answer> = self.kept.answer(slot, view)?;
        let meta =
            Meta { index: answer.index, known_leader: stamp.known_leader, last_contact: stamp.last_contact };
        Ok(answer::with_meta(answer.reply(headers), meta))
    }
}
