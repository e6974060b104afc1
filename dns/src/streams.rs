//! DNS over TCP. A connection asks one thing after the other, as many as it likes, and is closed when it is
//! idle; how many there are is limited, and so is what each may hold: one question and one answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Directory;
use crate::handler::{Handler, Transport};

const CONNECTIONS: usize = 1024;
const IDLE: Duration = Duration::from_secs(10);
/// No question is longer, with all its options.
const LONGEST_QUESTION: usize = 4096;

/// Accepts and serves connections.
pub(crate) async fn serve<D: Directory>(listener: TcpListener, handler: Arc<Handler<D>>) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let (stream, _) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                // Out of descriptors, most likely: some will be free again.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(permit) = permits.clone().try_acquire_owned() else { continue };
        let handler = handler.clone();
        connections.spawn(async move {
            if let Err(error) = converse(stream, &handler).await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(permit);
        });
    }
}

async fn converse<D: Directory>(mut stream: TcpStream, handler: &Handler<D>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let length = match timeout(IDLE, stream.read_u16()).await {
            Ok(Ok(length)) => usize::from(length),
            // Closed, or silent for long enough.
            Ok(Err(_)) | Err(_) => return Ok(()),
        };
        if length > LONGEST_QUESTION {
            return Ok(());
        }
        let mut packet = vec![0; length];
        timeout(IDLE, stream.read_exact(&mut packet)).await??;
        let Some(reply) = handler.reply(&packet, Transport::Stream).await else { return Ok(()) };
        let size = u16::try_from(reply.len()).map_err(io::Error::other)?;
        let framed = [&size.to_be_bytes(), &*reply].concat();
        timeout(IDLE, stream.write_all(&framed)).await??;
    }
}
