//! The wait loops: every query that blocks goes through one of them.

use std::time::Duration;

use muster_api::Wait;
use rand::Rng as _;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Question;
use crate::hub::Hub;

/// Waits until the index of `question` is above the one that the client has, the state was replaced, or the time
/// is over. Whoever has an index that lies ahead waits too: this server may only be behind. The wait is lengthened
/// by up to a sixteenth, so that clients that began together do not all come back together.
pub(super) async fn wait_for(hub: &Hub, question: &Question, wait: Wait) {
    let restores = hub.restores();
    // Subscribed first, looked second: no change falls between.
    let waiter = hub.subscribe(question.topics());
    let deadline = deadline(wait);
    let changed = waiter.until(|| {
        let moved = || question.index(&hub.view()).max(1) > wait.index;
        (hub.restores() != restores || moved()).then_some(())
    });
    // That the time is over is no error: what is there then is the answer.
    let _ = timeout_at(deadline, changed).await;
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
pub(super) async fn wait_for_another(hub: &Hub, question: &Question, wait: Wait, mut again: impl Again) {
    let deadline = deadline(wait);
    loop {
        let waiter = hub.subscribe(question.topics());
        let another = waiter.until(|| (question.index(&hub.view()).max(1) != wait.index).then_some(()));
        tokio::select! {
            () = another => return,
            () = again.rings() => {}
            () = sleep_until(deadline) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use muster_api::answer;
    use muster_registry::command::{Command, KvCommand};
    use muster_registry::kv::query::{Get, List};
    use muster_registry::{Change, Changes, Name, Registry, View, Watched};

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
        let blocked = tokio::spawn(async move { wait_for(&waiting, &mine, wait).await });
        while hub.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        set(&hub, &mut registry, 6, "other");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!blocked.is_finished());
        set(&hub, &mut registry, 7, "mine");
        blocked.await.unwrap();
        assert_eq!(hub.view().index(), 7);
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

        fn size(&self, _: &View) -> usize {
            0
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
        let blocked = tokio::spawn(async move { wait_for_another(&waiting, &question, wait, again).await });
        while hub.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        set(&hub, &mut registry, 10, "first");
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!blocked.is_finished(), "not its topic");
        name.send_replace("first");
        blocked.await.unwrap();
        assert_eq!(hub.waiting(), 0);
    }

    /// As in Consul: the server may be behind the one that the client asked before.
    #[tokio::test(start_paused = true)]
    async fn an_index_that_lies_ahead_is_waited_for_unless_the_state_is_replaced() {
        let (hub, mut registry) = (Arc::new(Hub::default()), Registry::new());
        set(&hub, &mut registry, 5, "k");
        let began = Instant::now();
        let wait = Wait { index: 99, longest: Duration::from_secs(16) };
        wait_for(&hub, &question(Get { key: Name::new("k") }), wait).await;
        assert!(began.elapsed() >= Duration::from_secs(16));
        let (waiting, asked) = (hub.clone(), question(Get { key: Name::new("k") }));
        let blocked = tokio::spawn(async move { wait_for(&waiting, &asked, wait).await });
        while hub.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        let began = Instant::now();
        hub.publish(registry.view().clone(), &Changes([Change::Restored].into()));
        blocked.await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(1));
    }
}
