//! More questions than dnsperf can ask from half a machine: by the batch, from one thread. A closed loop: each
//! socket has a fixed number of questions on their way.

use std::io::{IoSlice, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};

use super::question;
use crate::BenchError;

const SOCKETS: usize = 8;
/// All of them together fit into the receive buffer that the system gives a server: more would be dropped there.
const WINDOW: usize = 16;
/// A question without an answer for so long is lost.
const LOST: Duration = Duration::from_secs(3);
/// The most of them, of all.
const MOST_LOST: f64 = 0.001;

/// Answers per second to questions about `name`, and an error where one was no answer or many were lost.
pub(crate) async fn flood(port: u16, name: &str, kind: u16, seconds: u32) -> Result<f64, BenchError> {
    let packet = question::packet(name, kind);
    let length = Duration::from_secs(seconds.into());
    let flooding = tokio::task::spawn_blocking(move || ask(port, &packet, length));
    flooding.await.map_err(|error| BenchError::Unexpected(error.to_string()))?
}

struct Lane {
    socket: UdpSocket,
    on_their_way: usize,
}

fn ask(port: u16, packet: &[u8], length: Duration) -> Result<f64, BenchError> {
    let about = || format!("DNS on port {port}");
    let mut lanes = Vec::new();
    for _ in 0..SOCKETS {
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(BenchError::io(about()))?;
        socket.connect(("127.0.0.1", port)).map_err(BenchError::io(about()))?;
        socket.set_read_timeout(Some(LOST)).map_err(BenchError::io(about()))?;
        lanes.push(Lane { socket, on_their_way: 0 });
    }
    let failed = |error: Errno| BenchError::Io(about(), error.into());
    let mut buffers = vec![vec![0; 4096]; WINDOW];
    let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(WINDOW, None);
    let (mut answered, mut lost, began) = (0_u64, 0_usize, Instant::now());
    while began.elapsed() < length {
        for lane in &mut lanes {
            let descriptor = lane.socket.as_raw_fd();
            if lane.on_their_way > 0 {
                let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
                let flags = MsgFlags::MSG_WAITFORONE;
                match recvmmsg(descriptor, &mut headers, slices.iter_mut(), flags, None) {
                    Ok(messages) => {
                        for message in messages {
                            check(message.iovs().next().unwrap_or_default())?;
                            answered += 1;
                            lane.on_their_way = lane.on_their_way.saturating_sub(1);
                        }
                    }
                    Err(Errno::EAGAIN) => lost += std::mem::take(&mut lane.on_their_way),
                    Err(Errno::EINTR) => {}
                    Err(error) => return Err(failed(error)),
                }
            }
            let slices = vec![[IoSlice::new(packet)]; WINDOW - lane.on_their_way];
            let to = vec![None::<SockaddrStorage>; slices.len()];
            let sent = sendmmsg(descriptor, &mut headers, &slices, &to, [], MsgFlags::empty());
            lane.on_their_way += sent.map_err(failed)?.count();
        }
    }
    if lost as f64 > answered as f64 * MOST_LOST {
        return Err(BenchError::Unexpected(format!(
            "{}: {lost} questions lost, {answered} answered",
            about()
        )));
    }
    Ok(answered as f64 / began.elapsed().as_secs_f64())
}

fn check(reply: &[u8]) -> Result<(), BenchError> {
    let code = reply.get(3).map(|byte| byte & 0xf);
    if code == Some(0) && question::count(reply).is_some_and(|count| count > 0) {
        return Ok(());
    }
    Err(BenchError::Unexpected(format!("a reply of {} bytes without an answer, code {code:?}", reply.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_answers_of_a_server_and_refuses_empty_ones() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, from)) = server.recv_from(&mut packet) {
                packet[7] = 1;
                if server.send_to(&packet[..length], from).is_err() {
                    break;
                }
            }
        });
        let asked = question::packet("a.b", 1);
        assert!(ask(port, &asked, Duration::from_millis(50)).unwrap() > 0.0);
        assert!(check(&asked).is_err());
    }
}
