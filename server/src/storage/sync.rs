//! Group commit: one thread makes the write-ahead log durable for all who wait for it at the time. After one
//! failure nothing is durable any more: a later flush that succeeds says nothing about what the failed one lost.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rocksdb::DB;

/// What is told once everything written before it is on disk.
pub(super) type Told = Box<dyn FnOnce(io::Result<()>) + Send>;

/// Takes orders for durability. When the last handle is gone the thread has ended.
#[derive(Clone)]
pub(super) struct Syncer(Arc<Thread>);

/// The thread and the way to it.
struct Thread {
    orders: Option<Sender<Told>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Thread {
    /// Waits for the thread: it may be the last to hold RocksDB, which must be closed before the process exits.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Syncer {
    /// Starts the thread over `db`.
    pub(super) fn start(db: Arc<DB>) -> io::Result<Self> {
        Self::with(move || db.flush_wal(true).map_err(|error| error.to_string()))
    }

    fn with(flush: impl FnMut() -> Result<(), String> + Send + 'static) -> io::Result<Self> {
        let (orders, queue) = channel();
        let thread = std::thread::Builder::new().name("log-sync".into()).spawn(move || run(flush, &queue))?;
        Ok(Self(Arc::new(Thread { orders: Some(orders), thread: Some(thread) })))
    }

    /// Calls `told` when everything that is written now is on disk, or cannot be.
    pub(super) fn order(&self, told: Told) {
        let unsent = match &self.0.orders {
            Some(orders) => orders.send(told).err().map(|unsent| unsent.0),
            None => Some(told),
        };
        if let Some(told) = unsent {
            told(Err(io::Error::other("the log's sync thread has ended")));
        }
    }

    /// Waits until everything that is written now is on disk.
    pub(super) async fn durable(&self) -> io::Result<()> {
        let (done, wait) = tokio::sync::oneshot::channel();
        self.order(Box::new(move |result| {
            let _ = done.send(result);
        }));
        wait.await.unwrap_or_else(|_| Err(io::Error::other("the log's sync thread has ended")))
    }
}

fn run(mut flush: impl FnMut() -> Result<(), String>, queue: &Receiver<Told>) {
    let mut failed = None;
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter());
        if failed.is_none()
            && let Err(error) = flush()
        {
            tracing::error!(%error, "the log cannot be made durable: this server stops");
            failed = Some(format!("the log cannot be made durable: {error}"));
        }
        for told in batch {
            told(failed.clone().map_or(Ok(()), |why| Err(io::Error::other(why))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_one_failure_nothing_is_acknowledged_any_more() {
        let mut flushes = 0;
        let syncer = Syncer::with(move || {
            flushes += 1;
            if flushes == 2 { Err("input/output error".into()) } else { Ok(()) }
        });
        let syncer = syncer.unwrap();
        syncer.durable().await.unwrap();
        for _ in 0..3 {
            let error = syncer.durable().await.unwrap_err();
            assert_eq!(error.to_string(), "the log cannot be made durable: input/output error");
        }
    }
}
