//! A real peer that answers as told and remembers what it was asked. Texts pinned from Consul 1.8.7.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use muster_api::check::CheckDefinition;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
    time::sleep,
};

use super::Http;
use crate::{
    definition::Status,
    probe::{Outcome, Probe, Reach, Run},
    tls::Tls,
};

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
/// An answer that goes out and then hangs, the connection open.
const STALL: &str = "<stall>";
/// A peer on this host gets its answer out within this on a busy machine too.
const ENOUGH: Duration = Duration::from_secs(5);

/// Gives one answer per connection, then is gone; its join handle returns what it was asked.
async fn peer(answers: &[&str]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let own = address.clone();
    let mut answers: VecDeque<_> = answers.iter().map(|a| a.replace("PEER", &own)).collect();
    let task = tokio::spawn(async move {
        let mut asked = Vec::new();
        while let Some(answer) = answers.pop_front() {
            let (stream, _) = listener.accept().await.unwrap();
            asked.push(serve(stream, &answer).await);
        }
        asked
    });
    (address, task)
}

pub(crate) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> String {
    let (mut asked, mut chunk) = (String::new(), [0; 1024]);
    loop {
        let read = stream.read(&mut chunk).await.unwrap();
        asked.push_str(&String::from_utf8_lossy(&chunk[..read]));
        let body =
            asked.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |l| l.parse().unwrap());
        if read == 0 || asked.split_once("\r\n\r\n").is_some_and(|(_, rest)| rest.len() >= body) {
            break;
        }
    }
    let (send, stalls) = answer.strip_suffix(STALL).map_or((answer, false), |send| (send, true));
    stream.write_all(send.as_bytes()).await.unwrap();
    if stalls {
        sleep(Duration::from_secs(60)).await;
    }
    let _ = stream.shutdown().await;
    asked
}

/// The definition of a test.
pub(crate) fn get(url: &str) -> CheckDefinition {
    CheckDefinition { http: url.to_owned(), ..CheckDefinition::default() }
}

fn with(url: &str, method: &str, header: &[(&str, &str)], body: &str) -> CheckDefinition {
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (key, value) in header {
        headers.entry((*key).to_owned()).or_default().push((*value).to_owned());
    }
    CheckDefinition { method: method.to_owned(), header: Some(headers), body: body.to_owned(), ..get(url) }
}

pub(crate) async fn run(check: &CheckDefinition) -> Outcome {
    run_with(check, 4096, Duration::from_secs(20), Tls::new()).await
}

pub(crate) async fn run_with(check: &CheckDefinition, limit: usize, time: Duration, tls: Tls) -> Outcome {
    let reach = Reach { tls, ..Reach::new() };
    Http::read(check).unwrap().run(&Run::new(&reach, limit, time)).await
}

/// Asks a peer with this one answer.
async fn answered(answer: &str) -> (Outcome, String) {
    let (address, _task) = peer(&[answer]).await;
    (run(&get(&format!("http://{address}/x"))).await, address)
}

#[tokio::test]
async fn the_status_code_is_the_status() {
    let cases = [
        ("200 OK", Status::Passing),
        ("201 Created", Status::Passing),
        ("299 Quite Odd", Status::Passing),
        ("300 Multiple Choices", Status::Critical),
        ("304 Not Modified", Status::Critical),
        ("400 Bad Request", Status::Critical),
        ("429 Too Many Requests", Status::Warning),
        ("500 Internal Server Error", Status::Critical),
        ("503 Service Unavailable", Status::Critical),
        ("599 ", Status::Critical),
    ];
    for (line, status) in cases {
        let (outcome, address) = answered(&format!("HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!(outcome, Outcome::new(status, format!("HTTP GET http://{address}/x: {line} Output: ")));
    }
}

#[tokio::test]
async fn the_request_is_consuls() {
    let (address, task) = peer(&[OK, OK]).await;
    let outcome = run(&get(&format!("http://{address}"))).await;
    let text = format!("HTTP GET http://{address}: 200 OK Output: hello");
    assert_eq!(outcome, Outcome::new(Status::Passing, text));
    let header = [("X-A", "1"), ("X-A", "2"), ("Host", "web.test"), ("user-agent", "me"), ("Accept", "a/b")];
    let junk = [("Content-Length", "99"), ("Transfer-Encoding", "chunked"), ("Connection", "keep-alive")];
    let spec = with(
        &format!("http://u:p%40@{address}/y?q=1#frag"),
        "POST",
        &[&header[..], &junk[..]].concat(),
        "hi",
    );
    let outcome = run(&spec).await;
    let text = format!("HTTP POST http://u:***@{address}/y?q=1#frag: 200 OK Output: hello");
    assert_eq!(outcome, Outcome::new(Status::Passing, text), "a password is not told");

    let asked = task.await.unwrap();
    let sorted = |asked: &str| {
        let mut lines: Vec<_> = asked.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect();
        lines[1..].sort();
        lines
    };
    let host = format!("host: {address}");
    let plain = ["GET / HTTP/1.1", "accept: text/plain, text/*, */*", "connection: close", &host];
    assert_eq!(sorted(&asked[0])[..4], plain);
    assert_eq!(sorted(&asked[0])[4..], ["user-agent: Consul Health Check"]);
    let rich = [
        "POST /y?q=1 HTTP/1.1",
        "accept: a/b",
        "authorization: Basic dTpwQA==",
        "connection: close",
        "content-length: 2",
        "hi",
        "host: web.test",
        "user-agent: me",
        "x-a: 1",
        "x-a: 2",
    ];
    assert_eq!(sorted(&asked[1]), rich);
}

#[tokio::test]
async fn redirects_are_followed() {
    let to = |code: u16| format!("HTTP/1.1 {code} X\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n");
    for (code, method, second) in [
        (301, "GET", "GET"),
        (302, "PUT", "GET"),
        (303, "POST", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
    ] {
        let (address, task) = peer(&[&to(code), OK]).await;
        let outcome = run(&with(&format!("http://{address}/x"), method, &[("Host", "web.test")], "b")).await;
        let body = if method == "HEAD" { "" } else { "hello" };
        let text = format!("HTTP {method} http://{address}/x: 200 OK Output: {body}");
        assert_eq!(outcome, Outcome::new(Status::Passing, text));
        let asked = task.await.unwrap();
        assert!(asked[1].starts_with(&format!("{second} /next HTTP/1.1\r\n")), "{code}: {}", asked[1]);
        assert!(asked[1].contains(&format!("referer: http://{address}/x\r\n")), "{}", asked[1]);
        assert!(asked[1].contains("host: web.test\r\n"), "{}", asked[1]);
        assert_eq!(asked[1].ends_with("\r\n\r\nb"), second == "POST", "{}", asked[1]);
    }
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let (other, other_task) = peer(&[OK]).await;
    let port = other.rsplit(':').next().unwrap();
    let away =
        format!("HTTP/1.1 302 Found\r\nLocation: http://localhost:{port}/\r\nContent-Length: 0\r\n\r\n");
    let (address, task) = peer(&[&away]).await;
    let header = [("Authorization", "secret"), ("Cookie", "secret"), ("Host", "web.test"), ("X-A", "1")];
    let outcome = run(&with(&format!("http://{address}/"), "GET", &header, "")).await;
    assert_eq!(outcome.status, Status::Passing, "{outcome:?}");
    assert!(task.await.unwrap()[0].contains("authorization: secret\r\n"));
    let asked = other_task.await.unwrap().remove(0);
    assert!(!asked.contains("secret"), "{asked}");
    assert!(
        asked.contains(&format!("host: localhost:{port}\r\n")) && asked.contains("x-a: 1\r\n"),
        "{asked}"
    );
}

#[tokio::test]
async fn redirects_end() {
    let round = "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n";
    let (address, _task) = peer(&[round; 10]).await;
    let outcome = run(&get(&format!("http://{address}/loop"))).await;
    assert_eq!(outcome, Outcome::critical("Get \"/loop\": stopped after 10 redirects"));

    let (outcome, address) = answered("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n").await;
    let text = format!("Get \"http://{address}/x\": 302 response missing Location header");
    assert_eq!(outcome, Outcome::critical(text));

    let (address, _task) = peer(&[round]).await;
    let spec = CheckDefinition { disable_redirects: true, ..get(&format!("http://{address}/")) };
    let text = format!("HTTP GET http://{address}/: 302 Found Output: ");
    assert_eq!(run(&spec).await, Outcome::critical(text));
}

#[tokio::test]
async fn the_end_of_a_long_body_is_kept() {
    let body: String = (1..=1000).map(|i| format!("{i}\n")).collect();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (address, _task) = peer(&[&answer]).await;
    let spec = get(&format!("http://{address}/"));
    let outcome = run_with(&spec, 20, Duration::from_secs(20), Tls::new()).await;
    let text = format!("HTTP GET http://{address}/: 200 OK Output: 96\n997\n998\n999\n1000\n");
    assert_eq!(outcome, Outcome::new(Status::Passing, text));
}

#[tokio::test]
async fn a_body_that_breaks_off_or_stalls_changes_nothing() {
    let (outcome, address) = answered("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nab").await;
    let text = format!("HTTP GET http://{address}/x: 200 OK Output: ab");
    assert_eq!(outcome, Outcome::new(Status::Passing, text));

    let (address, _task) = peer(&[&format!("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nabc{STALL}")]).await;
    let spec = get(&format!("http://{address}/"));
    let outcome = run_with(&spec, 4096, ENOUGH, Tls::new()).await;
    let text = format!("HTTP GET http://{address}/: 200 OK Output: abc");
    assert_eq!(outcome, Outcome::new(Status::Passing, text));
}

#[tokio::test]
async fn no_answer_is_critical() {
    let (outcome, address) = answered("").await;
    assert_eq!(outcome, Outcome::critical(format!("Get \"http://{address}/x\": EOF")));

    let (outcome, address) = answered("hello\r\n\r\n").await;
    let text = format!(
        "Get \"http://{address}/x\": net/http: HTTP/1.x transport connection broken: malformed HTTP response"
    );
    assert!(outcome.status == Status::Critical && outcome.output.starts_with(&text), "{outcome:?}");

    let (address, _task) = peer(&[STALL]).await;
    let spec = with(&format!("http://{address}/x"), "PUT", &[], "");
    let outcome = run_with(&spec, 4096, ENOUGH, Tls::new()).await;
    let late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    assert_eq!(outcome, Outcome::critical(format!("Put \"http://{address}/x\": {late}")));

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let outcome = run(&get(&format!("http://u:secret@{closed}/x"))).await;
    let text = format!("Get \"http://u:***@{closed}/x\": dial tcp {closed}: connect: connection refused");
    assert_eq!(outcome, Outcome::critical(text));
}

#[tokio::test]
async fn bad_definitions_say_what_is_wrong() {
    let cases = [
        (get("127.0.0.1:80/x"), "parse \"127.0.0.1:80/x\": first path segment in URL cannot contain colon"),
        (get("ftp://127.0.0.1/x"), "Get \"ftp://127.0.0.1/x\": unsupported protocol scheme \"ftp\""),
        (get("localhost:80/x"), "Get \"localhost:80/x\": unsupported protocol scheme \"localhost\""),
        (get("foo"), "Get \"foo\": unsupported protocol scheme \"\""),
        (get("http:///"), "Get \"http:///\": http: no Host in request URL"),
        (get("http:///host"), "Get \"http:///host\": http: no Host in request URL"),
        (get("http://a b/x"), "parse \"http://a b/x\": invalid character in host name"),
        (get("http://h:zz/"), "parse \"http://h:zz/\": invalid port after host"),
        (with("http://h/", "BAD METHOD", &[], ""), "net/http: invalid method \"BAD METHOD\""),
        (
            with("http://h/", "", &[("bad name", "1")], ""),
            "Get \"http://h/\": net/http: invalid header field name \"bad name\"",
        ),
        (
            with("http://h/", "", &[("X-A", "a\nb")], ""),
            "Get \"http://h/\": net/http: invalid header field value \"a\\nb\" for key X-A",
        ),
    ];
    for (spec, text) in cases {
        assert_eq!(run(&spec).await, Outcome::critical(text));
    }
}

#[tokio::test]
async fn what_is_expected_decides() {
    let good = "HTTP/1.1 200 OK\r\nX-Pool: blue\r\nContent-Length: 14\r\n\r\n{\"state\":\"up\"}";
    let bad = "HTTP/1.1 200 OK\r\nX-Pool: blue\r\nContent-Length: 16\r\n\r\n{\"state\":\"down\"}";
    let (address, _task) = peer(&[good, bad, good]).await;
    let mut check = get(&format!("http://{address}/"));
    check.expect_json = Some([("/state".to_owned(), "up".into())].into());
    check.expect_header = Some([("x-pool".to_owned(), "blue".to_owned())].into());
    let shown = |body: &str| format!("HTTP GET http://{address}/: 200 OK Output: {body}");
    let passing = Outcome::new(Status::Passing, shown(r#"{"state":"up"}"#));
    // The output may be short: what is looked at is more than what is kept.
    assert_eq!(run(&check).await, passing);
    let why = r#"expected "up" at "/state" of the body and found "down""#;
    let critical = Outcome::critical(format!("{why}; {}", shown(r#"{"state":"down"}"#)));
    assert_eq!(run(&check).await, critical);
    assert_eq!(run(&check).await, passing, "it recovers");
}

#[tokio::test]
async fn all_of_a_body_is_looked_at_and_little_is_kept() {
    let body = format!("ready{}", "x".repeat(200_000));
    let (address, _task) =
        peer(&[&format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())]).await;
    let check = CheckDefinition { expect_body: "ready".to_owned(), ..get(&format!("http://{address}/")) };
    let outcome = run_with(&check, 10, Duration::from_secs(20), Tls::new()).await;
    assert_eq!(
        outcome,
        Outcome::new(Status::Passing, format!("HTTP GET http://{address}/: 200 OK Output: xxxxxxxxxx"))
    );
}

#[tokio::test]
async fn a_redirect_that_is_expected_is_the_answer() {
    let (address, _task) =
        peer(&["HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"]).await;
    let check =
        CheckDefinition { expect_status: Some(vec!["302".to_owned()]), ..get(&format!("http://{address}/")) };
    let text = format!("HTTP GET http://{address}/: 302 Found Output: ");
    assert_eq!(run(&check).await, Outcome::new(Status::Passing, text));
}

/// The only thread of this test has to see the end of the run.
#[test]
fn an_expression_that_takes_long_holds_nobody_up() {
    let (mut body, mut seed) = (String::new(), 1_u64);
    while body.len() < 512 * 1024 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        body.push(if seed & 1 == 0 { 'a' } else { 'b' });
    }
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (outcome, url) = runtime.block_on(async {
        let (address, _peer) = peer(&[&answer]).await;
        let url = format!("http://{address}/");
        let check = CheckDefinition { expect_body_regex: "a[ab]{4000}c".to_owned(), ..get(&url) };
        (run_with(&check, 1, ENOUGH / 2, Tls::new()).await, url)
    });
    // The matching goes on, and nobody waits for it here either.
    runtime.shutdown_background();
    let text = format!("ExpectBodyRegex could not be matched in time; HTTP GET {url}: 200 OK Output: ");
    assert!(outcome.output.starts_with(&text), "{outcome:?}");
    assert_eq!(outcome.status, Status::Critical);
}
