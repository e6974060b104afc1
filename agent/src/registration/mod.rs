//! Taking definitions in and away: checked, on disk, in the local state, in the runner; in this order.

use std::io;

use muster_api::ApiError;
use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use muster_healthchecks::{Definition, Status};
use tokio::time::Instant;

use crate::definition::{self, Scripts};
use crate::persist::Store;
use crate::upstream::Upstream;
use crate::{Agent, Inner, Shared};

/// Most definitions of each sort on one host.
const MOST: usize = 100_000;

impl<U: Upstream> Agent<U> {
    /// Registers what a configuration file defines. It is not put on disk: the file is there.
    ///
    /// # Errors
    /// Where a definition makes no sense.
    pub async fn configure(
        &self,
        services: Vec<ServiceDefinition>,
        checks: Vec<CheckDefinition>,
    ) -> Result<(), ApiError> {
        for service in services {
            put_service(&self.shared, service, Origin::File, OtherChecks::Stay).await?;
        }
        for check in checks {
            put_check(&self.shared, check, Origin::File).await?;
        }
        Ok(())
    }
}

/// What becomes of checks that an instance has and that its new definition does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherChecks {
    /// They stay: they may have been registered by themselves.
    Stay,
    /// They go (`?replace-existing-checks`).
    Go,
}

/// Who defines something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Api,
    File,
}

fn scripts<U>(shared: &Inner<U>, origin: Origin) -> Scripts {
    let allowed = match origin {
        Origin::Api => shared.config.scripts_from_api,
        Origin::File => shared.config.scripts_from_files || shared.config.scripts_from_api,
    };
    Scripts { allowed }
}

/// Registers an instance with its checks.
pub(crate) async fn put_service<U: Upstream>(
    shared: &Shared<U>,
    asked: ServiceDefinition,
    origin: Origin,
    others: OtherChecks,
) -> Result<(), ApiError> {
    let mut service = definition::service(asked)?;
    // An empty check is none, as in Consul; one in the list is a check that lacks everything.
    service.check.take_if(|check| *check == CheckDefinition::default());
    let mut checks = service.take_checks();
    let of = checks.len();
    let mut probes = Vec::with_capacity(of);
    for (place, check) in checks.iter_mut().enumerate() {
        definition::initial(check, "Status for checks must 'passing', 'warning', 'critical'")?;
        definition::name_service_check(check, &service, place + 1, of);
        probes.push(definition::probe(check, scripts(shared, origin))?);
    }
    if shared.local.lock().services().count() >= MOST {
        return Err(ApiError::TooMany(format!("this agent has {MOST} services and takes no more")));
    }
    if origin == Origin::Api {
        let (stored, kept) = (service.clone(), checks.clone());
        on_disk(shared, move |store| {
            kept.iter().try_for_each(|check| store.put_check(check, initial_text(check), ""))?;
            store.put_service(&stored, false)
        })
        .await?;
    }
    let id = service.id.clone();
    let former: Vec<String> = {
        let mut local = shared.local.lock();
        local.put_service(service, origin == Origin::File);
        let named = |id: &String| checks.iter().any(|check| check.id == *id);
        local
            .checks()
            .filter(|held| others == OtherChecks::Go && held.definition.service_id == id)
            .map(|held| held.definition.id.clone())
            .filter(|held| !named(held) && !held.starts_with('_'))
            .collect()
    };
    for (check, probe) in checks.into_iter().zip(probes) {
        start(shared, check, probe, None, origin);
    }
    for check in former {
        remove_check(shared, &check).await?;
    }
    shared.touch();
    Ok(())
}

fn initial_text(check: &CheckDefinition) -> &str {
    if check.status.is_empty() { "critical" } else { &check.status }
}

/// Takes an instance away with its checks; whether it was there.
pub(crate) async fn remove_service<U: Upstream>(shared: &Shared<U>, id: &str) -> Result<bool, ApiError> {
    let Some(definition) = shared.local.lock().service(id).map(|held| held.definition.clone()) else {
        return Ok(false);
    };
    on_disk(shared, move |store| store.put_service(&definition, true)).await?;
    let checks = shared.local.lock().remove_service(id).unwrap_or_default();
    for check in &checks {
        shared.runner.remove(check);
    }
    on_disk(shared, move |store| checks.iter().try_for_each(|check| store.forget_check(check))).await?;
    shared.touch();
    Ok(true)
}

/// Registers a check of the node or of one of its instances.
pub(crate) async fn put_check<U: Upstream>(
    shared: &Shared<U>,
    mut check: CheckDefinition,
    origin: Origin,
) -> Result<(), ApiError> {
    if check.name.is_empty() {
        return Err(ApiError::BadRequest("Missing check name".into()));
    }
    if check.id.is_empty() {
        check.id.clone_from(&check.name);
    }
    definition::initial(&check, "Bad check status")?;
    let probe = definition::probe(&check, scripts(shared, origin))?;
    {
        let local = shared.local.lock();
        if !check.service_id.is_empty() && local.service(&check.service_id).is_none() {
            return Err(ApiError::Internal(format!("ServiceID {:?} does not exist", check.service_id)));
        }
        if local.checks().count() >= MOST {
            return Err(ApiError::TooMany(format!("this agent has {MOST} checks and takes no more")));
        }
    }
    if origin == Origin::Api {
        let stored = check.clone();
        on_disk(shared, move |store| store.put_check(&stored, initial_text(&stored), "")).await?;
    }
    start(shared, check, probe, None, origin);
    shared.touch();
    Ok(())
}

/// Takes a check away; whether it was there.
pub(crate) async fn remove_check<U: Upstream>(shared: &Shared<U>, id: &str) -> Result<bool, ApiError> {
    if !shared.local.lock().remove_check(id) {
        return Ok(false);
    }
    shared.runner.remove(id);
    let id = id.to_owned();
    on_disk(shared, move |store| store.forget_check(&id)).await?;
    shared.touch();
    Ok(true)
}

/// Puts a check into the local state and the runner. `known` is its health from before a restart.
fn start<U>(
    shared: &Inner<U>,
    check: CheckDefinition,
    probe: Definition,
    known: Option<(Status, String)>,
    origin: Origin,
) {
    let id = check.id.clone();
    let kind = definition::kind(&check);
    let initial = known.clone().unwrap_or((probe.initial, String::new()));
    let mut local = shared.local.lock();
    local.put_check(check, kind, initial, origin == Origin::File, Instant::now());
    // The runner takes over what the state says now: a check that was there keeps its health.
    let now = local.check(&id).map(|held| (held.status, held.output.clone()));
    drop(local);
    shared.runner.put(&id, probe, now);
}

/// Takes in what is on disk from before.
pub(crate) fn restore<U: Upstream>(shared: &Shared<U>) -> io::Result<()> {
    let Some(store) = &shared.store else { return Ok(()) };
    for stored in store.services()? {
        let mut local = shared.local.lock();
        if stored.gone {
            local.recall_gone(stored.definition);
        } else {
            local.put_service(stored.definition, false);
        }
    }
    for stored in store.checks()? {
        let id = stored.definition.id.clone();
        if id.starts_with('_') {
            shared.set_maintenance_check(stored.definition);
            continue;
        }
        let orphan = !stored.definition.service_id.is_empty()
            && shared.local.lock().service(&stored.definition.service_id).is_none();
        if orphan {
            store.forget_check(&id)?;
            continue;
        }
        let status = match stored.status.as_str() {
            "passing" => Status::Passing,
            "warning" => Status::Warning,
            _ => Status::Critical,
        };
        match definition::probe(&stored.definition, scripts(shared, Origin::Api)) {
            Ok(probe) => start(shared, stored.definition, probe, Some((status, stored.output)), Origin::Api),
            Err(error) => tracing::error!(check = %id, %error, "a check from before is not run"),
        }
    }
    Ok(())
}

/// Runs `work` on the store, where there is one, apart from the threads that serve.
pub(crate) async fn on_disk<U: Upstream>(
    shared: &Shared<U>,
    work: impl FnOnce(&Store) -> io::Result<()> + Send + 'static,
) -> Result<(), ApiError> {
    let Some(store) = shared.store.clone() else { return Ok(()) };
    let done = tokio::task::spawn_blocking(move || work(&store)).await;
    done.map_err(io::Error::other)
        .and_then(|done| done)
        .map_err(|error| ApiError::Internal(format!("the definition could not be kept on disk: {error}")))
}

impl<U: Upstream> Shared<U> {
    /// The catalog has forgotten an instance: so may the disk.
    pub(crate) async fn forget_service_file(&self, id: &str) {
        let id = id.to_owned();
        if let Err(error) = on_disk(self, move |store| store.forget_gone(&id)).await {
            tracing::warn!(%error, "the mark of a removed instance stays on disk");
        }
    }

    /// Keeps the health of a check over a restart.
    pub(crate) async fn keep_check_file(&self, id: &str) {
        let Some((definition, status, output)) = self
            .local
            .lock()
            .check(id)
            .filter(|held| !held.from_file)
            .map(|held| (held.definition.clone(), held.status, held.output.clone()))
        else {
            return;
        };
        let kept = on_disk(self, move |store| store.put_check(&definition, status.as_str(), &output)).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "the status of a check was not kept on disk");
        }
    }

    /// A check that stands for maintenance: it is never run.
    pub(crate) fn set_maintenance_check(&self, definition: CheckDefinition) {
        let critical = (Status::Critical, String::new());
        self.local.lock().put_check(definition, "maintenance", critical, false, Instant::now());
    }
}

/// How long a heartbeat's output may be.
pub(crate) const OUTPUT_LIMIT: usize = 4096;
