//! The wait loops: every query that blocks goes through one of them.

use std::sync::Arc;
use std::time::Duration;

use muster_api::Wait;
use muster_registry::View;
use rand::Rng as _;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Question;
use crate::hub::Hub;

/// Waits until the index of `question` is above the one that the client has, or its time is over; then the
/// data of that moment are the answer. The wait is lengthened by up to a sixteenth, so that clients that began
/// together do not all come back together.
pub(super) async fn wait_for(hub: &Hub, question: &Question, wait: Wait) -> Arc<View> {
    // Subscribed first, looked second: no change falls between.
    let waiter = hub.subscribe(question.topics());
    let deadline = deadline(wait);
    let changed = waiter.until(|| {
        let view = hub.view();
        let index = question.index(&view).max(1);
        // An index below the client's means that the state was replaced: it must look again.
        (index != wait.index && (index > wait.index || view.index() < wait.index)).then_some(view)
    });
    timeout_at(deadline, changed).await.unwrap_or_else(|_| hub.view())
}

fn deadline(wait: Wait) -> Instant {
    let sixteenth = u64::try_from(wait.longest.as_millis() / 16).unwrap_or(0);
    let jitter = Duration::from_millis(rand::rng().random_range(0..=sixteenth));
    Instant::now() + wait.longest + jitter
}

/// A reason, beside its topics, to look at a question again.
pub(crate) trait Again: Send {
    fn rings(&mut self) -> impl Future<Output = ()> + Send;
}

/// There is none.
pub(crate) struct Never;

impl Again for Never {
    fn rings(&mut self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// From time to time.
impl Again for Duration {
    fn rings(&mut self) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(*self)
    }
}

/// Each time that something else is published.
impl<T: Send + Sync> Again for watch::Receiver<T> {
    async fn rings(&mut self) {
        if self.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

/// Waits until the index of `question` is another than the one that the client has, or its time is over. Its topics
/// may become others: they are asked for at the beginning and whenever `again` rings.
pub(super) async fn wait_for_another(
    hub: &Hub,
    question: &Question,
    wait: Wait,
    mut again: impl Again,
) -> Arc<View> {
    let deadline = deadline(wait);
    loop {
        let waiter = hub.subscribe(question.topics());
        let another = waiter.until(|| {
            let view = hub.view();
            (question.index(&view).max(1) != wait.index).then_some(view)
        });
        tokio::select! {
            view = another => return view,
            () = again.rings() => {}
            () = sleep_until(deadline) => return hub.view(),
        }
    }
}

#[cfg(test)]
mod tests {
    use muster_api::answer;
    use muster_registry::command::{Command, KvCommand};
    use muster_registry::kv::query::{Get, List};
    use muster_registry::{Name, Registry, Watched};

    use super::*;

    fn set(hub: &Hub, registry: &mut Registry, index: u64, key: &str) {
        let command =
            Command::Kv(KvCommand::Set { key: Name::new(key), value: [1].into(), flags: index, cas: None });
        let applied = registry.apply(index, &command);
        hub.publish(registry.view().clone(), &applied.changes);
    }

    fn question(query: impl Watched + Send + Sync + 'static) -> Question {
        Question::new(query, |_, _| answer::json(&true, false))
    }

    #[tokio::test(start_paused = true)]
    async fn only_its_own_change_ends_a_wait() {
        let (hub, mut registry) = (Arc::new(Hub::default()), Registry::new());
        set(&hub, &mut registry, 5, "mine");
        let (mine, waiting) = (question(Get { key: Name::new("mine") }), hub.clone());
        let wait = Wait { index: 5, longest: Duration::from_secs(60) };
        let blocked = tokio::spawn(async move { wait_for(&waiting, &mine, wait).await.index() });
        while hub.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        set(&hub, &mut registry, 6, "other");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!blocked.is_finished());
        set(&hub, &mut registry, 7, "mine");
        assert_eq!(blocked.await.unwrap(), 7);
        assert_eq!(hub.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn time_ends_a_wait_within_its_jitter() {
        let (hub, mut registry) = (Hub::default(), Registry::new());
        set(&hub, &mut registry, 5, "a/b");
        let began = Instant::now();
        let wait = Wait { index: 5, longest: Duration::from_secs(16) };
        wait_for(&hub, &question(List { prefix: Name::new("a/") }), wait).await;
        let took = began.elapsed();
        assert!((Duration::from_secs(16)..=Duration::from_secs(17)).contains(&took), "{took:?}");
    }

    /// A question whose index is that of the key which the other end names.
    struct Follows(watch::Receiver<&'static str>);

    impl Watched for Follows {
        fn topics(&self) -> muster_registry::Topics {
            Get { key: Name::new(*self.0.borrow()) }.topics()
        }

        fn index(&self, view: &View) -> u64 {
            Get { key: Name::new(*self.0.borrow()) }.index(view)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn another_index_ends_a_wait_even_a_lower_one() {
        let (hub, mut registry) = (Arc::new(Hub::default()), Registry::new());
        set(&hub, &mut registry, 5, "first");
        set(&hub, &mut registry, 9, "second");
        let (name, follows) = watch::channel("second");
        let question = question(Follows(follows.clone()));
        let wait = Wait { index: 9, longest: Duration::from_secs(60) };
        let (waiting, again) = (hub.clone(), follows.clone());
        let blocked =
            tokio::spawn(async move { wait_for_another(&waiting, &question, wait, again).await.index() });
        while hub.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        set(&hub, &mut registry, 10, "first");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!blocked.is_finished(), "not its topic");
        name.send_replace("first");
        assert_eq!(blocked.await.unwrap(), 10);
        assert_eq!(hub.waiting(), 0);
    }
}
