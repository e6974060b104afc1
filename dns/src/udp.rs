//! One thread, one UDP socket: takes datagrams by the batch, answers those that need no waiting, from its
//! cache where it can, and hands the rest over. It never waits for anything but its socket.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg, sendto};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Directory;
use crate::cache::Cache;
use crate::encode::LARGEST_UDP;
use crate::handler::{AtOnce, Handler};
use crate::wire;

const BATCH: usize = 32;
const SHORT_OF_MEMORY: Duration = Duration::from_millis(10);

/// A datagram whose answer takes waiting.
pub(crate) struct Later {
    pub(crate) packet: Vec<u8>,
    pub(crate) from: SockaddrStorage,
    /// Where the answer leaves.
    pub(crate) socket: Arc<UdpSocket>,
}

/// Serves `socket` until `stop`.
pub(crate) fn serve<D: Directory>(
    socket: &Arc<UdpSocket>,
    handler: &Handler<D>,
    waiting: &mpsc::Sender<Later>,
    stop: &CancellationToken,
) -> io::Result<()> {
    let mut desk =
        Desk { handler, cache: Cache::new(handler.config.disable_compression), replies: Replies::new() };
    let mut buffers = vec![[0; LARGEST_UDP as usize]; BATCH];
    let mut headers = MultiHeaders::preallocate(BATCH, None);
    while !stop.is_cancelled() {
        let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let flags = MsgFlags::MSG_WAITFORONE;
        match recvmmsg(socket.as_raw_fd(), &mut headers, slices.iter_mut(), flags, None) {
            Ok(messages) => {
                let now = Instant::now();
                for message in messages {
                    let (Some(from), Some(packet)) = (message.address, message.iovs().next()) else {
                        continue;
                    };
                    // Cut by the kernel: no question is so long.
                    if message.flags.contains(MsgFlags::MSG_TRUNC) {
                        continue;
                    }
                    if desk.answer(packet, from, now) == Handed::Over {
                        // A full queue drops it: the client asks again.
                        let later = Later { packet: packet.to_vec(), from, socket: socket.clone() };
                        let _ = waiting.try_send(later);
                    }
                }
            }
            // Nothing came for a while; or a client that is gone already, which is its own affair.
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNREFUSED) => {}
            // The kernel is short of memory: it may have some again.
            Err(Errno::ENOBUFS | Errno::ENOMEM) => std::thread::sleep(SHORT_OF_MEMORY),
            Err(error) => return Err(error.into()),
        }
        desk.replies.send(socket);
    }
    Ok(())
}

#[derive(PartialEq)]
enum Handed {
    Back,
    Over,
}

struct Desk<'a, D> {
    handler: &'a Handler<D>,
    cache: Cache,
    replies: Replies,
}

impl<D: Directory> Desk<'_, D> {
    fn answer(&mut self, packet: &[u8], from: SockaddrStorage, now: Instant) -> Handed {
        let plain = wire::plain(packet);
        let reply = self.replies.room();
        if let Some(asked) = &plain
            && self.cache.get(asked, &*self.handler.directory, now, reply)
        {
            self.replies.add(from);
            return Handed::Back;
        }
        match self.handler.at_once(packet) {
            AtOnce::Reply(made) => {
                if let Some(asked) = &plain {
                    self.cache.put(asked, &made, now);
                }
                *reply = made.bytes;
                self.replies.add(from);
                Handed::Back
            }
            AtOnce::Silence => Handed::Back,
            AtOnce::Wait => Handed::Over,
        }
    }
}

/// Replies that leave together.
struct Replies {
    bytes: Vec<Vec<u8>>,
    to: Vec<Option<SockaddrStorage>>,
    headers: MultiHeaders<SockaddrStorage>,
}

impl Replies {
    fn new() -> Self {
        Self {
            bytes: vec![Vec::new(); BATCH + 1],
            to: Vec::new(),
            headers: MultiHeaders::preallocate(BATCH, None),
        }
    }

    /// Where the next reply is written. There is one more than a batch: the last is never sent.
    fn room(&mut self) -> &mut Vec<u8> {
        let at = self.to.len().min(BATCH);
        &mut self.bytes[at]
    }

    fn add(&mut self, to: SockaddrStorage) {
        if self.to.len() < BATCH {
            self.to.push(Some(to));
        }
    }

    fn send(&mut self, socket: &UdpSocket) {
        let (bytes, mut sent) = (&self.bytes[..self.to.len()], 0);
        while sent < self.to.len() {
            let slices: Vec<_> = bytes[sent..].iter().map(|reply| [IoSlice::new(reply)]).collect();
            let (to, flags) = (&self.to[sent..], MsgFlags::empty());
            match sendmmsg(socket.as_raw_fd(), &mut self.headers, &slices, to, [], flags) {
                Ok(results) => sent += results.count().max(1),
                Err(Errno::EINTR) => {}
                Err(error) => {
                    // The first of them cannot be sent: the others can.
                    tracing::debug!(%error, "an answer was not sent");
                    sent += 1;
                }
            }
        }
        self.to.clear();
    }
}

/// Sends one reply, or drops it where that would wait.
pub(crate) fn send(socket: &UdpSocket, reply: &[u8], to: &SockaddrStorage) {
    if let Err(error) = sendto(socket.as_raw_fd(), reply, to, MsgFlags::MSG_DONTWAIT) {
        tracing::debug!(%error, "an answer was not sent");
    }
}
