//! One set of named tasks; the first that ends unasked is the reason why the process stops.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long an orderly stop may take.
const GRACE: Duration = Duration::from_secs(10);
/// How long leaving may take: another server may have to lead first.
const FAREWELL: Duration = Duration::from_secs(15);

/// On which signals a node leaves before its process ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave {
    pub(crate) on_interrupt: bool,
    pub(crate) on_terminate: bool,
}

/// The tasks of a process.
#[derive(Default)]
pub(super) struct Tasks(JoinSet<(&'static str, io::Result<()>)>);

impl Tasks {
    pub(super) fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = io::Result<()>> + Send + 'static,
    ) {
        self.0.spawn(async move { (name, task.await) });
    }

    /// Runs until a signal, until `leaving` is cancelled, or until the first task ends. On a signal on
    /// which the node leaves, `farewell` is said before anything is stopped.
    pub(super) async fn supervise(
        mut self,
        token: CancellationToken,
        leaving: CancellationToken,
        leave: Leave,
        farewell: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let signalled = async {
            tokio::select! {
                _ = interrupt.recv() => leave.on_interrupt,
                _ = terminate.recv() => leave.on_terminate,
            }
        };
        let reason = tokio::select! {
            leaves = signalled => {
                if leaves && tokio::time::timeout(FAREWELL, farewell).await.is_err() {
                    tracing::warn!(?FAREWELL, "this node has not left when the time was over");
                }
                Ok(())
            }
            () = leaving.cancelled() => {
                tracing::info!("left the cluster");
                Ok(())
            }
            first = self.0.join_next() => match first {
                Some(Ok((name, Ok(())))) => Err(io::Error::other(format!("{name} ended unasked"))),
                Some(Ok((name, Err(error)))) => Err(io::Error::other(format!("{name}: {error}"))),
                Some(Err(panic)) => Err(io::Error::other(panic)),
                None => Ok(()),
            },
        };
        tracing::info!("stopping");
        token.cancel();
        let drained =
            tokio::time::timeout(GRACE, async { while self.0.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!(?GRACE, "not everything had ended when the time was over");
        }
        reason
    }
}
