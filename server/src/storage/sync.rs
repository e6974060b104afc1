//! Group commit: one thread makes the write-ahead log durable for all who wait for it at the time.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use rocksdb::DB;

/// What is told once everything written before it is on disk.
pub(super) type Told = Box<dyn FnOnce(io::Result<()>) + Send>;

/// Takes orders for durability. When the last handle is gone the thread ends.
#[derive(Clone)]
pub(super) struct Syncer(Sender<Told>);

impl Syncer {
    /// Starts the thread over `db`.
    pub(super) fn start(db: Arc<DB>) -> io::Result<Self> {
        let (orders, queue) = channel();
        std::thread::Builder::new().name("log-sync".into()).spawn(move || run(&db, &queue))?;
        Ok(Self(orders))
    }

    /// Calls `told` when everything that is written now is on disk, or cannot be.
    pub(super) fn order(&self, told: Told) {
        if let Err(unsent) = self.0.send(told) {
            (unsent.0)(Err(io::Error::other("the log's sync thread has ended")));
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

fn run(db: &DB, queue: &Receiver<Told>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter());
        let result = db.flush_wal(true);
        if let Err(error) = &result {
            tracing::error!(%error, "the log cannot be made durable: this server stops");
        }
        for told in batch {
            told(result.clone().map_err(|error| io::Error::other(error.to_string())));
        }
    }
}
