//! A connection that is driven only while somebody waits for something from it, and ends with its owner. It must never
//! become a task of its own.

use std::{future::Future, pin::Pin};

/// The connection.
pub(crate) struct Alongside {
    connection: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Alongside {
    /// An error of the connection also comes out of what is done on it.
    pub(crate) fn new<T, E>(connection: impl Future<Output = Result<T, E>> + Send + 'static) -> Self {
        Self { connection: Some(Box::pin(async move { drop(connection.await) })) }
    }

    /// Waits for `work`, and drives the connection meanwhile.
    pub(crate) async fn run<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            let Some(connection) = &mut self.connection else { return work.await };
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = connection => self.connection = None,
            }
        }
    }
}
