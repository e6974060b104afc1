//! /v1/agent/check*: refusals, deregistration, maintenance of the node.

use crate::case::{Body, Case, case, get, put, send};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "agent-checks/alias",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"Name":"{n}","Check":{"CheckID":"{n}ttl","TTL":"1m","Status":"passing"}}"#,
            ),
            put("/v1/agent/service/register", r#"{"Name":"{n}b"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}alias","AliasService":"{n}","ServiceID":"{n}b"}"#),
            get("/v1/agent/checks").until("All checks passing."),
            put("/v1/agent/check/fail/{n}ttl", ""),
            get("/v1/agent/checks").until("failing"),
        ],
    ),
    case(
        "agent-checks/script-refused",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","Args":["true"],"Interval":"10s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","ScriptArgs":["true"],"Interval":"10s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","Script":"true","Interval":"10s"}"#),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/register-bad-json",
        &[
            put("/v1/agent/check/register", "{"),
            put("/v1/agent/check/register", "nonsense"),
            put("/v1/agent/check/register", ""),
            put("/v1/agent/check/register", "[]"),
            put("/v1/agent/check/register", "null"),
        ],
    ),
    case(
        "agent-checks/register-wrong-types",
        &[
            put("/v1/agent/check/register", r#"{"Name":1,"TTL":"1m"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"soon"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":true}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","HTTP":5,"Interval":"1s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","HTTP":"x","Interval":"1 second"}"#),
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}","HTTP":"x","Interval":"1s","Header":{"a":"b"}}"#,
            ),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/register-missing-fields",
        &[
            put("/v1/agent/check/register", "{}"),
            put("/v1/agent/check/register", r#"{"TTL":"1m"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","HTTP":"http://x"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","TCP":"x:1"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","Interval":"10s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m","Interval":"10s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"-1s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"0s"}"#),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/register-bad-status",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m","Status":"nonsense"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m","Status":"maintenance"}"#),
        ],
    ),
    case(
        "agent-checks/register-short-interval",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TCP":"127.0.0.1:{http}","Interval":"10ms"}"#),
            get("/v1/agent/checks").until("\"Status\":\"passing\""),
        ],
    ),
    case(
        "agent-checks/deregister",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","TTL":"1m"}"#),
            get("/v1/health/node/{node}").until("{n}").no_body(),
            put("/v1/agent/check/deregister/{n}", ""),
            get("/v1/agent/checks"),
            get("/v1/health/node/{node}").until("!{n}"),
        ],
    ),
    case(
        "agent-checks/deregister-missing",
        &[put("/v1/agent/check/deregister/{n}", ""), put("/v1/agent/check/deregister/", "")],
    ),
    case("agent-checks/deregister-serf", &[put("/v1/agent/check/deregister/serfHealth", "")]),
    case(
        "agent-checks/checks-filter",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}a","TTL":"1m"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}b","TTL":"1m","Status":"passing"}"#),
            get("/v1/agent/checks?filter=Status==passing"),
            get("/v1/agent/checks?filter=Name+contains+%22{n}%22+and+Status!=passing"),
            get("/v1/agent/checks?filter=Status==warning"),
            get("/v1/agent/checks?filter=Nonsense==1"),
        ],
    ),
    case(
        "agent-checks/node-maintenance",
        &[
            put("/v1/agent/maintenance?enable=true&reason=disk", ""),
            get("/v1/agent/checks"),
            put("/v1/agent/service/register", r#"{"Name":"{n}"}"#),
            get("/v1/agent/health/service/id/{n}"),
            get("/v1/agent/health/service/name/{n}?format=text").exact(),
            get("/v1/health/node/{node}").until("_node_maintenance"),
            put("/v1/agent/maintenance?enable=true", ""),
            put("/v1/agent/maintenance?enable=false", ""),
            get("/v1/agent/checks"),
            put("/v1/agent/maintenance?enable=true", ""),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/node-maintenance-bad",
        &[
            put("/v1/agent/maintenance", ""),
            put("/v1/agent/maintenance?enable=maybe", ""),
            put("/v1/agent/maintenance?enable=", ""),
            put("/v1/agent/maintenance?enable=false", ""),
        ],
    ),
    case(
        "agent-checks/strange-names",
        &[
            put("/v1/agent/check/register", r#"{"ID":"{n} a/b","Name":"x","TTL":"1m"}"#),
            put("/v1/agent/check/pass/{n}%20a%2Fb", ""),
            put("/v1/agent/check/pass/{n}%20a/b", ""),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/body-over-limit",
        &[
            send("PUT", "/v1/agent/check/register").body(Body::Repeat(b' ', 600_000)),
            send("PUT", "/v1/agent/service/register").body(Body::Repeat(b' ', 600_000)),
            send("PUT", "/v1/catalog/register").body(Body::Repeat(b' ', 600_000)),
        ],
    ),
    case("agent-checks/gzip", &[get("/v1/agent/checks").headers(&[("Accept-Encoding", "gzip")]).no_body()]),
];
