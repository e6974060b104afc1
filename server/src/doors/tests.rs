//! Real sockets: guests that are too many, slow, silent, or still there when the port closes.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::AsyncReadExt as _;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::*;

const LONG: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(300);

struct Door {
    at: SocketAddr,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<io::Result<()>>,
    /// Somebody asks for `/slow`.
    entered: Arc<Notify>,
    /// Lets `/slow` answer.
    go_on: Arc<Notify>,
}

/// `/` says "in"; `/slow` waits to be let go on; `PUT` says how much came.
async fn door(limits: Limits) -> Door {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (at, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let (entered, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (bell, gate) = (entered.clone(), go_on.clone());
    let slow = move || {
        let (bell, gate) = (bell.clone(), gate.clone());
        async move {
            bell.notify_one();
            gate.notified().await;
            "done"
        }
    };
    let put = |body: axum::body::Bytes| async move { body.len().to_string() };
    let router = Router::new()
        .route("/slow", axum::routing::get(slow))
        .route("/put", axum::routing::put(put))
        .fallback(|| async { "in" });
    let served = tokio::spawn(serve(listener, router, limits, stop.clone()));
    Door { at, stop, served, entered, go_on }
}

async fn ask(stream: &mut TcpStream, path: &str) -> String {
    let _ = stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await;
    let mut answer = vec![0; 1024];
    let read = timeout(LONG, stream.read(&mut answer)).await.unwrap().unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

async fn all(stream: &mut TcpStream) -> String {
    let mut told = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut told)).await.expect("it is not closed");
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test]
async fn one_too_many_is_told_so_and_comes_in_when_another_has_left() {
    let door = door(Limits { per_client: 1, all: 10, ..Limits::default() }).await;
    let mut first = TcpStream::connect(door.at).await.unwrap();
    assert!(ask(&mut first, "/").await.ends_with("in"));
    let told = all(&mut TcpStream::connect(door.at).await.unwrap()).await;
    assert!(told.starts_with("HTTP/1.1 429 ") && told.contains("rate limit your calls"), "{told}");
    drop(first);
    let comes_in =
        async { while !ask(&mut TcpStream::connect(door.at).await.unwrap(), "/").await.ends_with("in") {} };
    timeout(LONG, comes_in).await.expect("a place is free again");
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let door = door(Limits { head_within: SOON, ..Limits::default() }).await;
    for begun in ["", "GET / HT", "PRI * HTTP/2.0\r\n"] {
        let mut stream = TcpStream::connect(door.at).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let told = all(&mut stream).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{begun}: {told}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered() {
    let door = door(Limits { body_within: SOON, ..Limits::default() }).await;
    let mut stream = TcpStream::connect(door.at).await.unwrap();
    let head = "PUT /put HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12";
    stream.write_all(head.as_bytes()).await.unwrap();
    let told = all(&mut stream).await;
    assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
    let mut stream = TcpStream::connect(door.at).await.unwrap();
    stream.write_all(format!("{head}345").as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    let read = timeout(LONG, stream.read(&mut answer)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).ends_with("\r\n\r\n5"));
}

#[tokio::test]
async fn who_is_being_answered_gets_the_answer_when_the_port_closes() {
    let door = door(Limits::default()).await;
    let mut stream = TcpStream::connect(door.at).await.unwrap();
    let asked = ask(&mut stream, "/slow");
    let closed = async {
        door.entered.notified().await;
        door.stop.cancel();
        tokio::time::sleep(SOON).await;
        door.go_on.notify_one();
    };
    let (answer, ()) = tokio::join!(asked, closed);
    assert!(answer.ends_with("done"), "{answer}");
    timeout(LONG, door.served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_query_that_blocks_is_answered_at_once_when_the_port_closes() {
    let door = door(Limits::default()).await;
    let mut stream = TcpStream::connect(door.at).await.unwrap();
    let mut idle = TcpStream::connect(door.at).await.unwrap();
    assert!(ask(&mut idle, "/").await.ends_with("in"));
    let closed = async {
        door.entered.notified().await;
        door.stop.cancel();
        Instant::now()
    };
    let (answer, closed) = tokio::join!(ask(&mut stream, "/slow?index=7"), closed);
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    timeout(LONG, door.served).await.unwrap().unwrap().unwrap();
    assert!(closed.elapsed() < GRACE, "nobody is waited for");
}

#[tokio::test]
async fn who_never_ends_is_cut_off_when_the_grace_is_over() {
    let door = door(Limits::default()).await;
    let mut stream = TcpStream::connect(door.at).await.unwrap();
    let closed = async {
        door.entered.notified().await;
        door.stop.cancel();
    };
    let (answer, ()) = tokio::join!(ask(&mut stream, "/slow"), closed);
    assert!(answer.is_empty(), "{answer}");
    timeout(LONG, door.served).await.unwrap().unwrap().unwrap();
}

#[test]
fn what_blocks_is_known_by_its_words() {
    for (query, expected) in [("index=7", true), ("stale&hash=a", true), ("myindex=7", false), ("", false)] {
        assert_eq!(blocks(query), expected, "{query}");
    }
}
