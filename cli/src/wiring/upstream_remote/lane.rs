//! Connections that carry one sort of call, so that no sort can hold up another. Each carries far fewer calls than a
//! server allows on one, and a lane that is full says so at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use muster_api::Reply;

/// A connection on which nothing comes back for so long is dead.
const PROBE: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_secs(1);
/// Longer than any blocking query.
const LONGEST: Duration = Duration::from_secs(700);
/// Most calls that one connection carries: servers allow 512.
const CALLS: usize = 128;
/// Headers that belong to one connection, not to the request.
const HOP_BY_HOP: [&str; 6] =
    ["connection", "host", "keep-alive", "transfer-encoding", "upgrade", "content-length"];

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failed {
    /// As many calls as the lane takes are under way.
    Full,
    /// It was not sent.
    Before(String),
    /// It may have been done.
    After(String),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => f.write_str("too many calls are under way"),
            Self::Before(words) | Self::After(words) => f.write_str(words),
        }
    }
}

/// A fixed number of connections to whichever servers are asked.
pub(super) struct Lane(Vec<Connection>);

/// One connection to each server that is asked; made when it is needed, closed when it rests.
struct Connection {
    client: reqwest::Client,
    calls: AtomicUsize,
}

/// A call's place on a connection.
struct Place<'l>(&'l Connection);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    pub(super) fn new(connections: usize) -> Result<Self, reqwest::Error> {
        let connection = || {
            let client = reqwest::Client::builder()
                .http2_prior_knowledge()
                .http2_keep_alive_interval(PROBE)
                .http2_keep_alive_timeout(PROBE)
                .http2_keep_alive_while_idle(true)
                .connect_timeout(CONNECT)
                .timeout(LONGEST)
                .tcp_nodelay(true)
                .no_proxy()
                .build()?;
            Ok(Connection { client, calls: AtomicUsize::new(0) })
        };
        Ok(Self((0..connections).map(|_| connection()).collect::<Result<_, _>>()?))
    }

    /// The first that has room: few connections are used where few are needed.
    fn place(&self) -> Option<Place<'_>> {
        let room = |calls: usize| (calls < CALLS).then_some(calls + 1);
        let taken = |connection: &&Connection| {
            connection.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok()
        };
        self.0.iter().find(taken).map(Place)
    }

    /// Sends `request` to `address` and gives the whole answer, whatever its status.
    pub(super) async fn send(&self, address: &str, request: &Request<Bytes>) -> Result<Reply, Failed> {
        let place = self.place().ok_or(Failed::Full)?;
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let mut call = place.0.client.request(request.method().clone(), format!("http://{address}{path}"));
        for (name, value) in request.headers() {
            if !HOP_BY_HOP.contains(&name.as_str()) {
                call = call.header(name, value);
            }
        }
        let answer = call.body(request.body().clone()).send().await.map_err(|error| {
            let words = words(&error);
            if error.is_connect() { Failed::Before(words) } else { Failed::After(words) }
        })?;
        let mut reply = Reply::new(Bytes::new());
        *reply.status_mut() = answer.status();
        for (name, value) in answer.headers() {
            if !HOP_BY_HOP.contains(&name.as_str()) && name != http::header::DATE {
                reply.headers_mut().append(name, value.clone());
            }
        }
        *reply.body_mut() = answer.bytes().await.map_err(|error| Failed::After(words(&error)))?;
        Ok(reply)
    }
}

fn words(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}
