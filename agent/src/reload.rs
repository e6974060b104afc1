//! The way of a request for a reload to whoever reads the files. It reads none itself.

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::Agent;
use crate::upstream::Upstream;

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
}
