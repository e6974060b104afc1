//! How a read is answered: the gate of its mode, the wait of a blocking query, and one rendered answer for all
//! who ask the same. An endpoint gives a [`Question`]; nothing here knows which endpoint it was.

mod aside;
mod blocking;
mod budget;
mod kept;
mod question;
mod rendered;
mod slot;
mod target;
mod waiting;

use std::sync::Arc;

use http::HeaderMap;
use muster_api::consistency::ReadMode;
use muster_api::{ApiError, Params, Reply, Wait};

use crate::consensus::{Consensus, ReadStamp};
use crate::hub::Hub;
use aside::Aside;
pub(crate) use blocking::{Again, Never};
use kept::Kept;
pub(crate) use question::Question;
use slot::Slot;
use waiting::Seats;

/// Answers reads.
pub(crate) struct Reader {
    consensus: Consensus,
    hub: Arc<Hub>,
    kept: Kept,
    seats: Seats,
    aside: Aside,
}

/// What a request asks besides its question.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// How fresh.
    pub(crate) mode: ReadMode,
    /// Since when, if it blocks.
    pub(crate) wait: Option<Wait>,
}

impl Asked {
    /// What the parameters say of mode and wait.
    ///
    /// # Errors
    /// Where they contradict each other or are none.
    pub(crate) fn new(params: &Params, datacenter: &str) -> Result<Self, ApiError> {
        Ok(Self { mode: params.mode(datacenter)?, wait: params.wait()? })
    }
}

impl Reader {
    /// Over this server's view; at most `waiters` queries block at once.
    pub(crate) fn new(consensus: Consensus, hub: Arc<Hub>, waiters: usize) -> Self {
        let (kept, seats) = (Kept::default(), Seats::new(waiters));
        Self { consensus, hub, kept, seats, aside: Aside::default() }
    }

    /// The answer to a target that was asked before in just these words, but for those that say how long it
    /// would wait; `None` where it must be looked at first.
    pub(crate) async fn again(
        &self,
        target: &str,
        datacenter: &str,
        headers: &HeaderMap,
    ) -> Option<Result<Reply, ApiError>> {
        if let Some(slot) = self.kept.find(target) {
            return Some(self.now(&slot, slot.mode, headers).await);
        }
        let words = target::without_waiting(target)?;
        let slot = self.kept.find(&words)?;
        let query = target.split_once('?').map_or("", |(_, query)| query);
        Some(match Params::parse(query).and_then(|params| Asked::new(&params, datacenter)) {
            Ok(asked) => self.reply(&slot, asked, headers).await,
            Err(refusal) => Err(refusal),
        })
    }

    /// The answer to `question`, which came in the words of `target`.
    pub(crate) async fn answer(
        &self,
        target: &str,
        question: Question,
        asked: Asked,
        headers: &HeaderMap,
    ) -> Result<Reply, ApiError> {
        // Words from which the mode was taken stand for a question in the default mode.
        let (words, own) = match target::without_waiting(target) {
            Some(words) => (words, ReadMode::Default),
            None => (target.to_owned(), asked.mode),
        };
        let slot = match self.kept.find(&words) {
            Some(slot) => slot,
            None => self.kept.keep(Slot::new(words, own, question)),
        };
        self.reply(&slot, asked, headers).await
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
        let seat = self.seats.take()?;
        blocking::wait_for_another(&self.hub, &slot.question, wait, again).await;
        drop(seat);
        self.now(&slot, mode, &none).await
    }

    async fn reply(&self, slot: &Arc<Slot>, asked: Asked, headers: &HeaderMap) -> Result<Reply, ApiError> {
        let Asked { mode, wait } = asked;
        let Some(wait) = wait else { return self.now(slot, mode, headers).await };
        self.consensus.gate(mode).await?;
        let seat = self.seats.take()?;
        blocking::wait_for(&self.hub, &slot.question, wait).await;
        drop(seat);
        // Much may have happened since: the stamp is of now, and a server that was cut off answers no more.
        let stamp = self.consensus.gate(mode).await?;
        self.stamped(slot, stamp, headers).await
    }

    async fn now(&self, slot: &Arc<Slot>, mode: ReadMode, headers: &HeaderMap) -> Result<Reply, ApiError> {
        let stamp = self.consensus.gate(mode).await?;
        self.stamped(slot, stamp, headers).await
    }

    async fn stamped(
        &self,
        slot: &Arc<Slot>,
        stamp: ReadStamp,
        headers: &HeaderMap,
    ) -> Result<Reply, ApiError> {
        let answer = self.kept.answer(slot, &self.hub.view(), &self.aside).await?;
        Ok(answer.reply(stamp, headers, &self.aside).await)
    }
}
