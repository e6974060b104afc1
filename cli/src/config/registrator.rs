//! The settings of a registrator, from files or from flags, and what it is started with. Bad ones are refused at start.

use muster_api::duration::GoDuration;
use muster_registrator::{Config, Deregister, Engine, Settings, Template};
use serde::Deserialize;

/// The group `registrator`; the flags of `muster registrator` have the same meaning.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RegistratorSettings {
    /// Whether the agent runs one.
    pub(crate) enabled: bool,
    pub(crate) engine: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) internal: bool,
    pub(crate) explicit: bool,
    pub(crate) require_label: bool,
    pub(crate) tags: Option<String>,
    pub(crate) resync: Option<GoDuration>,
    pub(crate) cleanup: bool,
    pub(crate) deregister: Option<String>,
    pub(crate) use_ip_from_label: Option<String>,
    pub(crate) use_ip_from_network: Option<String>,
    pub(crate) meta_from_labels: Option<String>,
    pub(crate) name_filter: Option<String>,
}

impl RegistratorSettings {
    /// The engine and the settings.
    ///
    /// # Errors
    /// Where a value makes no sense; the text names it as the flag has it.
    pub(crate) fn settle(&self) -> Result<(Engine, Config), String> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let host = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        let deregister = match self.deregister.as_deref() {
            None | Some("" | "always") => Deregister::Always,
            Some("on-success") => Deregister::OnSuccess,
            Some(other) => return Err(format!("deregister {other:?}: use \"always\" or \"on-success\"")),
        };
        let ip = given(&self.ip).map(|text| super::address("ip", &text)).transpose()?;
        let template = given(&self.tags).map(|text| Template::read(&text)).transpose();
        let names = given(&self.name_filter).map(|text| regex::Regex::new(&text)).transpose();
        let settings = Settings {
            owner: given(&self.owner).or_else(host).unwrap_or_default(),
            ip,
            internal: self.internal,
            explicit: self.explicit,
            require_label: self.require_label,
            tags: template.map_err(|error| format!("tags: {error}"))?,
            cleanup: self.cleanup,
            deregister,
            use_ip_from_label: given(&self.use_ip_from_label),
            use_ip_from_network: given(&self.use_ip_from_network),
            meta_from_labels: given(&self.meta_from_labels),
            names: names.map_err(|error| format!("name_filter: no regular expression: {error}"))?,
            ..Settings::default()
        };
        let engine = Engine::from_environment(given(&self.engine).as_deref())?;
        Ok((engine, Config::new(settings, self.resync.and_then(GoDuration::positive))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let refused = |json: serde_json::Value| {
            let settings: RegistratorSettings = serde_json::from_value(json).unwrap();
            settings.settle().map(drop).unwrap_err()
        };
        for (json, words) in [
            (serde_json::json!({"deregister": "never"}), "deregister \"never\": use"),
            (serde_json::json!({"ip": "here"}), "ip: \"here\" is no IP address"),
            (serde_json::json!({"tags": "{{ range }}"}), "tags: template: range is not taken"),
            (serde_json::json!({"name_filter": "("}), "name_filter: no regular expression"),
            (serde_json::json!({"owner": "a b"}), "the owner's name \"a b\""),
            (serde_json::json!({"engine": "ssh://x"}), "the engine's address \"ssh://x\""),
        ] {
            let error = refused(json);
            assert!(error.starts_with(words), "{error}");
        }
    }

    #[test]
    fn without_settings_it_runs_as_the_well_known_one() {
        let (_, config) = RegistratorSettings::default().settle().unwrap();
        assert_eq!(config.settings.deregister, Deregister::Always);
        assert_eq!(config.resync.as_secs(), 60);
    }
}
