//! What a registrator is started with.

use std::time::Duration;

use crate::plan::Settings;

/// Everything is looked at again at least so often: the word of the registrator about a container has to be renewed.
const RARELY: Duration = Duration::from_secs(300);
/// As often as that where nobody says.
const USUALLY: Duration = Duration::from_secs(60);

/// What a registrator is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is registered, and how. Where the address of the agent's node is empty, the agent is asked
    /// for it.
    pub settings: Settings,
    /// How often everything is looked at, whatever events say.
    pub resync: Duration,
}

impl Config {
    /// With these settings; `resync` is within limits, and zero is as good as none.
    ///
    /// # Errors
    /// Where the owner's name cannot stand in an ID.
    pub fn new(settings: Settings, resync: Option<Duration>) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let owner = settings.owner.as_str();
        if owner.is_empty() || owner.len() > 255 || !owner.chars().all(plain) {
            return Err(format!("the owner's name {owner:?} has to be of a-z, 0-9, -, _ and ."));
        }
        let resync = resync.filter(|resync| !resync.is_zero()).unwrap_or(USUALLY);
        Ok(Self { settings, resync: resync.clamp(Duration::from_secs(1), RARELY) })
    }
}
