//! What configuration files define: judged as a whole before the first of it is taken.

use muster_api::ApiError;
use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;

use super::change::{OtherChecks, put_judged_check, put_judged_service, remove_check, remove_service};
use super::judged::JudgedFiles;
use super::{scripts, start};
use crate::local::{Cause, Key, Origin};
use crate::upstream::Upstream;
use crate::{Agent, Shared};

impl<U: Upstream> Agent<U> {
    /// The first load: takes in what the files define and what is on disk from before. What files defined before and
    /// do not define now is gone.
    ///
    /// # Errors
    /// Where a definition makes no sense, or the disk cannot be written; then nothing is registered.
    pub async fn configure(
        &self,
        services: Vec<ServiceDefinition>,
        checks: Vec<CheckDefinition>,
    ) -> Result<(), ApiError> {
        let Some(found) = self.shared.found.lock().take() else {
            return self.reconfigure(services, checks).await;
        };
        let others = |id: &str| {
            let known = |stored: &&crate::persist::StoredService| stored.definition.id == id;
            found.services.iter().find(known).is_some_and(|one| !one.gone && one.origin == Origin::Api)
        };
        let files = JudgedFiles::judge(&services, &checks, scripts(&self.shared, Origin::File), others)?;
        start::begin(&self.shared, found, files).await
    }

    /// Whether these definitions can be taken up as they stand. It touches nothing.
    ///
    /// # Errors
    /// The first definition that makes no sense.
    pub fn judge(&self, services: &[ServiceDefinition], checks: &[CheckDefinition]) -> Result<(), ApiError> {
        judge(&self.shared, services, checks).map(drop)
    }

    /// Puts what the files define now in place of what they defined before. What came by HTTP is left alone, but for
    /// what the files define too: that is theirs from now on.
    ///
    /// # Errors
    /// Where a definition makes no sense, and then nothing is touched; or where the disk cannot be written.
    pub async fn reconfigure(
        &self,
        services: Vec<ServiceDefinition>,
        checks: Vec<CheckDefinition>,
    ) -> Result<(), ApiError> {
        let files = judge(&self.shared, &services, &checks)?;
        let kept = files.keys();
        let former = of_files(&self.shared);
        for service in files.services {
            put_judged_service(&self.shared, service, Origin::File, OtherChecks::Stay).await?;
        }
        for check in files.checks {
            put_judged_check(&self.shared, check, Origin::File).await?;
        }
        for key in former.into_iter().filter(|key| !kept.contains(key)) {
            match key {
                Key::Service(id) => remove_service(&self.shared, &id, Cause::Files).await?,
                Key::Check(id) => remove_check(&self.shared, &id).await?,
            };
        }
        Ok(())
    }
}

fn judge<U: Upstream>(
    shared: &Shared<U>,
    services: &[ServiceDefinition],
    checks: &[CheckDefinition],
) -> Result<JudgedFiles, ApiError> {
    let stays = |id: &str| shared.local.lock().service(id).is_some_and(|held| held.origin == Origin::Api);
    JudgedFiles::judge(services, checks, scripts(shared, Origin::File), stays)
}

/// What is here because a file defines it.
fn of_files<U: Upstream>(shared: &Shared<U>) -> Vec<Key> {
    let local = shared.local.lock();
    let services = local.services().filter(|held| held.origin == Origin::File);
    let services = services.map(|held| Key::Service(held.definition.id.clone()));
    let checks = local.checks().filter(|held| held.origin == Origin::File);
    services.chain(checks.map(|held| Key::Check(held.definition.id.clone()))).collect()
}
