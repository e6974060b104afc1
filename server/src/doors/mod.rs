//! The doors of an HTTP port, the public one and the one between hosts: who may connect, how many at once, how
//! long they may take to say what they want, and how they are let go. What is asked is none of its business.

mod body;
mod guests;
mod protocol;

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{Request, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use body::Within;
use guests::Guests;
use protocol::Protocol;

/// After an accept that failed: most often there are no file descriptors left, and some are given back soon.
const BREATH: Duration = Duration::from_millis(50);
/// How long those who are being answered may take when the port closes.
const GRACE: Duration = Duration::from_secs(3);
/// Between two signs of life on a connection that carries several requests, and the longest wait for one.
const ALIVE: Duration = Duration::from_secs(20);
/// What one too many is told, in Consul's words.
const TOO_MANY: &str = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n\
    Your IP is issuing too many concurrent connections, please rate limit your calls\n";

/// What those who connect may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections from one address (Consul's `limits.http_max_conns_per_client`); 0 is no limit.
    pub per_client: usize,
    /// Connections together.
    pub all: usize,
    /// Requests under way on one HTTP/2 connection.
    pub streams: u32,
    /// Bytes of a request's head.
    pub head: u32,
    /// A client that takes longer to send the head of a request is cut off.
    pub head_within: Duration,
    /// One that takes longer to send a body is told so.
    pub body_within: Duration,
}

impl Default for Limits {
    /// Those of the public port.
    fn default() -> Self {
        Self {
            per_client: 200,
            all: 65_536,
            streams: 256,
            head: 64 << 10,
            head_within: Duration::from_secs(10),
            body_within: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Those of the port between hosts. Its guests keep connections that rest for long, one host may stand for many
    /// behind one address, and a snapshot takes its time.
    #[must_use]
    pub fn between_hosts() -> Self {
        Self {
            per_client: 4096,
            streams: 512,
            head_within: Duration::from_secs(120),
            body_within: Duration::from_secs(600),
            ..Self::default()
        }
    }
}

/// Serves `router` until `stop`; then lets those finish who are being answered, for a short time. Queries that
/// block are answered at once.
///
/// # Errors
/// Never, as yet: what fails concerns one connection.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    let (mut guests, mut open) = (Guests::default(), JoinSet::new());
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(left) = open.join_next() => {
                if let Ok(who) = left {
                    guests.leave(who);
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, from)) if guests.enter(from.ip(), limits) => {
                    open.spawn(connection(stream, from.ip(), router.clone(), limits, stop.clone()));
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
    drop(listener);
    let _ = timeout(GRACE, async { while open.join_next().await.is_some() {} }).await;
    open.shutdown().await;
    Ok(())
}

async fn connection(
    stream: TcpStream,
    from: IpAddr,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> IpAddr {
    let _ = stream.set_nodelay(true);
    let protocol = tokio::select! {
        protocol = timeout(limits.head_within, protocol::of(&stream)) => protocol,
        () = stop.cancelled() => return from,
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder = match protocol {
        Ok(Ok(Protocol::Http1)) => builder.http1_only(),
        Ok(Ok(Protocol::Http2)) => builder.http2_only(),
        Ok(Err(_)) | Err(_) => return from,
    };
    // Names of headers in Go's case: there are clients that look for them so.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_buf_size(limits.head as usize)
        .title_case_headers(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.head)
        .keep_alive_interval(ALIVE)
        .keep_alive_timeout(ALIVE);
    // Shared: to clone a token takes a lock, and that for each request.
    let stop = Arc::new(stop);
    let closing = stop.clone();
    let service = service_fn(move |request| answer(router.clone(), request, limits, stop.clone()));
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = closing.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%from, %error, "a connection ended early");
    }
    from
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    limits: Limits,
    stop: Arc<CancellationToken>,
) -> Result<Response, Infallible> {
    let blocks = request.uri().query().is_some_and(blocks);
    let (head, body) = request.into_parts();
    let (body, late) = if body.is_end_stream() {
        (Body::empty(), None)
    } else {
        let (body, late) = Within::new(body, limits.body_within);
        (Body::new(body), Some(late))
    };
    let answering = router.oneshot(Request::from_parts(head, body));
    let answer = if blocks {
        tokio::select! {
            biased;
            answer = answering => answer?,
            () = stop.cancelled() => {
                (StatusCode::SERVICE_UNAVAILABLE, "this agent is stopping: ask another").into_response()
            }
        }
    } else {
        answering.await?
    };
    Ok(if late.is_some_and(|late| late.is_set()) {
        let text = format!("the body of the request did not come within {:?}", limits.body_within);
        (StatusCode::REQUEST_TIMEOUT, text).into_response()
    } else {
        answer
    })
}

/// Whether a request may wait for a change.
fn blocks(query: &str) -> bool {
    query.split('&').any(|pair| pair.starts_with("index=") || pair.starts_with("hash="))
}

/// Says why, as far as the socket takes it at once, and closes.
fn refuse(mut stream: TcpStream) {
    use futures_util::FutureExt as _;
    let _ = stream.write_all(TOO_MANY.as_bytes()).now_or_never();
}

#[cfg(test)]
mod tests;
