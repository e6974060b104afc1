//! Which services have names with capitals. Most catalogs have none, and looking costs a walk of all names: one
//! task walks when the list of services has changed, and tells those who wait only when its finding is another.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use muster_registry::catalog::query::Services;
use muster_registry::{Namespace, Query as _, Topic, View, Watched as _};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Names, lowered};
use crate::read::Again;

/// How late a new service whose name has capitals may be found.
const EVERY: Duration = Duration::from_millis(50);
/// A walk is followed by a pause so many times as long: it must not be what a core does.
const REST: u32 = 20;

/// Services by lower-cased name, those alone whose names have capitals.
type Found = HashMap<Arc<str>, Vec<Arc<str>>>;

/// What was found last.
#[derive(Default)]
pub(super) struct Capitals {
    found: watch::Sender<Found>,
}

impl Capitals {
    /// What `look` makes of the other names of a service, if it has any.
    pub(super) fn with<T>(&self, name: &str, look: impl FnOnce(Option<&[Arc<str>]>) -> T) -> T {
        let found = self.found.borrow();
        look(if found.is_empty() { None } else { found.get(name).map(Vec::as_slice) })
    }

    /// For those who wait for another finding.
    pub(super) fn subscribe(&self) -> impl Again {
        self.found.subscribe()
    }

    pub(super) fn look(&self, view: &View) {
        let mut now = Found::new();
        for (name, _) in (Services { namespace: Namespace::DEFAULT }).run(view).answer {
            if let Some(lower) = lowered(&name.text) {
                now.entry(lower).or_default().push(name.text.clone());
            }
        }
        self.found.send_if_modified(|found| {
            let other = *found != now;
            if other {
                *found = now;
            }
            other
        });
    }
}

impl Names {
    /// Looks for names with capitals whenever there may be others, until `token` ends it.
    pub(crate) async fn keep(&self, token: &CancellationToken) {
        let looking = async {
            let mut last = None;
            loop {
                // Subscribed first, looked second: no change falls between.
                let waiter = self.hub.subscribe(vec![Topic::Services(Namespace::DEFAULT)]);
                let services = Services { namespace: Namespace::DEFAULT };
                let another = || {
                    let view = self.hub.view();
                    let index = services.index(&view);
                    (last != Some(index)).then_some((index, view))
                };
                let (index, view) = waiter.until(another).await;
                let began = Instant::now();
                self.capitals.look(&view);
                last = Some(index);
                tokio::time::sleep((began.elapsed() * REST).max(EVERY)).await;
            }
        };
        tokio::select! {
            () = token.cancelled() => {}
            () = looking => {}
        }
    }
}
