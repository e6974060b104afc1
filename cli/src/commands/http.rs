//! The way from the command line to an agent's HTTP API.

use super::Failure;

/// Flags that every command that talks to an agent takes.
#[derive(clap::Args)]
pub(crate) struct HttpFlags {
    /// Address of the agent's HTTP API.
    #[arg(long, env = "CONSUL_HTTP_ADDR", default_value = "127.0.0.1:8500")]
    http_addr: String,
    /// Answer from any server.
    #[arg(long)]
    stale: bool,
}

impl HttpFlags {
    /// Sends one request; the body of a success comes back, `None` for a 404.
    pub(crate) async fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let base = if self.http_addr.contains("://") {
            self.http_addr.clone()
        } else {
            format!("http://{}", self.http_addr)
        };
        let mut query = query.to_vec();
        if self.stale && method == reqwest::Method::GET {
            query.push(("stale", ""));
        }
        let client = reqwest::Client::builder().no_proxy().build()?;
        let answer = client.request(method, format!("{base}{path}")).query(&query).body(body).send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?.to_vec();
        match status.as_u16() {
            200..300 => Ok(Some(bytes)),
            404 => Ok(None),
            code => Err(Failure::Answer { status: code, text: String::from_utf8_lossy(&bytes).into_owned() }),
        }
    }

    /// A GET whose answer is JSON.
    pub(crate) async fn get(&self, path: &str) -> Result<serde_json::Value, Failure> {
        let bytes = self.call(reqwest::Method::GET, path, &[], Vec::new()).await?.unwrap_or_default();
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::Said(format!("the answer is no JSON: {error}")))
    }
}

/// A key as it stands in a URL: the slashes stay.
pub(crate) fn key_path(key: &str) -> String {
    const KEPT: percent_encoding::AsciiSet =
        percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');
    let key = key.strip_prefix('/').unwrap_or(key);
    format!("/v1/kv/{}", percent_encoding::utf8_percent_encode(key, &KEPT))
}
