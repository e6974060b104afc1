//! Plays one case against one server. Never compares.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Failure;
use crate::case::{Body, Case, Step};
use crate::contestant::{Contestant, NODE};
use crate::normalise::{self, Own, Seen};
use crate::wire::{self, Answer};

/// How long `until` is waited for.
const PATIENCE: Duration = Duration::from_secs(6);
const PAUSE: Duration = Duration::from_millis(25);

/// What a case's steps fill in, and what earlier answers gave.
struct Script<'a> {
    server: &'a Contestant,
    name: String,
    index: String,
    modify: String,
    /// A step was answered 501: what it would have done will not show up, however long it is waited for.
    refused: bool,
}

/// Sends every step in order, sweeps the server, and returns what was observed.
pub(crate) async fn play(server: &Contestant, case: &Case, number: usize) -> Result<Played, Failure> {
    let mut script = Script {
        server,
        name: format!("case{number}"),
        index: "1".into(),
        modify: "0".into(),
        refused: false,
    };
    let mut seen = Vec::new();
    for step in case.steps {
        seen.push(
            script.step(step).await.map_err(|failure| Failure::Wire(format!("{}: {failure}", case.name)))?,
        );
    }
    let whole = server.sweep().await?;
    let own = Own {
        http: server.http,
        dns: server.dns,
        server: server.server,
        node_id: server.node_id.clone(),
        version: server.version.clone(),
    };
    let steps = normalise::observations(&own, &seen);
    Ok(Played { steps, whole })
}

/// What a case showed of one server.
pub(crate) struct Played {
    /// One value per step.
    pub(crate) steps: Vec<Value>,
    /// The server's own node and its check are there as before: the next case starts as this one did.
    pub(crate) whole: bool,
}

impl Script<'_> {
    async fn step<'s>(&mut self, step: &'s Step) -> Result<Seen<'s>, Failure> {
        let path = self.fill(step.path);
        let deadline = Instant::now() + PATIENCE;
        let (wanted, present) = match step.until.strip_prefix('!') {
            Some(text) => (self.fill(text), false),
            None => (self.fill(step.until), true),
        };
        loop {
            let answer = self.send(step, &path).await?;
            let met = wanted.is_empty() || holds(&answer, &wanted) == present;
            self.refused |= answer.status == 501;
            let hopeless = self.refused || Instant::now() > deadline;
            if met || hopeless {
                self.remember(&answer);
                return Ok(Seen { step, path, part: self.fill(step.part), answer, gave_up: !met });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn send(&self, step: &Step, path: &str) -> Result<Answer, Failure> {
        let body = match step.body {
            Body::None => None,
            Body::Text(text) => Some(self.fill(text).into_bytes()),
            Body::Bytes(bytes) => Some(bytes.to_vec()),
            Body::Repeat(byte, count) => Some(vec![byte; count]),
        };
        let headers: Vec<(String, String)> =
            step.headers.iter().map(|(name, value)| ((*name).to_owned(), self.fill(value))).collect();
        let answer = wire::exchange(self.server.http, step.method, path, &headers, body.as_deref());
        if step.given_up_after == 0 {
            return answer.await;
        }
        let longest = Duration::from_millis(step.given_up_after);
        tokio::time::timeout(longest, answer).await.unwrap_or_else(|_| Ok(Answer::default()))
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{n}", &self.name)
            .replace("{node}", NODE)
            .replace("{node-id}", &self.server.node_id)
            .replace("{http}", &self.server.http.to_string())
            .replace("{dns}", &self.server.dns.to_string())
            .replace("{server}", &self.server.server.to_string())
            .replace("{index}", &self.index)
            .replace("{modify}", &self.modify)
    }

    fn remember(&mut self, answer: &Answer) {
        if let Some(index) = answer.header("x-consul-index") {
            self.index = index;
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let first = body.get(0).unwrap_or(&body);
        if let Some(modify) = first.get("ModifyIndex").and_then(Value::as_u64) {
            self.modify = modify.to_string();
        }
    }
}

/// Servers differ in white space: it is left out on both sides.
fn holds(answer: &Answer, wanted: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    bare(&answer.text()).contains(&bare(wanted))
}
