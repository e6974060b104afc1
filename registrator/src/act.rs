//! What an agent has, as far as is known, and what is done so that it has what it shall have.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::diff::{Action, Held, Owned, Wanted, diff};
use crate::instance::Instance;
use crate::known::Known;
use crate::plan::Settings;
use crate::registrar::{self, CallFailed, Registrar};

/// Most requests that are under way at once.
const ACTIONS: usize = 32;
/// Attempts in one go: an instance whose checks are refused is registered without them in the next.
const ROUNDS: usize = 3;
/// What is known of an agent is not believed for longer.
const FRESH: Duration = Duration::from_secs(4);

/// What is known of the agent.
#[derive(Default)]
pub(crate) struct Books {
    /// What it has of ours, and when it said so; nothing where it has to be asked.
    owned: Option<(Owned, Instant)>,
    /// What was last said of each container's state: an agent may show it shortened.
    said: BTreeMap<String, String>,
    /// The waits after failures.
    backoff: Backoff,
    /// Everything has to be said again, as soon as somebody hears it.
    renew: bool,
    /// Its address is known from elsewhere, or was asked for since everything was looked at last.
    placed: bool,
    /// Its address is known from elsewhere.
    given: bool,
    /// The last trouble, so that it is said once.
    trouble: String,
}

impl Books {
    /// Of an agent whose address is in the settings, or else is asked for.
    pub(crate) fn new(settings: &Settings) -> Self {
        let given = !settings.node_address.is_empty();
        Self { given, placed: given, ..Self::default() }
    }

    /// What is known is not believed any more.
    pub(crate) fn ask_again(&mut self) {
        self.owned = None;
        self.placed = self.given;
    }

    /// Acts until the agent has what it shall have; how long to wait before the next attempt if it has not. With `renew`
    /// all conditions are said again.
    pub(crate) async fn settle<R: Registrar>(
        &mut self,
        registrar: &R,
        known: &mut Known,
        settings: &mut Settings,
        renew: bool,
    ) -> Option<Duration> {
        self.renew |= renew;
        match self.attempt(registrar, known, settings).await {
            Ok(()) => {
                if !self.trouble.is_empty() {
                    tracing::info!("the agent takes what is said again");
                }
                self.trouble.clear();
                self.backoff = Backoff::default();
                None
            }
            Err(error) => {
                self.owned = None;
                let error = error.to_string();
                if self.trouble != error {
                    tracing::warn!("{error}; trying again");
                    self.trouble = error;
                }
                Some(self.backoff.next())
            }
        }
    }

    async fn attempt<R: Registrar>(
        &mut self,
        registrar: &R,
        known: &mut Known,
        settings: &mut Settings,
    ) -> Result<(), CallFailed> {
        if !std::mem::replace(&mut self.placed, true) {
            self.place(registrar, known, settings).await?;
        }
        for _ in 0..ROUNDS {
            let owned = match self.owned.take() {
                Some((owned, at)) if at.elapsed() < FRESH => (owned, at),
                _ => {
                    let mut owned = ask(registrar, known, settings).await?;
                    self.said.retain(|id, _| owned.contains_key(id));
                    for (id, held) in &mut owned {
                        if let Some(output) = self.said.get(id) {
                            held.output.clone_from(output);
                        }
                    }
                    (owned, Instant::now())
                }
            };
            let (owned, _) = self.owned.insert(owned);
            let wanted = known.wanted();
            let actions = diff(&wanted, owned, self.renew);
            if actions.is_empty() {
                self.renew = false;
                return Ok(());
            }
            // What is new is there before what is old goes.
            let (last, first): (Vec<_>, Vec<_>) =
                actions.into_iter().partition(|action| matches!(action, Action::Deregister(_)));
            let first = act(registrar, known, &wanted, owned, first).await;
            self.said.extend(owned.iter().map(|(id, held)| (id.clone(), held.output.clone())));
            // What an agent refuses of one container holds nothing back of the others.
            if !matches!(first, Ok(()) | Err(CallFailed::Refused(..))) {
                return first;
            }
            let last = act(registrar, known, &wanted, owned, last).await;
            self.renew = false;
            first.and(last)?;
        }
        Ok(())
    }

    /// Asks the agent for its address, which may be another one. Where it does not say, it is what it was.
    async fn place<R: Registrar>(
        &mut self,
        registrar: &R,
        known: &mut Known,
        settings: &mut Settings,
    ) -> Result<(), CallFailed> {
        match registrar::node_address(registrar).await {
            Ok(address) if settings.node_address != address => {
                settings.node_address = address;
                known.plan_all(settings, Instant::now());
                Ok(())
            }
            Err(error) if settings.node_address.is_empty() => {
                self.placed = false;
                Err(error)
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// Asks the agent what it has of ours, with what the well-known registrator left behind where that shall go.
async fn ask<R: Registrar>(registrar: &R, known: &Known, settings: &Settings) -> Result<Owned, CallFailed> {
    let mut owned = registrar::owned(registrar, &settings.owner).await?;
    if settings.cleanup {
        let names = known.names();
        let left = registrar::left_behind(registrar, &settings.owner, |name| names.contains(name)).await?;
        let nobody =
            Held { hash: String::new(), container: String::new(), status: None, output: String::new() };
        owned.extend(left.into_iter().map(|id| (id, nobody.clone())));
    }
    Ok(owned)
}

/// Does all of it, whatever becomes of some, and takes note of what was done; then says what failed first.
async fn act<R: Registrar>(
    registrar: &R,
    known: &mut Known,
    wanted: &Wanted,
    owned: &mut Owned,
    actions: Vec<Action>,
) -> Result<(), CallFailed> {
    let doing = actions.into_iter().map(|action| async move {
        let done = match &action {
            Action::Register(id) => match wanted.instances.get(id) {
                Some(instance) => registrar::register(registrar, instance).await,
                None => Ok(()),
            },
            Action::Report(id, condition) => registrar::report(registrar, id, condition).await,
            Action::Deregister(id) => registrar::deregister(registrar, id).await,
        };
        (action, done)
    });
    let mut failed = None;
    // In their order: of the same failures the same one is said.
    let mut doing = std::pin::pin!(stream::iter(doing).buffered(ACTIONS));
    while let Some((action, done)) = doing.next().await {
        match done {
            Ok(()) => enter(known, wanted, owned, action),
            Err(error) => match (checked(&action, wanted), error) {
                (Some(instance), CallFailed::Refused(_, words)) => known.refused(instance, words),
                (_, CallFailed::Refused(status, words)) => {
                    let whose = container(&action, wanted, owned);
                    let words = format!("{words} ({}, container {})", action.id(), known.name(&whose));
                    failed.get_or_insert(CallFailed::Refused(status, words));
                }
                (_, error) => {
                    failed.get_or_insert(error);
                }
            },
        }
    }
    failed.map_or(Ok(()), Err)
}

/// The container that an action is about, by its ID as far as it is known.
fn container(action: &Action, wanted: &Wanted, owned: &Owned) -> String {
    let wanted = wanted.instances.get(action.id()).map(|instance| instance.origin.container.clone());
    wanted.or_else(|| Some(owned.get(action.id())?.container.clone())).unwrap_or_default()
}

/// The instance that should be registered, if labels ask for a check of it: without one it may be taken.
fn checked<'w>(action: &Action, wanted: &'w Wanted) -> Option<&'w Instance> {
    let Action::Register(id) = action else { return None };
    wanted.instances.get(id).filter(|instance| instance.definition.checks.is_some())
}

/// Takes note of what was done.
fn enter(known: &Known, wanted: &Wanted, owned: &mut Owned, action: Action) {
    match action {
        Action::Register(id) => {
            let Some(instance) = wanted.instances.get(&id) else { return };
            let (address, port) = (&instance.definition.address, instance.definition.port);
            tracing::info!(container = %known.name(&instance.origin.container), %id, "registered at {address}:{port}");
            // An instance that was there may keep the status of its checks: that is said in the next round.
            let status = (!owned.contains_key(&id)).then_some(instance.condition.status);
            let container = crate::container::short(&instance.origin.container).to_owned();
            let (hash, output) = (instance.hash.clone(), String::new());
            owned.insert(id, Held { hash, container, status, output });
        }
        Action::Report(id, condition) => {
            let Some(held) = owned.get_mut(&id) else { return };
            if held.status != Some(condition.status) {
                tracing::info!(%id, status = condition.status.as_str(), "{}", condition.output);
            }
            held.status = Some(condition.status);
            held.output = condition.output;
        }
        Action::Deregister(id) => {
            tracing::info!(%id, "deregistered");
            owned.remove(&id);
        }
    }
}
