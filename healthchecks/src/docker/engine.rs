//! The way to the container engine: Docker, or Podman by its compatible socket. Shared by all runs. It holds no connection
//! open; an engine that was away is met anew by whoever asks next. It must never know what is asked.

use std::{collections::HashSet, error::Error as _, future::Future, path::Path, sync::Arc, time::Duration};

use bollard::{Docker, errors::Error};
use parking_lot::Mutex;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tokio_util::task::TaskTracker;

/// Where an engine is looked for when `DOCKER_HOST` names none.
const USUAL: [&str; 2] = ["/var/run/docker.sock", "/run/podman/podman.sock"];

/// Check containers that there may be at once: each takes memory of the host.
pub(crate) const MOST_CONTAINERS: usize = 32;

/// How long the end of all runs waits for what they left to be cleaned up.
const SETTLE: Duration = Duration::from_secs(10);

/// The engine; a cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// As `DOCKER_HOST` has it; empty means wherever one is.
    address: String,
    /// Whose containers are ours.
    owner: String,
    /// Another one each time that the owner begins.
    life: u64,
    met: Mutex<Option<Met>>,
    /// Names of containers that running checks own.
    current: Mutex<HashSet<String>>,
    places: Semaphore,
    cleaning: TaskTracker,
}

/// An engine that has answered.
#[derive(Debug)]
struct Met {
    docker: Docker,
    /// Nobody has looked yet for what was left there.
    fresh: bool,
}

/// Why the engine did not do as asked. The text goes into the check's output.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{message}")]
    Refused { status: u16, message: String },
    #[error("the container engine at {address} cannot be reached: {why}")]
    Unreachable { address: String, why: String },
    #[error("the container engine at {address} gave an answer that makes no sense: {why}")]
    Nonsense { address: String, why: String },
}

impl Failure {
    /// Whether the engine says that there is no such thing.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

impl Engine {
    /// The engine that `DOCKER_HOST` names (`unix://…`, `tcp://…`, with TLS as `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH`
    /// say), else the one with a socket at a usual place. What belongs to `owner` there is this agent's.
    pub(crate) fn new(owner: &str) -> Self {
        Self::at(&std::env::var("DOCKER_HOST").unwrap_or_default(), owner)
    }

    /// The engine at an address.
    pub(crate) fn at(address: &str, owner: &str) -> Self {
        let inner = Inner {
            address: address.to_owned(),
            owner: owner.to_owned(),
            life: rand::random(),
            met: Mutex::default(),
            current: Mutex::default(),
            places: Semaphore::new(MOST_CONTAINERS),
            cleaning: TaskTracker::new(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Where it is.
    fn address(&self) -> String {
        if !self.inner.address.is_empty() {
            return self.inner.address.clone();
        }
        let there = USUAL.into_iter().find(|path| Path::new(path).exists());
        format!("unix://{}", there.unwrap_or(USUAL[0]))
    }

    /// Whether this agent may have left something at an engine: it has a name there, and somebody said that there is an
    /// engine, or there seems to be one.
    pub(crate) fn is_expected(&self) -> bool {
        let named = !self.inner.address.is_empty();
        !self.inner.owner.is_empty() && (named || USUAL.into_iter().any(|path| Path::new(path).exists()))
    }

    /// Whose containers are ours.
    pub(crate) fn owner(&self) -> &str {
        &self.inner.owner
    }

    /// Which of the owner's lives this is.
    pub(crate) fn life(&self) -> u64 {
        self.inner.life
    }

    /// The engine, once it has answered.
    pub(crate) async fn meet(&self) -> Result<Docker, Failure> {
        if let Some(met) = &*self.inner.met.lock() {
            return Ok(met.docker.clone());
        }
        let docker = Docker::connect_with_host(&self.address()).map_err(|error| self.failure(error))?;
        // Newer engines refuse old forms of the API, and older ones new ones.
        let docker = docker.negotiate_version().await.map_err(|error| self.failure(error))?;
        *self.inner.met.lock() = Some(Met { docker: docker.clone(), fresh: true });
        Ok(docker)
    }

    /// The next one to ask meets the engine anew, and looks for what was left there.
    pub(crate) fn forget(&self) {
        *self.inner.met.lock() = None;
    }

    /// The search for what was left at the engine, for the first one who asks since it was met.
    pub(crate) fn search(&self) -> Option<Search<'_>> {
        let first = self.inner.met.lock().as_mut().is_some_and(|met| std::mem::take(&mut met.fresh));
        first.then_some(Search { engine: self, done: false })
    }

    /// Waits for the place of one more check container. None only if there will never be one.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.inner.places.acquire().await.ok()
    }

    /// A container of this name belongs to a running check now.
    pub(crate) fn own(&self, name: &str) {
        self.inner.current.lock().insert(name.to_owned());
    }

    /// No check owns it any more.
    pub(crate) fn disown(&self, name: &str) {
        self.inner.current.lock().remove(name);
    }

    /// Whether a running check owns it.
    pub(crate) fn owns(&self, name: &str) -> bool {
        self.inner.current.lock().contains(name)
    }

    /// Does what has to be done after a run that nobody waits for any more.
    pub(crate) fn clean(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.inner.cleaning.spawn_on(work, &runtime);
        }
    }

    /// Waits until everything is clean; there may be no run any more.
    pub(crate) async fn settle(&self) {
        self.inner.cleaning.close();
        if timeout(SETTLE, self.inner.cleaning.wait()).await.is_err() {
            tracing::warn!("the container engine does not answer: a check may have left something there");
        }
    }

    /// It ended a conversation, or never came to an end.
    pub(crate) fn no_answer(&self) -> Failure {
        self.forget();
        Failure::Unreachable { address: self.address(), why: "it gave no answer".to_owned() }
    }

    /// What an error means. One that is not the engine's own word lets it be met anew.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let address = self.address();
        let why = innermost(&error);
        let failure = match error {
            Error::DockerResponseServerError { status_code, message } => {
                let other = message.contains("client version");
                let refused = Failure::Refused { status: status_code, message };
                if other {
                    self.forget();
                }
                return refused;
            }
            Error::SocketNotFoundError(_) => Failure::Unreachable { address, why: "no such file".to_owned() },
            Error::JsonDataError { .. }
            | Error::JsonSerdeError { .. }
            | Error::APIVersionParseError { .. } => Failure::Nonsense { address, why },
            _ => Failure::Unreachable { address, why },
        };
        self.forget();
        failure
    }
}

/// A search for what was left at an engine. Who gives it up before its end, as a run does whose time is over, leaves it
/// to the next one who asks.
pub(crate) struct Search<'e> {
    engine: &'e Engine,
    done: bool,
}

impl Search<'_> {
    /// Everything was found.
    pub(crate) fn done(mut self) {
        self.done = true;
    }
}

impl Drop for Search<'_> {
    fn drop(&mut self) {
        if let Some(met) = self.engine.inner.met.lock().as_mut().filter(|_| !self.done) {
            met.fresh = true;
        }
    }
}

/// The error at the bottom of an error: the ones above only repeat that there was one.
fn innermost(error: &Error) -> String {
    let mut at: &dyn std::error::Error = error;
    while let Some(source) = at.source() {
        at = source;
    }
    let text = at.to_string();
    // The library's own layer hides its source and has it in its text.
    if error.source().is_some() { text } else { error.to_string() }
}

#[cfg(test)]
mod tests {
    use bollard::API_DEFAULT_VERSION;

    use super::*;

    #[test]
    fn a_search_that_was_given_up_is_made_again() {
        let engine = Engine::at("tcp://127.0.0.1:1", "us");
        assert!(engine.search().is_none(), "nobody was met");
        let docker = Docker::connect_with_http("tcp://127.0.0.1:1", 1, API_DEFAULT_VERSION).unwrap();
        *engine.inner.met.lock() = Some(Met { docker, fresh: true });
        let first = engine.search().unwrap();
        assert!(engine.search().is_none(), "one is enough");
        drop(first);
        engine.search().unwrap().done();
        assert!(engine.search().is_none(), "all was found");
    }
}
