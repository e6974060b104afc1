//! DNS over TCP. A connection asks one thing after the other, as many as it likes, and is closed when it is
//! idle; how many there are is limited, of one client and of all, and so is what each may hold: one question and
//! one answer.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Directory;
use crate::handler::{Handler, Transport};

/// No question is longer, with all its options.
const LONGEST_QUESTION: usize = 4096;
/// After an accept that failed: out of descriptors, most likely, and some will be free again.
const BREATH: Duration = Duration::from_millis(100);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// All at once.
    pub(crate) all: usize,
    /// From one address at once.
    pub(crate) per_client: usize,
    /// One that asks nothing for so long is closed, and so is one that takes longer to send a question or to take
    /// an answer.
    pub(crate) idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { all: 1024, per_client: 100, idle: Duration::from_secs(10) }
    }
}

/// Accepts and serves connections.
pub(crate) async fn serve<D: Directory>(
    listener: TcpListener,
    handler: Arc<Handler<D>>,
    limits: Limits,
) -> io::Result<()> {
    let (mut connections, mut of) = (JoinSet::new(), HashMap::<IpAddr, usize>::new());
    loop {
        let (stream, from) = tokio::select! {
            Some(left) = connections.join_next() => {
                if let Ok(from) = left
                    && let Some(count) = of.get_mut(&from)
                {
                    *count -= 1;
                    if *count == 0 {
                        of.remove(&from);
                    }
                }
                continue;
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) => (stream, from.ip()),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            }
        };
        if connections.len() >= limits.all || of.get(&from).is_some_and(|mine| *mine >= limits.per_client) {
            continue;
        }
        *of.entry(from).or_default() += 1;
        let handler = handler.clone();
        connections.spawn(async move {
            if let Err(error) = converse(stream, &handler, limits.idle).await {
                tracing::debug!(%error, "a connection ended");
            }
            from
        });
    }
}

async fn converse<D: Directory>(
    mut stream: TcpStream,
    handler: &Handler<D>,
    idle: Duration,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let length = match timeout(idle, stream.read_u16()).await {
            Ok(Ok(length)) => usize::from(length),
            // Closed, or silent for long enough.
            Ok(Err(_)) | Err(_) => return Ok(()),
        };
        if length > LONGEST_QUESTION {
            return Ok(());
        }
        let mut packet = vec![0; length];
        timeout(idle, stream.read_exact(&mut packet)).await??;
        let Some(reply) = handler.reply(&packet, Transport::Stream).await else { return Ok(()) };
        let size = u16::try_from(reply.len()).map_err(io::Error::other)?;
        let framed = [&size.to_be_bytes(), &*reply].concat();
        timeout(idle, stream.write_all(&framed)).await??;
    }
}
