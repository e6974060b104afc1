//! The sockets and who serves them: a thread for each UDP socket, tasks for the rest.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::handler::{Handler, Transport};
use crate::udp::Later;
use crate::{Config, Directory, streams, udp};

/// More threads than this gain nothing: the kernel is the limit.
const MOST_THREADS: usize = 8;
/// How long a thread waits for a packet before it looks whether to end.
const LOOK_UP: Duration = Duration::from_millis(250);
/// Enough for what comes while a thread is not running.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Datagrams that wait for a task.
const QUEUE: usize = 1024;
/// Tasks that wait for an answer.
const WAITING: usize = 512;

/// The bound sockets: who runs this room binds them.
#[derive(Debug)]
pub struct Sockets {
    /// For datagrams: each gets a thread. They share one port, and the kernel spreads the clients over them.
    pub udp: Vec<UdpSocket>,
    /// For streams.
    pub tcp: Vec<TcpListener>,
}

impl Sockets {
    /// Binds a TCP socket, and a UDP socket for each processor, to `address`. A port of zero becomes one that
    /// is free. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Where the address cannot be bound.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        // TCP first, as it shares its port with nobody: a second process fails here, rather than take a part
        // of the datagrams of the first.
        let tcp = TcpListener::bind(address).await?;
        let address = tcp.local_addr()?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let udp =
            (0..processors.min(MOST_THREADS)).map(|_| datagrams_at(address)).collect::<io::Result<_>>()?;
        Ok(Self { udp, tcp: vec![tcp] })
    }
}

fn datagrams_at(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_port(true)?;
    // A wish: the kernel may cap it.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Answers until `token` ends it.
///
/// # Errors
/// Where a socket fails for good.
pub async fn run<D: Directory>(
    sockets: Sockets,
    directory: Arc<D>,
    config: Config,
    token: CancellationToken,
) -> io::Result<()> {
    let handler = Arc::new(Handler::new(directory, config));
    // Ends the threads also where this future is dropped.
    let stop = token.child_token();
    let _guard = stop.clone().drop_guard();
    let (waiting, queue) = mpsc::channel(QUEUE);
    let mut servers: JoinSet<io::Result<()>> = JoinSet::new();
    for socket in sockets.udp {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(LOOK_UP))?;
        let (socket, handler) = (Arc::new(socket), handler.clone());
        let (waiting, stop) = (waiting.clone(), stop.clone());
        servers.spawn_blocking(move || udp::serve(&socket, &handler, &waiting, &stop));
    }
    drop(waiting);
    servers.spawn(later(queue, handler.clone()));
    for listener in sockets.tcp {
        servers.spawn(streams::serve(listener, handler.clone(), streams::Limits::default()));
    }
    let result = tokio::select! {
        () = stop.cancelled() => Ok(()),
        first = servers.join_next() => match first {
            _ if stop.is_cancelled() => Ok(()),
            Some(Ok(Ok(()))) => Err(io::Error::other("a socket is no longer served")),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(panic)) => Err(io::Error::other(panic)),
            None => Ok(()),
        },
    };
    // When this returns, the port is free.
    stop.cancel();
    servers.abort_all();
    while servers.join_next().await.is_some() {}
    result
}

/// Answers the datagrams that take waiting.
async fn later<D: Directory>(mut queue: mpsc::Receiver<Later>, handler: Arc<Handler<D>>) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(WAITING));
    let mut tasks = JoinSet::new();
    while let Some(Later { packet, from, socket }) = queue.recv().await {
        while tasks.try_join_next().is_some() {}
        let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
        let handler = handler.clone();
        tasks.spawn(async move {
            if let Some(reply) = handler.reply(&packet, Transport::Datagram).await {
                udp::send(&socket, &reply, &from);
            }
            drop(permit);
        });
    }
    // The threads have ended.
    Ok(())
}

#[cfg(test)]
mod tests;
