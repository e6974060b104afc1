//! Which container is meant: by ID, name, label or service, looked up anew at every run, for containers come and go.
//! Parsing and choosing are pure.

use std::{collections::HashMap, fmt};

use bollard::{Docker, models::ContainerSummary, query_parameters::ListContainersOptions};
use muster_api::ApiError;

use super::engine::{Engine, Failure};

/// The labels that name the service of a container: by compose, by swarm, and as the registrator reads it.
const SERVICE_LABELS: [&str; 3] =
    ["com.docker.compose.service", "com.docker.swarm.service.name", "SERVICE_NAME"];

/// Containers whose environment is looked at for the name of a service, where no label has it.
const MOST_INSPECTED: usize = 256;

/// A container as a definition names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An ID, the beginning of one, or a name.
    Named(String),
    /// `label:KEY=VALUE`.
    Labelled(String, String),
    /// `service:NAME`.
    OfService(String),
}

impl Target {
    /// Reads `DockerContainerID`.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        let wrong = || {
            let text = format!(
                "Invalid check: DockerContainerID {text:?} must be the ID or name of a container, \
                 label:KEY=VALUE or service:NAME"
            );
            ApiError::BadRequest(text)
        };
        if let Some(label) = text.strip_prefix("label:") {
            let (key, value) = label.split_once('=').ok_or_else(wrong)?;
            return if key.is_empty() { Err(wrong()) } else { Ok(Self::Labelled(key.into(), value.into())) };
        }
        if let Some(service) = text.strip_prefix("service:") {
            return if service.is_empty() { Err(wrong()) } else { Ok(Self::OfService(service.into())) };
        }
        // It becomes part of a path: only what Docker takes for a name.
        let name = text.strip_prefix('/').unwrap_or(text);
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && name.chars().all(fits) { Ok(Self::Named(name.into())) } else { Err(wrong()) }
    }

    /// The ID of the running container that is meant now. Of several the newest is taken: the one that replaces another
    /// is there before the other has gone.
    pub(crate) async fn find(&self, engine: &Engine, docker: &Docker) -> Result<String, Absent> {
        let found = match self {
            Self::Named(name) => return self.named(name, engine, docker).await,
            Self::Labelled(key, value) => {
                let label = vec![format!("{key}={value}")];
                newest(&running(engine, docker, Some(label)).await?, |_| true)
            }
            Self::OfService(service) => {
                let all = running(engine, docker, None).await?;
                let by_label = newest(&all, |container| is_of_service(container, service));
                match by_label {
                    Some(id) => Some(id),
                    None => by_environment(all, service, engine, docker).await,
                }
            }
        };
        found.ok_or_else(|| Absent::Unknown(self.to_string()))
    }

    async fn named(&self, name: &str, engine: &Engine, docker: &Docker) -> Result<String, Absent> {
        let found = docker.inspect_container(name, None).await.map_err(|error| engine.failure(error));
        let found = match found {
            Ok(found) => found,
            Err(failure) if failure.is_missing() => return Err(Absent::Unknown(self.to_string())),
            Err(failure) => return Err(Absent::Failed(failure)),
        };
        let runs = found.state.is_some_and(|state| state.running == Some(true) && state.paused != Some(true));
        if !runs {
            return Err(Absent::Still(self.to_string()));
        }
        found.id.ok_or_else(|| Absent::Unknown(self.to_string()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Labelled(key, value) => write!(f, "label:{key}={value}"),
            Self::OfService(service) => write!(f, "service:{service}"),
        }
    }
}

/// Why no container can be used. The text goes into the check's output.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Absent {
    #[error("unknown container {0}")]
    Unknown(String),
    #[error("container {0} is paused or stopped")]
    Still(String),
    #[error(transparent)]
    Failed(#[from] Failure),
}

async fn running(
    engine: &Engine,
    docker: &Docker,
    labels: Option<Vec<String>>,
) -> Result<Vec<ContainerSummary>, Failure> {
    let mut filters = HashMap::from([("status".to_owned(), vec!["running".to_owned()])]);
    filters.extend(labels.map(|labels| ("label".to_owned(), labels)));
    let options = ListContainersOptions { filters: Some(filters), ..Default::default() };
    docker.list_containers(Some(options)).await.map_err(|error| engine.failure(error))
}

/// The ID of the newest that is right; of two that are as new, the one with the lower ID.
fn newest(all: &[ContainerSummary], is_right: impl Fn(&ContainerSummary) -> bool) -> Option<String> {
    let right = all.iter().filter(|container| is_right(container));
    let newest =
        right.max_by_key(|container| (container.created, std::cmp::Reverse(container.id.as_deref())));
    newest.and_then(|container| container.id.clone())
}

fn is_of_service(container: &ContainerSummary, service: &str) -> bool {
    let labels = container.labels.as_ref();
    labels.is_some_and(|labels| {
        SERVICE_LABELS.iter().any(|key| labels.get(*key).is_some_and(|value| value == service))
    })
}

/// The newest whose environment names the service; a list does not show environments.
async fn by_environment(
    mut all: Vec<ContainerSummary>,
    service: &str,
    engine: &Engine,
    docker: &Docker,
) -> Option<String> {
    let wanted = format!("SERVICE_NAME={service}");
    all.sort_by_key(|container| (std::cmp::Reverse(container.created), container.id.clone()));
    for id in all.into_iter().take(MOST_INSPECTED).filter_map(|container| container.id) {
        let found = docker.inspect_container(&id, None).await.map_err(|error| engine.failure(error));
        // One that has gone meanwhile is not the one that is meant.
        let environment = found.ok().and_then(|found| found.config).and_then(|config| config.env);
        if environment.is_some_and(|lines| lines.contains(&wanted)) {
            return Some(id);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, String> {
        Target::read(text).map(|target| format!("{target:?}")).map_err(|error| error.to_string())
    }

    #[test]
    fn forms() {
        assert_eq!(read("web_1.a-b").unwrap(), r#"Named("web_1.a-b")"#);
        assert_eq!(read("/web").unwrap(), r#"Named("web")"#);
        assert_eq!(read("label:a.b=c=d").unwrap(), r#"Labelled("a.b", "c=d")"#);
        assert_eq!(read("service:web").unwrap(), r#"OfService("web")"#);
        for wrong in ["", "/", "a b", "web/../x", "web?x=1", "a:b", "-x", "label:x", "label:=x", "service:"] {
            let text = format!(
                "Invalid check: DockerContainerID {wrong:?} must be the ID or name of a container, \
                 label:KEY=VALUE or service:NAME"
            );
            assert_eq!(read(wrong).unwrap_err(), text);
        }
    }

    fn container(id: &str, created: i64, label: (&str, &str)) -> ContainerSummary {
        ContainerSummary {
            id: Some(id.to_owned()),
            created: Some(created),
            labels: Some(HashMap::from([(label.0.to_owned(), label.1.to_owned())])),
            ..Default::default()
        }
    }

    #[test]
    fn the_newest_of_a_service() {
        let all = [
            container("a", 5, ("com.docker.compose.service", "web")),
            container("c", 7, ("SERVICE_NAME", "web")),
            container("b", 7, ("com.docker.swarm.service.name", "web")),
            container("d", 9, ("SERVICE_NAME", "other")),
            container("e", 9, ("x", "web")),
        ];
        assert_eq!(newest(&all, |one| is_of_service(one, "web")).as_deref(), Some("b"));
        assert_eq!(newest(&all, |one| is_of_service(one, "none")), None);
    }

    proptest! {
        #[test]
        fn what_is_read_is_shown_as_it_was(text in "(label:[a-z.]{1,9}=[a-z=]{0,9}|service:.{1,9}|[a-z0-9][a-z0-9_.-]{0,9})") {
            prop_assert_eq!(Target::read(&text).unwrap().to_string(), text);
        }

        #[test]
        fn the_choice_does_not_depend_on_the_order(mut ages in prop::collection::vec(0_i64..3, 1..8), turn in 0_usize..8) {
            let all: Vec<_> = ages.drain(..).enumerate().map(|(i, age)| container(&format!("{i}"), age, ("a", "b"))).collect();
            let mut turned = all.clone();
            turned.rotate_left(turn % all.len());
            prop_assert_eq!(newest(&all, |_| true), newest(&turned, |_| true));
        }
    }
}
