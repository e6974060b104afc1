//! Questions to agents, asked on their own hosts with the tools that people use: curl and dig.

use std::io::Write as _;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::network::Host;

/// What came back over HTTP; status 0 where nobody answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) index: u64,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl Host {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.http("GET", 8500, path, "")
    }

    pub(crate) fn put(&self, path: &str, body: &str) -> Answer {
        self.http("PUT", 8500, path, body)
    }

    /// As a client that waits for so many seconds only.
    pub(crate) fn brief(&self, method: &str, path: &str, body: &str, seconds: u16) -> Answer {
        self.ask(method, 8500, path, body, seconds)
    }

    pub(crate) fn http(&self, method: &str, port: u16, path: &str, body: &str) -> Answer {
        self.ask(method, port, path, body, 40)
    }

    fn ask(&self, method: &str, port: u16, path: &str, body: &str, seconds: u16) -> Answer {
        let url = format!("http://{}:{port}{path}", self.own);
        let seconds = seconds.to_string();
        let arguments = ["--silent", "--include", "--globoff", "--max-time", &seconds, "--request", method];
        let arguments: Vec<&str> = arguments.into_iter().chain(["--data-binary", "@-", &url]).collect();
        let output = self.run("curl", &arguments, body);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let header = |name: &str| {
            head.lines().find_map(|line| {
                let (found, value) = line.split_once(": ")?;
                found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let index = header("X-Consul-Index").and_then(|index| index.parse().ok()).unwrap_or(0);
        Answer { status, index, body: body.to_owned() }
    }

    /// What `dig +short` says, sorted; nothing where nobody answers.
    pub(crate) fn dig(&self, name: &str, kind: &str) -> Vec<String> {
        let server = format!("@{}", self.own);
        let arguments = [&server, "-p", "8600", name, kind, "+short", "+tries=1", "+time=4"];
        let output = self.run("dig", &arguments, "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines: Vec<String> =
            text.lines().filter(|line| !line.starts_with(';')).map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// The IDs of the instances of a service, sorted.
    pub(crate) fn instances(&self, path: &str) -> Vec<String> {
        ids(&self.get(path))
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("setpriv, from Debian's util-linux");
        // Who ends before it has read everything says so by its answer.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() != Some(127) && !complaint.contains("failed to execute"),
            "{program} is missing (`make setup-test` installs it): {complaint}"
        );
        output
    }
}

/// The IDs of the instances in an answer of `/v1/health/service`, sorted.
pub(crate) fn ids(answer: &Answer) -> Vec<String> {
    let answer = answer.json();
    let entries = answer.as_array().into_iter().flatten();
    let mut ids: Vec<String> =
        entries.filter_map(|entry| entry["Service"]["ID"].as_str().map(str::to_owned)).collect();
    ids.sort();
    ids
}

/// Asks until the answer is as wished, and says how long that took. Panics with the last answer when `limit`
/// is over.
pub(crate) fn until<T: std::fmt::Debug>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> T,
    wished: impl Fn(&T) -> bool,
) -> Duration {
    let began = Instant::now();
    loop {
        let answer = ask();
        let took = began.elapsed();
        if wished(&answer) && took <= limit {
            return took;
        }
        assert!(took <= limit, "{what}: not within {limit:?} ({took:?}); the last answer: {answer:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
