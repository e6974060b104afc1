//! The way from the command line to an agent's HTTP API.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Failure, no_words};

/// Flags that every command that talks to an agent takes.
#[derive(clap::Args, Clone)]
pub(crate) struct HttpFlags {
    /// Address of the agent's HTTP API.
    #[arg(long, env = "CONSUL_HTTP_ADDR", default_value = "127.0.0.1:8500")]
    http_addr: String,
    /// A token to send along.
    #[arg(long, env = "CONSUL_HTTP_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// A file with the token.
    #[arg(long, env = "CONSUL_HTTP_TOKEN_FILE")]
    token_file: Option<String>,
    /// The datacenter to ask; the agent's own if left out.
    #[arg(long)]
    datacenter: Option<String>,
    /// Answer from any server.
    #[arg(long)]
    stale: bool,
    /// Whether to speak TLS: not there yet.
    #[arg(skip = std::env::var("CONSUL_HTTP_SSL").unwrap_or_default())]
    ssl: String,
}

/// What an agent answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `X-Consul-Index`; 0 where there is none.
    pub(crate) index: u64,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("the answer is no JSON: {error}"))
    }

    /// Refuses what is no success, in the words of Consul's client.
    pub(crate) fn good(self) -> Result<Self, String> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let text = String::from_utf8_lossy(&self.body);
        Err(format!("Unexpected response code: {} ({text})", self.status))
    }
}

/// Flags of a command that asks an agent and takes no words.
#[derive(clap::Args)]
pub(crate) struct WordlessFlags {
    #[command(flatten)]
    http: HttpFlags,
    #[arg(hide = true)]
    words: Vec<String>,
}

impl WordlessFlags {
    /// How to reach the agent.
    ///
    /// # Errors
    /// In Consul's words, where there are words after all.
    pub(crate) fn http(&self) -> Result<&HttpFlags, Failure> {
        no_words(&self.words).map(|()| &self.http)
    }
}

impl HttpFlags {
    fn base(&self) -> Result<String, String> {
        const NO_TLS: &str = "TLS is not there yet: use an http:// address and unset CONSUL_HTTP_SSL";
        let ssl = !matches!(self.ssl.as_str(), "" | "0" | "f" | "F" | "false" | "FALSE" | "False");
        match self.http_addr.split_once("://") {
            None if ssl => Err(NO_TLS.into()),
            None => Ok(format!("http://{}", self.http_addr)),
            Some(("http", _)) => Ok(self.http_addr.trim_end_matches('/').to_owned()),
            // The name of the host says nothing to a socket.
            Some(("unix", _)) => Ok("http://localhost".to_owned()),
            Some(("https", _)) => Err(NO_TLS.into()),
            Some((scheme, _)) => Err(format!("-http-addr {scheme}://…: only http:// and unix:// are spoken")),
        }
    }

    fn token(&self) -> Result<Option<String>, String> {
        if let Some(path) = &self.token_file {
            let read = std::fs::read_to_string(path);
            let text = read.map_err(|error| format!("Error loading token file: open {path}: {error}"))?;
            return Ok(Some(text.trim().to_owned()));
        }
        Ok(self.token.clone().filter(|token| !token.is_empty()))
    }

    /// Another address than the flags have.
    pub(crate) fn set_address(&mut self, address: String) {
        self.http_addr = address;
    }

    /// What is needed to ask the agent: a client, what stands before every path, and the token.
    pub(crate) fn connection(&self) -> Result<(reqwest::Client, String, Option<String>), String> {
        let mut client = reqwest::Client::builder().no_proxy();
        if let Some(path) = self.http_addr.strip_prefix("unix://") {
            client = client.unix_socket(path);
        }
        let client = client.build().map_err(|error| root(&error))?;
        Ok((client, self.base()?, self.token()?))
    }

    /// Sends one request; any answer is an answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, String> {
        let mut query = query.to_vec();
        if self.stale && method == Method::GET {
            query.push(("stale", ""));
        }
        if let Some(datacenter) = &self.datacenter {
            query.push(("dc", datacenter));
        }
        let (client, base, token) = self.connection()?;
        let url = format!("{base}{path}");
        let mut request = client.request(method.clone(), &url).body(body);
        if !query.is_empty() {
            request = request.query(&query);
        }
        if let Some(token) = token {
            request = request.header("X-Consul-Token", token);
        }
        let shown = match method.as_str() {
            "GET" => "Get",
            "PUT" => "Put",
            "DELETE" => "Delete",
            other => other,
        };
        let request = request.build().map_err(|error| root(&error))?;
        let url = request.url().clone();
        let at =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
        let failed = |error: reqwest::Error| match error.is_connect() {
            true => format!("{shown} \"{url}\": dial tcp {at}: connect: {}", root(&error)),
            false => format!("{shown} \"{url}\": {}", root(&error)),
        };
        let answer = client.execute(request).await.map_err(failed)?;
        let index = answer.headers().get("X-Consul-Index");
        let index = index.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0);
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(failed)?.to_vec();
        Ok(Answer { status, index, body })
    }

    /// Sends one request that has to succeed; `what` begins the sentence where it does not.
    pub(crate) async fn call(
        &self,
        what: &str,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let sent = self.send(method, path, query, body).await.and_then(Answer::good);
        sent.map_err(|error| Failure::Said(format!("{what}: {error}")))
    }

    /// A GET whose answer is JSON.
    pub(crate) async fn get(&self, what: &str, path: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        let answer = self.call(what, Method::GET, path, query, Vec::new()).await?;
        answer.json().map_err(|error| Failure::Said(format!("{what}: {error}")))
    }

    /// A GET whose answer has a shape of ours.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        what: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let answer = self.call(what, Method::GET, path, query, Vec::new()).await?;
        let read = serde_json::from_slice(&answer.body);
        read.map_err(|error| Failure::Said(format!("{what}: the answer cannot be read: {error}")))
    }

    /// A PUT without a body.
    pub(crate) async fn put(
        &self,
        what: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        self.call(what, Method::PUT, path, query, Vec::new()).await
    }
}

/// The innermost reason: what stands around it says nothing to whoever typed the command.
pub(crate) fn root(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    match reason.downcast_ref::<std::io::Error>() {
        Some(error) => super::plain(error),
        None => reason.to_string(),
    }
}

/// One segment of a path.
pub(crate) fn segment(text: &str) -> String {
    const KEPT: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    percent_encoding::utf8_percent_encode(text, &KEPT).to_string()
}

/// A key as it stands in a URL: the slashes stay.
pub(crate) fn key_path(key: &str) -> String {
    const KEPT: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    format!("/v1/kv/{}", percent_encoding::utf8_percent_encode(key, &KEPT))
}

/// A text field of an answer; empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
