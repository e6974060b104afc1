//! The loop: an event says look, a new connection says look at all; then the difference is acted upon. Nothing is done
//! because of what an event says has happened.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::act::Books;
use crate::backoff::Backoff;
use crate::config::Config;
use crate::engine::{self, Engine, Lost, Session};
use crate::known::{Known, Seen};
use crate::looks::{Looks, Pending};
use crate::plan::{Deregister, Settings};
use crate::registrar::Registrar;

/// Most containers that are looked at at once.
const GLANCES: usize = 16;
/// How often the agent is asked what it has.
const AUDIT: Duration = Duration::from_secs(5);
/// How far back the first events are asked for: a stop that began before us is known by its signal.
const BACK: i64 = 90_000_000_000;
/// What was last said of an engine that is there.
const THERE: &str = "there";

/// One registrator at work.
pub(crate) struct Reconciler<R> {
    registrar: R,
    settings: Settings,
    resync: Duration,
    known: Known,
    books: Books,
}

impl<R: Registrar> Reconciler<R> {
    pub(crate) fn new(registrar: R, config: Config) -> Self {
        let Config { settings, resync } = config;
        let books = Books::new(&settings);
        Self { registrar, settings, resync, known: Known::default(), books }
    }

    /// Works until `token` ends it. An engine or an agent that is not there is waited for.
    pub(crate) async fn run(mut self, engine: &Engine, token: &CancellationToken) {
        let looks = Looks::default();
        let mut backoff = Backoff::default();
        let mut said = String::new();
        loop {
            let began = Instant::now();
            let ended = tokio::select! {
                () = token.cancelled() => return,
                ended = self.attend(engine, &looks, &mut said) => match ended {
                    Ok(never) => match never {},
                    Err(lost) => lost.to_string(),
                },
            };
            if began.elapsed() > AUDIT {
                backoff = Backoff::default();
            }
            // Once per change, not per attempt.
            if said != ended {
                tracing::warn!(engine = engine.address(), "the engine is not there: {ended}; trying again");
                said = ended;
            }
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(backoff.next()) => {}
            }
        }
    }

    /// One connection, to its end.
    async fn attend(
        &mut self,
        engine: &Engine,
        looks: &Looks,
        said: &mut String,
    ) -> Result<Infallible, Lost> {
        let session = engine.connect().await?;
        // The events begin before the list is made: what happens in between is in one of them.
        let since = looks.last().unwrap_or_else(|| engine::now().saturating_sub(BACK));
        let listening = listen(&session, since, looks);
        let working = self.work(&session, looks, said, engine.address());
        tokio::select! {
            ended = listening => ended,
            ended = working => ended,
        }
    }

    async fn work(
        &mut self,
        session: &Session,
        looks: &Looks,
        said: &mut String,
        address: &str,
    ) -> Result<Infallible, Lost> {
        let mut whole = Instant::now();
        loop {
            let pending = looks.take();
            let full = pending.all || Instant::now() >= whole;
            self.hear(&pending);
            self.known.doubt(&self.settings, Instant::now());
            let looked = if full {
                self.look_at_all(session).await?
            } else if pending.containers.is_empty() {
                self.look_at(session, self.known.unread()).await?
            } else {
                self.look_at(session, pending.containers.into_iter().collect()).await?
            };
            self.known.take(looked, &self.settings, Instant::now());
            if full {
                self.known.forget_refusals();
                self.books.ask_again();
                whole = Instant::now() + self.resync;
                if said != THERE {
                    tracing::info!(engine = address, "the engine is there");
                    THERE.clone_into(said);
                }
            }
            let again = self.books.settle(&self.registrar, &mut self.known, &mut self.settings, full).await;
            let next = whole.min(Instant::now() + again.unwrap_or(AUDIT));
            let next = self.known.next_doubt().map_or(next, |doubt| next.min(doubt));
            tokio::select! {
                () = looks.ring.notified() => {}
                () = sleep_until(next) => {}
            }
        }
    }

    /// What events said that no look shows.
    fn hear(&mut self, pending: &Pending) {
        for (id, said) in &pending.said {
            match said {
                Some((signal, at)) => {
                    let ago = engine::now().saturating_sub(*at);
                    let ago = Duration::from_nanos(u64::try_from(ago).unwrap_or_default());
                    self.known.signalled(id, *signal, ago, Instant::now());
                }
                None => self.known.settled(id),
            }
        }
    }

    /// Looks at every container that there is, and at every one that is known.
    async fn look_at_all(&self, session: &Session) -> Result<Vec<(String, Seen)>, Lost> {
        let listed = session.list().await?;
        let gone = self.known.ids().into_iter().filter(|id| !listed.contains_key(id));
        let mut seen: Vec<(String, Seen)> = gone.map(|id| (id, Seen::Gone)).collect();
        // What has ended is looked at where its exit code counts.
        let by_code = self.settings.deregister == Deregister::OnSuccess;
        let (ended, living): (Vec<_>, Vec<_>) = listed.into_iter().partition(|(_, ended)| *ended && !by_code);
        seen.extend(ended.into_iter().map(|(id, _)| (id, Seen::Gone)));
        seen.extend(self.look_at(session, living.into_iter().map(|(id, _)| id).collect()).await?);
        Ok(seen)
    }

    async fn look_at(&self, session: &Session, ids: Vec<String>) -> Result<Vec<(String, Seen)>, Lost> {
        let looking = ids.into_iter().map(|id| async move {
            let seen = session.look(&id).await?;
            Ok((id, seen))
        });
        stream::iter(looking).buffer_unordered(GLANCES).try_collect().await
    }
}

/// Writes down where to look, until the connection ends.
async fn listen(session: &Session, since: i64, looks: &Looks) -> Result<Infallible, Lost> {
    let mut events = std::pin::pin!(session.events(since));
    while let Some(event) = events.next().await {
        if let Some(event) = event? {
            looks.note(event);
        }
    }
    Err(Lost::ended())
}
