//! Taking up configuration files again: what they define now replaces what they defined before. What came by HTTP
//! is left alone. It reads no file.

use std::collections::BTreeSet;

use muster_api::ApiError;
use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::upstream::Upstream;
use crate::{Agent, definition, registration};

/// Somebody asked for a reload and waits for the word.
pub type ReloadAsked = oneshot::Sender<Result<(), String>>;

/// The way from `/v1/agent/reload` to whoever reads the files.
pub(crate) struct Door {
    send: mpsc::Sender<ReloadAsked>,
    /// Until somebody takes it.
    receive: Mutex<Option<mpsc::Receiver<ReloadAsked>>>,
}

impl Default for Door {
    fn default() -> Self {
        let (send, receive) = mpsc::channel(1);
        Self { send, receive: Mutex::new(Some(receive)) }
    }
}

impl Door {
    pub(crate) async fn ask(&self) -> Result<(), String> {
        const NOBODY: &str = "this agent has no configuration files that could be read again";
        if self.receive.lock().is_some() {
            return Err(NOBODY.into());
        }
        let (answer, answered) = oneshot::channel();
        self.send.send(answer).await.map_err(|_| NOBODY.to_owned())?;
        answered.await.unwrap_or_else(|_| Err("the agent is stopping".into()))
    }
}

impl<U: Upstream> Agent<U> {
    /// The requests for a reload. Who takes them has to answer them; a second taker gets none.
    pub fn take_reloads(&self) -> mpsc::Receiver<ReloadAsked> {
        self.shared.reloads.receive.lock().take().unwrap_or_else(|| mpsc::channel(1).1)
    }

    /// Puts what the files define now in place of what they defined before.
    ///
    /// # Errors
    /// Where a definition makes no sense; then what stood before it is in place, and nothing was taken away.
    pub async fn reconfigure(
        &self,
        services: Vec<ServiceDefinition>,
        checks: Vec<CheckDefinition>,
    ) -> Result<(), ApiError> {
        let (kept_services, kept_checks) = named(&services, &checks)?;
        self.configure(services, checks).await?;
        let (old_services, old_checks) = {
            let local = self.shared.local.lock();
            let services =
                local.services().filter(|held| held.from_file).map(|held| held.definition.id.clone());
            let checks = local.checks().filter(|held| held.from_file).map(|held| held.definition.id.clone());
            (services.collect::<Vec<_>>(), checks.collect::<Vec<_>>())
        };
        for id in old_services.iter().filter(|id| !kept_services.contains(*id)) {
            registration::remove_service(&self.shared, id).await?;
        }
        for id in old_checks.iter().filter(|id| !kept_checks.contains(*id)) {
            registration::remove_check(&self.shared, id).await?;
        }
        Ok(())
    }
}

/// The IDs of all services and checks in a set of definitions.
fn named(
    services: &[ServiceDefinition],
    checks: &[CheckDefinition],
) -> Result<(BTreeSet<String>, BTreeSet<String>), ApiError> {
    let (mut of_services, mut of_checks) = (BTreeSet::new(), BTreeSet::new());
    for service in services {
        let mut service = definition::service(service.clone())?;
        let mut own = service.take_checks();
        own.retain(|check| *check != CheckDefinition::default());
        let of = own.len();
        for (place, check) in own.iter_mut().enumerate() {
            definition::name_service_check(check, &service, place + 1, of);
            of_checks.insert(std::mem::take(&mut check.id));
        }
        of_services.insert(service.id);
    }
    for check in checks {
        of_checks.insert(if check.id.is_empty() { check.name.clone() } else { check.id.clone() });
    }
    Ok((of_services, of_checks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_named_as_they_are_registered() {
        let service = ServiceDefinition {
            name: "web".into(),
            checks: Some(vec![
                CheckDefinition { name: "a".into(), ..CheckDefinition::default() },
                CheckDefinition { id: "mine".into(), ..CheckDefinition::default() },
            ]),
            ..ServiceDefinition::default()
        };
        let alone = CheckDefinition { name: "disk".into(), ..CheckDefinition::default() };
        let (services, checks) = named(&[service], &[alone]).unwrap();
        assert_eq!(services.into_iter().collect::<Vec<_>>(), ["web"]);
        assert_eq!(checks.into_iter().collect::<Vec<_>>(), ["disk", "mine", "service:web:1"]);
    }
}
