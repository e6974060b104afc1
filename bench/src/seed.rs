//! The data that both contestants hold: the same calls, so the same catalog.

use crate::BenchError;

/// A service `web` with ten healthy instances, a thousand keys, and two hundred small services.
pub(crate) async fn small(url: &str) -> Result<(), BenchError> {
    let client = reqwest::Client::new();
    for index in 0..10 {
        put(&client, &format!("{url}/v1/catalog/register"), instance("web", index, index)).await?;
    }
    for index in 0..200 {
        put(&client, &format!("{url}/v1/catalog/register"), instance(&format!("app{index}"), index % 10, 0))
            .await?;
    }
    for index in 0..1000 {
        put(&client, &format!("{url}/v1/kv/seed/{index}"), format!("value of key {index}")).await?;
    }
    Ok(())
}

/// `count` instances over a thousand nodes, as many transactions as the bodies allow at a time.
pub(crate) async fn large(url: &str, count: usize) -> Result<(), BenchError> {
    let client = reqwest::Client::new();
    let lanes = 32;
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..lanes {
        let (client, url) = (client.clone(), url.to_owned());
        tasks.spawn(async move {
            for index in (lane..count).step_by(lanes) {
                let body = instance(&format!("large{}", index % 500), index % 1000, index);
                put(&client, &format!("{url}/v1/catalog/register"), body).await?;
            }
            Ok::<(), BenchError>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.map_err(|e| BenchError::Unexpected(e.to_string()))??;
    }
    Ok(())
}

/// The body that registers instance `index` of `service` on node `node`.
pub(crate) fn instance(service: &str, node: usize, index: usize) -> String {
    format!(
        r#"{{"Node":"node{node}","Address":"10.0.{}.{}","Service":{{"ID":"{service}-{index}","Service":"{service}","Port":8080,"Tags":["v1","blue"],"Meta":{{"zone":"a"}}}},"Check":{{"CheckID":"{service}-{index}","Name":"alive","Status":"passing","ServiceID":"{service}-{index}"}}}}"#,
        node / 250,
        node % 250 + 1
    )
}

async fn put(client: &reqwest::Client, url: &str, body: String) -> Result<(), BenchError> {
    let answer = client.put(url).body(body).send().await?;
    if answer.status().is_success() {
        return Ok(());
    }
    let status = answer.status();
    Err(BenchError::Unexpected(format!("{url}: {status} {}", answer.text().await.unwrap_or_default())))
}
