//! HTTP: one request on a connection of its own, redirects followed. It must never keep a connection, go
//! through a proxy, or hold more of an answer than the limit.
//!
//! hyper is used without a client above it: the name in the certificate may differ from the host of the URL,
//! nothing is pooled, and the errors are the dialer's own.

mod answer;
mod request;
mod tls;

use std::collections::BTreeMap;

use tokio::time::{Instant, timeout_at};
use url::Url;

pub(crate) use self::tls::Tls;
use self::{answer::Exchange, request::Request};
use crate::{
    definition::{ProbeSpec, Status},
    dial::Dialer,
    output::Tail,
    probe::Outcome,
};

#[cfg(test)]
pub(crate) mod tests;

/// More than this is a loop.
const MAX_REDIRECTS: usize = 10;

/// The fields of an HTTP check.
struct Check<'a> {
    url: &'a str,
    method: &'a str,
    header: &'a BTreeMap<String, Vec<String>>,
    body: &'a str,
    skip_verify: bool,
    server_name: &'a str,
    follow: bool,
}

/// What all requests of a run use.
struct Peer<'a> {
    dialer: &'a Dialer,
    tls: &'a Tls,
    skip_verify: bool,
    server_name: &'a str,
}

/// One run.
pub(crate) async fn probe(
    spec: &ProbeSpec,
    limit: usize,
    dialer: &Dialer,
    tls: &Tls,
    deadline: Instant,
) -> Outcome {
    let ProbeSpec::Http { url, method, header, body, tls_skip_verify, tls_server_name, disable_redirects } =
        spec
    else {
        return Outcome::critical("not an HTTP check");
    };
    let check = Check {
        url,
        method: if method.is_empty() { "GET" } else { method },
        header,
        body,
        skip_verify: *tls_skip_verify,
        server_name: tls_server_name,
        follow: !disable_redirects,
    };
    let parsed = match request::parse(check.url) {
        Ok(parsed) => parsed,
        Err(error) => {
            let after = |why| format!("{} \"{url}\": {why}", request::verb(check.method));
            return Outcome::critical(error.text(after));
        }
    };
    let shown = shown(url, &parsed);
    let headers = timeout_at(deadline, check.answer(parsed, &shown, dialer, tls)).await;
    let mut exchange = match headers {
        Ok(Ok(exchange)) => exchange,
        Ok(Err(text)) => return Outcome::critical(text),
        Err(_late) => {
            let late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
            return Outcome::critical(format!("{} \"{shown}\": {late}", request::verb(check.method)));
        }
    };
    // The status is known; a body that breaks off or comes slowly changes nothing of it.
    let mut tail = Tail::new(limit);
    let _ = timeout_at(deadline, exchange.read(&mut tail)).await;
    let line = exchange.status_line();
    Outcome::new(
        judge(exchange.code()),
        format!("HTTP {} {shown}: {line} Output: {}", check.method, tail.text()),
    )
}

fn judge(code: u16) -> Status {
    match code {
        200..=299 => Status::Passing,
        // Too many requests: it works, and should be left alone.
        429 => Status::Warning,
        _ => Status::Critical,
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

impl Check<'_> {
    /// Asks, and asks on where redirects lead, until there is an answer to judge.
    async fn answer(&self, url: Url, shown: &str, dialer: &Dialer, tls: &Tls) -> Result<Exchange, String> {
        let peer = Peer { dialer, tls, skip_verify: self.skip_verify, server_name: self.server_name };
        let mut shown = shown.to_owned();
        let fail =
            |method: &str, shown: &str, why: String| format!("{} \"{shown}\": {why}", request::verb(method));
        let mut request = Request::new(self.method, url, self.header, self.body)
            .map_err(|error| error.text(|why| fail(self.method, &shown, why)))?;
        for redirects in 0.. {
            let exchange = answer::ask(&request, &peer)
                .await
                .map_err(|why| fail(&request.method_text(), &shown, why))?;
            if !self.follow || !request::leads_on(exchange.code()) {
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
        Err(fail(self.method, &shown, "no answer".to_owned()))
    }
}
