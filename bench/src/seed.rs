//! The data that all contestants hold: the same calls, so the same catalog.

use std::net::Ipv4Addr;

use crate::BenchError;

/// Healthy instances of the service `web`.
pub(crate) const WEB: usize = 10;
/// Keys under `seed/`.
pub(crate) const KEYS: usize = 1000;
const SMALL_SERVICES: usize = 300;
const LANES: usize = 128;

/// The service `web`, some hundred small services, and a thousand keys.
pub(crate) async fn small(url: &str) -> Result<(), BenchError> {
    let register = format!("{url}/v1/catalog/register");
    let mut calls = Vec::new();
    for index in 0..WEB {
        calls.push((register.clone(), instance("web", index, index)));
    }
    for index in 0..SMALL_SERVICES {
        calls.push((register.clone(), instance(&format!("app{index}"), index % WEB, 0)));
    }
    for index in 0..KEYS {
        calls.push((format!("{url}/v1/kv/seed/{index}"), format!("value of key {index}")));
    }
    let count = calls.len();
    in_lanes(count, move |index| calls[index].clone()).await
}

/// `count` instances of 500 services on 1,000 nodes.
pub(crate) async fn large(url: &str, count: usize) -> Result<(), BenchError> {
    let register = format!("{url}/v1/catalog/register");
    in_lanes(count, move |index| {
        (register.clone(), instance(&format!("large{}", index % 500), index % 1000, index))
    })
    .await
}

/// The body that registers instance `index` of `service` on node `node`.
pub(crate) fn instance(service: &str, node: usize, index: usize) -> String {
    let address = address(node);
    format!(
        r#"{{"Node":"node{node}","Address":"{address}","Service":{{"ID":"{service}-{index}","Service":"{service}","Port":8080,"Tags":["v1","blue"],"Meta":{{"zone":"a"}}}},"Check":{{"CheckID":"{service}-{index}","Name":"alive","Status":"passing","ServiceID":"{service}-{index}"}}}}"#
    )
}

/// The address of node `node`.
pub(crate) fn address(node: usize) -> Ipv4Addr {
    let octet = |number: usize| u8::try_from(number % 256).unwrap_or(0);
    Ipv4Addr::new(10, 0, octet(node / 250), octet(node % 250 + 1))
}

/// Makes all calls, some at a time.
async fn in_lanes(
    count: usize,
    call: impl Fn(usize) -> (String, String) + Send + Sync + 'static,
) -> Result<(), BenchError> {
    let (client, call) = (reqwest::Client::new(), std::sync::Arc::new(call));
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let (client, call) = (client.clone(), call.clone());
        tasks.spawn(async move {
            for index in (lane..count).step_by(LANES) {
                let (url, body) = call(index);
                put(&client, &url, body).await?;
            }
            Ok::<(), BenchError>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|error| BenchError::Unexpected(error.to_string()))??;
    }
    Ok(())
}

/// One call, and an error where it is no success.
pub(crate) async fn put(client: &reqwest::Client, url: &str, body: String) -> Result<(), BenchError> {
    let answer = client.put(url).body(body).send().await?;
    let status = answer.status();
    let said = answer.text().await?;
    if status.is_success() {
        return Ok(());
    }
    Err(BenchError::Unexpected(format!("{url}: {status} {said}")))
}
