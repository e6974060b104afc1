//! Configuration files, in HCL or JSON, with Consul's keys. It maps keys to settings; what they mean belongs to the
//! rooms that have them.

mod keys;
mod read;
mod registrator;
mod settings;
mod shape;

use std::path::PathBuf;

use muster_agent::Files;
use muster_agent::local::Key;
use muster_api::ApiError;
use muster_api::check::CheckDefinition;
use muster_api::service::ServiceDefinition;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use registrator::RegistratorSettings;
pub(crate) use settings::{Settings, address, recursor};

/// Where the files are; they can be read again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) format: Option<String>,
}

/// What the files say.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) settings: Settings,
    pub(crate) services: Vec<ServiceDefinition>,
    pub(crate) checks: Vec<CheckDefinition>,
    /// The file in which each of them is defined, by its ID.
    pub(crate) files: Files,
    /// Keys that were taken and have no effect.
    pub(crate) idle: Vec<String>,
    /// Everything but the definitions, as it stood there: what changed can be named.
    pub(crate) content: serde_json::Map<String, Value>,
}

impl Sources {
    /// Reads the files.
    ///
    /// # Errors
    /// In Consul's words, with the name of the file or of the key.
    pub(crate) fn load(&self) -> Result<Loaded, String> {
        if let Some(format) = self.format.as_deref().filter(|format| !read::known(format)) {
            return Err(format!("-config-format {format}: use 'hcl' or 'json'"));
        }
        let merged = read::read(&self.paths, self.format.as_deref())?;
        let mut content = merged.value;
        let services: Vec<ServiceDefinition> = definitions(content.remove("services"), "service")?;
        let checks: Vec<CheckDefinition> = definitions(content.remove("checks"), "check")?;
        let [of_services, of_checks] = merged.files;
        let id = |id: &String, name: &String| if id.is_empty() { name.clone() } else { id.clone() };
        let services_in = services.iter().map(|one| Key::Service(id(&one.id, &one.name))).zip(of_services);
        let checks_in = checks.iter().map(|one| Key::Check(id(&one.id, &one.name))).zip(of_checks);
        let files = services_in.chain(checks_in).collect();
        let settings = Settings::from_content(&content)?;
        Ok(Loaded { settings, services, checks, files, idle: merged.idle, content })
    }
}

impl Loaded {
    /// The keys whose values differ from `former` and that a running agent does not take up.
    pub(crate) fn not_reloaded(&self, former: &Self) -> Vec<String> {
        let differs = |key: &&String| self.content.get(*key) != former.content.get(*key);
        let mut keys: Vec<String> = self
            .content
            .keys()
            .chain(former.content.keys())
            .filter(differs)
            .filter(|key| *key != "log_level" && !self.idle.contains(key))
            .cloned()
            .collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

/// The definitions of one sort, read by the same rules as those that come by HTTP.
fn definitions<T: DeserializeOwned>(list: Option<Value>, what: &str) -> Result<Vec<T>, String> {
    let Some(Value::Array(items)) = list else { return Ok(Vec::new()) };
    let read = items.into_iter().map(|item| {
        let named = item.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let read: Result<T, ApiError> = muster_api::decode::json(item.to_string().as_bytes());
        read.map_err(|error| {
            let text = error.to_string();
            let text = text.strip_prefix("Request decode failed: ").unwrap_or(&text);
            format!("{what} {named:?}: {text}")
        })
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Loaded, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("muster.hcl");
        std::fs::write(&path, text).unwrap();
        Sources { paths: vec![path], format: None }.load()
    }

    #[test]
    fn the_example_of_the_checks_can_be_loaded() {
        let page = include_str!("../../../healthchecks/README.md");
        let example = page.split_once("```hcl\n").and_then(|(_, rest)| rest.split_once("```")).unwrap().0;
        let loaded = load(example).unwrap();
        let check = &loaded.checks[0];
        assert_eq!(check.expect_status.as_deref().unwrap(), ["200-299", "401"]);
        assert_eq!(check.expect_json.as_ref().unwrap()["/database/state"], "up");
        assert_eq!((check.warn_certificate_days, check.jitter.to_string().as_str()), (14, "2s"));
        assert_eq!(
            (check.start_period.to_string(), check.warn_slower_than.to_string()),
            ("1m0s".into(), "500ms".into())
        );
    }

    #[test]
    fn a_cap_that_lets_no_check_run_is_refused() {
        assert_eq!(
            load("limits { checks_max_concurrent = 7 }").unwrap().settings.limits.checks_max_concurrent,
            Some(7)
        );
        let refusal = load("limits { checks_max_concurrent = 0 }").unwrap_err();
        assert!(refusal.starts_with("limits.checks_max_concurrent: no check could ever run"), "{refusal}");
    }
}
