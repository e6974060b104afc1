//! /v1/agent/check*: kinds of checks and reports of TTL checks.

use crate::case::{Case, case, get, put};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "agent-checks/ttl",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m"}"#),
            get("/v1/agent/checks"),
            get("/v1/health/node/{node}").until("{n}"),
        ],
    ),
    case(
        "agent-checks/ttl-every-field",
        &[
            put(
                "/v1/agent/check/register",
                r#"{"ID":"{n}-id","Name":"{n}","Notes":"some notes","TTL":"1m","Status":"warning",
            "DeregisterCriticalServiceAfter":"90m","SuccessBeforePassing":3,"FailuresBeforeCritical":2,"OutputMaxSize":100}"#,
            ),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/ttl-checkid",
        &[
            put("/v1/agent/check/register", r#"{"CheckID":"{n}-id","Name":"{n}","TTL":"1m"}"#),
            put("/v1/agent/check/register", r#"{"id":"{n}-low","name":"{n}","ttl":"1m","service_id":""}"#),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/ttl-number",
        &[put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":60000000000}"#), get("/v1/agent/checks")],
    ),
    case(
        "agent-checks/ttl-of-service",
        &[
            put("/v1/agent/service/register", r#"{"ID":"{n}-1","Name":"{n}","Tags":["t"]}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}c","TTL":"1m","ServiceID":"{n}-1"}"#),
            get("/v1/agent/checks"),
            put("/v1/agent/check/pass/{n}c?note=fine", ""),
            get("/v1/health/service/{n}").until("fine"),
        ],
    ),
    case(
        "agent-checks/of-missing-service",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m","ServiceID":"{n}none"}"#),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/pass-warn-fail",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m"}"#),
            put("/v1/agent/check/pass/{n}", ""),
            get("/v1/agent/checks"),
            put("/v1/agent/check/warn/{n}?note=a+warning", ""),
            get("/v1/agent/checks"),
            put("/v1/agent/check/fail/{n}?note=%C3%A4%22", ""),
            get("/v1/agent/checks"),
            get("/v1/health/node/{node}").until("\"Status\":\"critical\""),
            put("/v1/agent/check/pass/{n}", "a body that is ignored"),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/update",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m"}"#),
            put("/v1/agent/check/update/{n}", r#"{"Status":"passing","Output":"all well"}"#),
            get("/v1/agent/checks"),
            put("/v1/agent/check/update/{n}", r#"{"status":"warning"}"#),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/update-bad",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m"}"#),
            put("/v1/agent/check/update/{n}", r#"{"Status":"nonsense"}"#),
            put("/v1/agent/check/update/{n}", r#"{"Status":"maintenance"}"#),
            put("/v1/agent/check/update/{n}", "{}"),
            put("/v1/agent/check/update/{n}", "nonsense"),
            put("/v1/agent/check/update/{n}", ""),
            put("/v1/agent/check/update/{n}none", r#"{"Status":"passing"}"#),
            put("/v1/agent/check/update/", r#"{"Status":"passing"}"#),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/update-long-output",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m","OutputMaxSize":5}"#),
            put("/v1/agent/check/update/{n}", r#"{"Status":"passing","Output":"0123456789"}"#),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/output-max-size-bad",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m","OutputMaxSize":-1}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m","OutputMaxSize":0}"#),
        ],
    ),
    case(
        "agent-checks/report-missing",
        &[
            put("/v1/agent/check/pass/{n}", ""),
            put("/v1/agent/check/warn/{n}", ""),
            put("/v1/agent/check/fail/{n}", ""),
            put("/v1/agent/check/pass/", ""),
        ],
    ),
    case(
        "agent-checks/report-to-other-kind",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TCP":"127.0.0.1:{http}","Interval":"10s"}"#),
            put("/v1/agent/check/pass/{n}", ""),
        ],
    ),
    case(
        "agent-checks/ttl-expires",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"300ms","Status":"passing"}"#),
            get("/v1/agent/checks").until("TTL expired"),
            put("/v1/agent/check/pass/{n}?note=once", ""),
            get("/v1/agent/checks").until("TTL expired"),
        ],
    ),
    case(
        "agent-checks/http-passing",
        &[
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}","HTTP":"http://127.0.0.1:{http}/v1/status/peers?x","Method":"GET","Header":{"X-A":["b"]},"Interval":"1s","Timeout":"500ms"}"#,
            ),
            get("/v1/agent/checks").until("\"Status\":\"passing\"").no_body(),
            get("/v1/agent/checks").part("/{n}/Status"),
            get("/v1/agent/checks").part("/{n}/Definition"),
            get("/v1/agent/checks").part("/{n}/Type"),
        ],
    ),
    case(
        "agent-checks/http-output",
        &[
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}","HTTP":"http://127.0.0.1:{http}/v1/nothing","Interval":"1s"}"#,
            ),
            get("/v1/agent/checks").until("404"),
        ],
    ),
    case(
        "agent-checks/http-refused",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","HTTP":"http://127.0.0.1:1/","Interval":"1s"}"#),
            get("/v1/agent/checks").until("refused"),
        ],
    ),
    case(
        "agent-checks/tcp-passing",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TCP":"127.0.0.1:{http}","Interval":"1s"}"#),
            get("/v1/agent/checks").until("\"Status\":\"passing\""),
        ],
    ),
    case(
        "agent-checks/tcp-refused",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TCP":"127.0.0.1:1","Interval":"1s"}"#),
            get("/v1/agent/checks").until("refused"),
        ],
    ),
];
