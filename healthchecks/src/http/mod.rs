//! HTTP: one request on a connection of its own, redirects followed. It must never keep a connection, go
//! through a proxy, or hold more of an answer than the limit.
//!
//! hyper is used without a client above it: the name in the certificate may differ from the host of the URL,
//! nothing is pooled, and the errors are the dialer's own.

mod answer;
mod expect;
mod request;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::HeaderMap;
use muster_api::{ApiError, check::CheckDefinition};
use tokio::time::{Instant, timeout_at};
use url::Url;

use self::{
    answer::Exchange,
    expect::{Body, Expectations},
    request::Request,
};
use crate::{
    definition::Status,
    kinds::Kind,
    output::Tail,
    probe::{Outcome, Probe, Reach, Run, Running},
    tls::Demands,
};

#[cfg(test)]
pub(crate) mod tests;

pub(crate) const KIND: Kind = Kind {
    word: "http",
    claims: |check| !check.http.is_empty(),
    read: |check| Ok(Arc::new(Http::read(check)?)),
    commands: false,
    timeout: Duration::from_secs(10),
};

/// More than this is a loop.
const MAX_REDIRECTS: usize = 10;

/// A body that took all the time of its run is matched in this all the same.
const MATCHED: Duration = Duration::from_millis(500);

/// What is asked for, and of whom.
#[derive(Debug)]
struct Http {
    /// `http://…` or `https://…`.
    url: String,
    /// The method as it goes out.
    method: String,
    /// Headers of the request; `Host`, `User-Agent` and `Accept` replace the usual ones.
    header: BTreeMap<String, Vec<String>>,
    /// The body of the request; may be empty.
    body: String,
    /// Of a peer with TLS.
    demands: Demands,
    /// Of the answer.
    expectations: Arc<Expectations>,
    /// Judge where a redirect leads instead of the redirect itself.
    follow: bool,
}

/// What all requests of a run use.
struct Peer<'a> {
    reach: &'a Reach,
    demands: &'a Demands,
}

impl Probe for Http {
    fn run<'r>(&'r self, run: &'r Run<'r>) -> Running<'r> {
        Box::pin(self.request(run))
    }
}

/// The URL as it was written, except for a password: outputs are open to every reader of the catalog.
fn shown(written: &str, parsed: &Url) -> String {
    match parsed.password() {
        None => written.to_owned(),
        Some(_) => {
            let mut masked = parsed.clone();
            let _ = masked.set_password(Some("***"));
            masked.to_string()
        }
    }
}

impl Http {
    fn read(check: &CheckDefinition) -> Result<Self, ApiError> {
        Ok(Self {
            url: check.http.clone(),
            method: if check.method.is_empty() { "GET".to_owned() } else { check.method.clone() },
            header: check.header.clone().unwrap_or_default(),
            body: check.body.clone(),
            demands: Demands::read(check)?,
            expectations: Arc::new(Expectations::read(check)?),
            follow: !check.disable_redirects,
        })
    }

    async fn request(&self, run: &Run<'_>) -> Outcome {
        let Self { url, method, .. } = self;
        let parsed = match request::parse(url) {
            Ok(parsed) => parsed,
            Err(error) => {
                let after = |why| format!("{} \"{url}\": {why}", request::verb(method));
                return Outcome::critical(error.text(after));
            }
        };
        let shown = shown(url, &parsed);
        let mut exchange = match timeout_at(run.deadline, self.answer(parsed, &shown, run.reach)).await {
            Ok(Ok(exchange)) => exchange,
            Ok(Err(text)) => return Outcome::critical(text),
            Err(_late) => {
                let late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
                return Outcome::critical(format!("{} \"{shown}\": {late}", request::verb(method)));
            }
        };
        // The status is known; a body that breaks off or comes slowly changes nothing of it.
        let (mut tail, mut body) = (Tail::new(run.output_limit), Body::default());
        let kept = self.expectations.wants_body().then_some(&mut body);
        let _ = timeout_at(run.deadline, exchange.read(&mut tail, kept)).await;
        let line = exchange.status_line();
        let text = format!("HTTP {method} {shown}: {line} Output: {}", tail.text());
        match self.judge((exchange.code(), &exchange.headers), body, run).await {
            Ok(status) => Outcome::new(status, text).warned(exchange.warning),
            Err(why) => Outcome::critical(format!("{why}; {text}")),
        }
    }

    /// Judges the answer. There are expressions for which a long body takes a minute, and whoever registers a check
    /// chooses both: they are matched on threads of their own, a few at a time, and no run waits for that.
    async fn judge(
        &self,
        (code, headers): (u16, &HeaderMap),
        body: Body,
        run: &Run<'_>,
    ) -> Result<Status, String> {
        let expectations = self.expectations.clone();
        if !expectations.has_expression() {
            return expectations.judge(code, headers, &body);
        }
        let (matchers, headers) = (run.reach.matchers.clone(), headers.clone());
        let judged = async {
            let turn = matchers.acquire_owned().await.map_err(|error| error.to_string())?;
            let judging = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                expectations.judge(code, &headers, &body)
            });
            judging.await.map_err(|error| error.to_string())?
        };
        let until = run.deadline.max(Instant::now() + MATCHED);
        let late = |_| "ExpectBodyRegex could not be matched in time".to_owned();
        timeout_at(until, judged).await.map_err(late)?
    }

    /// Asks, and asks on where redirects lead, until there is an answer to judge.
    async fn answer(&self, url: Url, shown: &str, reach: &Reach) -> Result<Exchange, String> {
        let peer = Peer { reach, demands: &self.demands };
        let mut shown = shown.to_owned();
        let fail =
            |method: &str, shown: &str, why: String| format!("{} \"{shown}\": {why}", request::verb(method));
        let mut request = Request::new(&self.method, url, &self.header, &self.body)
            .map_err(|error| error.text(|why| fail(&self.method, &shown, why)))?;
        for redirects in 0.. {
            let exchange = answer::ask(&request, &peer)
                .await
                .map_err(|why| fail(&request.method_text(), &shown, why))?;
            let leads_on = request::leads_on(exchange.code()) && !self.expectations.names(exchange.code());
            if !self.follow || !leads_on {
                return Ok(exchange);
            }
            let Some(location) = exchange.location() else {
                let why = format!("{} response missing Location header", exchange.code());
                return Err(fail(&request.method_text(), &shown, why));
            };
            if redirects + 1 >= MAX_REDIRECTS {
                let why = format!("stopped after {MAX_REDIRECTS} redirects");
                return Err(fail(&request.method_text(), &location, why));
            }
            request = request
                .redirected(exchange.code(), &location)
                .map_err(|why| fail(&request.method_text(), &location, why))?;
            shown = self::shown(request.url.as_str(), &request.url);
        }
        Err(fail(&self.method, &shown, "no answer".to_owned()))
    }
}
