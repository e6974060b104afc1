//! A tool that knows Consul only: Prometheus finds its targets at a client agent, and drops what has stopped.
//! It is that of Debian 11: later ones are built without the discovery by Consul.

use std::time::Duration;

use serde_json::Value;

use crate::ask::until;
use crate::network::Host;
use crate::process::Process;
use crate::town::Town;

const PORT: u16 = 9090;

#[test]
fn prometheus_finds_its_targets_and_drops_what_stopped() {
    let mut town = Town::start();
    let host = town.clients[0].host.clone();
    let mut prometheus = start(&host);
    let all = ["web-1", "web-2", "web-3"];
    let found = || {
        prometheus.must_live();
        targets(&host)
    };
    let first = until("Prometheus finds and scrapes all", Duration::from_secs(40), found, |found| {
        found.iter().map(|(id, health)| (id.as_str(), health.as_str())).eq(all.map(|id| (id, "up")))
    });
    town.webs[2].kill();
    let names = || targets(&host).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let gone = until("Prometheus drops what stopped", Duration::from_secs(15), names, |found| {
        *found == ["web-1", "web-2"]
    });
    town.webs[2].start_again();
    until("Prometheus takes it up again", Duration::from_secs(15), names, |found| *found == all);
    eprintln!("e2e: Prometheus scraped all targets after {first:?}, dropped a stopped one after {gone:?}");
}

fn start(host: &Host) -> Process {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/get-prometheus");
    let found = std::process::Command::new(script).output().unwrap();
    assert!(found.status.success(), "bench/get-prometheus: {}", String::from_utf8_lossy(&found.stderr));
    let program = String::from_utf8(found.stdout).unwrap();
    Process::start(host, program.trim(), |folder| {
        // As its users write it: discovery gives every instance, the relabelling keeps those that are healthy.
        let config = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s }}
scrape_configs:
  - job_name: web
    consul_sd_configs:
      - server: '{}:8500'
        services: [web]
        tags: [nginx]
        refresh_interval: 1s
    relabel_configs:
      - {{ source_labels: [__meta_consul_health], regex: passing, action: keep }}
      - {{ source_labels: [__meta_consul_service_id], target_label: id }}
",
            host.own
        );
        let file = folder.join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        vec![
            format!("--config.file={}", file.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address={}:{PORT}", host.own),
            "--log.level=error".into(),
        ]
    })
}

/// The active targets with their health, sorted.
fn targets(host: &Host) -> Vec<(String, String)> {
    let answer = host.http("GET", PORT, "/api/v1/targets?state=active", "").json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let active = answer["data"]["activeTargets"].as_array().cloned().unwrap_or_default();
    let mut found: Vec<(String, String)> =
        active.iter().map(|target| (text(&target["labels"]["id"]), text(&target["health"]))).collect();
    found.sort();
    found
}
