//! Which definitions are taken, and that none of them can stop an agent.

use serde_json::json;

use crate::host::Host;

#[test]
fn no_duration_is_too_long_to_be_judged() {
    let mut host = Host::started();
    let fields = ["TTL", "Interval", "Timeout", "DeregisterCriticalServiceAfter"];
    let numbers = [json!(i64::MAX), json!(u64::MAX), json!(1e300), json!(-1e300), json!(i64::MIN)];
    let texts = ["2562047h47m16.854775807s", "-2562047h", "3000000000000000h", "99999999999999999999999ns"];
    let mut taken = 0;
    for (place, value) in texts.map(|text| json!(text)).into_iter().chain(numbers).enumerate() {
        for field in fields {
            for mut check in [json!({ "TTL": "10s" }), json!({ "TCP": "127.0.0.1:1", "Interval": "10s" })] {
                check[field] = value.clone();
                let body = json!({ "Name": format!("s{place}{field}"), "Check": check }).to_string();
                let (status, text) = host.ask("PUT", "/v1/agent/service/register", &body);
                assert!([200, 400].contains(&status), "{body}: {status} {text}");
                taken += usize::from(status == 200);
            }
        }
    }
    assert!(taken > 0);
    let long = json!({ "Name": "x", "TTL": "3000000000000000h" }).to_string();
    let refusal = "Request decode failed: time: invalid duration \"3000000000000000h\"";
    assert_eq!(host.ask("PUT", "/v1/agent/check/register", &long), (400, refusal.into()));
    // The looks for overdue instances go on, now and after a restart.
    for _ in 0..2 {
        host.wait(std::time::Duration::from_secs(5));
        let known = host.get("/v1/agent/services").as_object().unwrap().len();
        host.until("the catalog is told", || host.catalog.services().len() == known);
        host.crash_and_start();
    }
}

#[test]
fn what_is_below_zero_is_judged_in_consul_s_words() {
    let host = Host::started();
    const TTL: &str = "Invalid check: TTL must be > 0 for TTL checks";
    const INTERVAL: &str = "Invalid check: Interval must be > 0 for Script, HTTP, or TCP checks";
    for (check, refusal) in [
        (json!({ "TTL": "5s", "Timeout": "-1s" }), None),
        (json!({ "TTL": "5s", "Interval": "-5s" }), None),
        (json!({ "TTL": "5s", "DeregisterCriticalServiceAfter": "-1s" }), None),
        (json!({ "TCP": "127.0.0.1:1", "Interval": "1h", "TTL": "-5s" }), None),
        (json!({ "TTL": "5s", "OutputMaxSize": 5_000_000_000_000_u64 }), None),
        (json!({ "TTL": "-5s" }), Some(TTL)),
        (json!({ "TTL": -5 }), Some(TTL)),
        (json!({ "TTL": 1e30 }), Some(TTL)),
        (json!({ "TTL": "-5s", "Interval": "5s" }), Some(TTL)),
        (json!({ "TTL": "-5s", "OutputMaxSize": -1 }), Some(TTL)),
        (json!({ "TCP": "x:1", "Interval": "-5s" }), Some(INTERVAL)),
        (
            json!({ "TTL": "5s", "OutputMaxSize": -1 }),
            Some("Invalid check: MaxOutputMaxSize must be positive"),
        ),
    ] {
        let mut check = check;
        check["Name"] = json!("c");
        let expected = refusal.map_or((200, String::new()), |text| (400, text.to_owned()));
        assert_eq!(host.ask("PUT", "/v1/agent/check/register", &check.to_string()), expected, "{check}");
    }
}
