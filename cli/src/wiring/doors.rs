//! The doors of the HTTP port: who may connect, how many at once, and how long they may take to say what they
//! want. What is asked is none of its business.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A client that takes longer to send the head of a request is cut off.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// Most bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;
/// After an accept that failed: most often there are no file descriptors left, and some are given back soon.
const BREATH: Duration = Duration::from_millis(50);
/// What one too many is told, in Consul's words.
const TOO_MANY: &str = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
    Your IP is issuing too many concurrent connections, please rate limit your calls\n";

/// How many may be connected at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From one address (Consul's `limits.http_max_conns_per_client`); 0 is no limit.
    pub(crate) per_client: usize,
    /// Together.
    pub(crate) all: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { per_client: 200, all: 65_536 }
    }
}

/// Who is connected. Only the accept loop touches it, so it needs no lock.
#[derive(Default)]
struct Guests {
    of: HashMap<IpAddr, usize>,
    all: usize,
}

impl Guests {
    fn enter(&mut self, who: IpAddr, limits: Limits) -> bool {
        let mine = self.of.entry(who).or_default();
        let full = (limits.per_client > 0 && *mine >= limits.per_client) || self.all >= limits.all;
        if full {
            if *mine == 0 {
                self.of.remove(&who);
            }
            return false;
        }
        *mine += 1;
        self.all += 1;
        true
    }

    fn leave(&mut self, who: IpAddr) {
        self.all -= 1;
        if let Some(mine) = self.of.get_mut(&who) {
            *mine -= 1;
            if *mine == 0 {
                self.of.remove(&who);
            }
        }
    }
}

/// Serves `router` until `stop`. Blocked queries may wait for minutes: connections end with the process, not
/// before.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    let (mut guests, mut open) = (Guests::default(), JoinSet::new());
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            Some(left) = open.join_next() => {
                if let Ok(who) = left {
                    guests.leave(who);
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) if guests.enter(from.ip(), limits) => {
                    open.spawn(connection(stream, from.ip(), router.clone()));
                }
                Ok((stream, from)) => {
                    tracing::debug!(%from, "one connection too many");
                    refuse(stream);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, from: IpAddr, router: Router) -> IpAddr {
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new());
    // Names of headers in Go's case: there are clients that look for them so.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD_BYTES)
        .title_case_headers(true);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(None);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
    if let Err(error) = served {
        tracing::debug!(%from, %error, "a connection ended early");
    }
    from
}

/// Says why, as far as the socket takes it at once, and closes.
fn refuse(mut stream: TcpStream) {
    use futures_util::FutureExt as _;
    let _ = stream.write_all(TOO_MANY.as_bytes()).now_or_never();
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::AsyncReadExt as _;

    use super::*;

    async fn door(limits: Limits) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let router = Router::new().fallback(|| async { "in" });
        tokio::spawn(serve(listener, router, limits, stop.clone()));
        (at, stop)
    }

    async fn ask(stream: &mut TcpStream) -> String {
        let mut answer = vec![0; 1024];
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let read = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    #[tokio::test]
    async fn one_too_many_is_told_so_and_comes_in_when_another_has_left() {
        let (at, stop) = door(Limits { per_client: 1, all: 10 }).await;
        let mut first = TcpStream::connect(at).await.unwrap();
        assert!(ask(&mut first).await.ends_with("in"));
        let mut told = String::new();
        let _ = TcpStream::connect(at).await.unwrap().read_to_string(&mut told).await;
        assert!(told.starts_with("HTTP/1.1 429 ") && told.contains("rate limit your calls"), "{told}");
        drop(first);
        loop {
            let mut next = TcpStream::connect(at).await.unwrap();
            let mut answer = vec![0; 1024];
            if next.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.is_ok()
                && let Ok(read) = next.read(&mut answer).await
                && answer[..read].ends_with(b"in")
            {
                break;
            }
        }
        stop.cancel();
    }

    #[test]
    fn who_left_is_not_counted() {
        let mut guests = Guests::default();
        let (limits, who) = (Limits { per_client: 0, all: 2 }, IpAddr::from([127, 0, 0, 1]));
        assert!(guests.enter(who, limits) && guests.enter(who, limits) && !guests.enter(who, limits));
        guests.leave(who);
        guests.leave(who);
        assert!(guests.of.is_empty() && guests.enter(who, limits));
    }
}
