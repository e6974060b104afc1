//! The loop: an event says look, a new connection says look at all; then the difference is acted upon. Nothing is done
//! because of what an event says has happened.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
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
/// How far back the first events are asked for, in nanoseconds: a stop that began before us is known by its signal, and
/// some are given minutes. An engine remembers few events.
const BACK: i64 = 600_000_000_000;
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
        // Those that cannot be read are looked at beside all else: one that hangs holds no other up.
        let mut retries: BoxStream<'_, Result<(String, Seen), Lost>> = stream::empty().boxed();
        let (mut under_way, mut retried) = (false, None::<Instant>);
        loop {
            let pending = looks.take();
            let full = pending.all || Instant::now() >= whole;
            self.hear(&pending);
            self.known.doubt(&self.settings, Instant::now());
            let looked = if full {
                self.look_at_all(session).await?
            } else {
                self.look_at_readable(session, pending.containers).await?
            };
            self.known.take(looked, &self.settings, Instant::now());
            let unread = self.known.unread();
            if !under_way && !unread.is_empty() && retried.is_none_or(|at| at.elapsed() >= AUDIT) {
                retries = look_at(session, unread).boxed();
                (under_way, retried) = (true, Some(Instant::now()));
            }
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
                seen = retries.next(), if under_way => match seen.transpose()? {
                    Some((id, seen)) => {
                        // An event may have named it meanwhile.
                        if !matches!(seen, Seen::Unread(_)) {
                            looks.look(id.clone());
                        }
                        self.known.take(vec![(id, seen)], &self.settings, Instant::now());
                    }
                    None => under_way = false,
                },
            }
        }
    }

    /// What events said that no look shows.
    fn hear(&mut self, pending: &Pending) {
        for (id, said) in &pending.said {
            if said.settled {
                self.known.settled(id);
            }
            for (signal, at) in &said.signals {
                let ago = engine::now().saturating_sub(*at);
                let ago = Duration::from_nanos(u64::try_from(ago).unwrap_or_default());
                self.known.signalled(id, *signal, ago, Instant::now());
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
        seen.extend(self.look_at_readable(session, living.into_iter().map(|(id, _)| id)).await?);
        Ok(seen)
    }

    /// Looks at these, without those that could not be read.
    async fn look_at_readable(
        &self,
        session: &Session,
        ids: impl IntoIterator<Item = String>,
    ) -> Result<Vec<(String, Seen)>, Lost> {
        let unread = self.known.unread();
        let ids = ids.into_iter().filter(|id| !unread.contains(id)).collect();
        look_at(session, ids).try_collect().await
    }
}

fn look_at(session: &Session, ids: BTreeSet<String>) -> impl Stream<Item = Result<(String, Seen), Lost>> {
    let looking = ids.into_iter().map(async move |id| {
        let seen = session.look(&id).await?;
        Ok((id, seen))
    });
    stream::iter(looking).buffer_unordered(GLANCES)
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
