//! /v1/agent/service/register: all its fields, repetition, refusals.

use crate::case::{Case, case, get, put, send};

/// The table.
pub(super) const CASES: &[Case] = &[
    case("agent-services/none", &[get("/v1/agent/services"), get("/v1/agent/checks")]),
    case(
        "agent-services/register",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}"}"#),
            get("/v1/agent/services"),
            get("/v1/agent/service/{n}").also(&["x-consul-contenthash"]),
            get("/v1/catalog/service/{n}").until("{n}"),
            get("/v1/health/service/{n}"),
        ],
    ),
    case(
        "agent-services/register-every-field",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"ID":"{n}-1","Name":"{n}","Tags":["b","a"],"Address":"10.0.0.1","Port":80,"Meta":{"Some_Key":"v"},
            "TaggedAddresses":{"lan":{"Address":"10.0.0.1","Port":80},"wan":{"Address":"1.2.3.4","Port":81}},
            "EnableTagOverride":true,"Weights":{"Passing":5,"Warning":2},
            "Check":{"TTL":"30s","Status":"passing","Notes":"n"},
            "Checks":[{"CheckID":"{n}-ttl","Name":"named","TTL":"1m","DeregisterCriticalServiceAfter":"90m"}]}"#,
            ),
            get("/v1/agent/services"),
            get("/v1/agent/service/{n}-1"),
            get("/v1/agent/checks"),
            get("/v1/health/service/{n}").until("{n}-ttl"),
            get("/v1/health/checks/{n}"),
        ],
    ),
    case(
        "agent-services/register-any-case-keys",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"name":"{n}","tags":["x"],"PORT":1,"enableTagOverride":true,"check":{"ttl":"10s","status":"passing"}}"#,
            ),
            get("/v1/agent/services"),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-services/register-snake-case-keys",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"name":"{n}","enable_tag_override":true,"tagged_addresses":{"lan":{"address":"10.0.0.1","port":5}},
            "checks":[{"check_id":"{n}-x","ttl":"10s","deregister_critical_service_after":"90m"}]}"#,
            ),
            get("/v1/agent/services"),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-services/register-bad-json",
        &[
            put("/v1/agent/service/register", "{"),
            put("/v1/agent/service/register", "nonsense"),
            put("/v1/agent/service/register", ""),
            put("/v1/agent/service/register", "[]"),
            put("/v1/agent/service/register", "null"),
            send("PUT", "/v1/agent/service/register"),
        ],
    ),
    case(
        "agent-services/register-wrong-types",
        &[
            put("/v1/agent/service/register", r#"{"Name":1}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Port":"80"}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Tags":"a"}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Meta":{"a":1}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":"x"}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"TTL":"soon"}}"#),
            get("/v1/agent/services"),
        ],
    ),
    case(
        "agent-services/register-missing-name",
        &[
            put("/v1/agent/service/register", "{}"),
            put("/v1/agent/service/register", r#"{"ID":"{n}"}"#),
            put("/v1/agent/service/register", r#"{"Name":""}"#),
        ],
    ),
    case(
        "agent-services/register-bad-address",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}","Address":"0.0.0.0"}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Address":"::"}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Address":"a name"}"#),
            get("/v1/agent/services"),
        ],
    ),
    case(
        "agent-services/register-bad-weights",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}a","Weights":{"Passing":0,"Warning":1}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}b","Weights":{"Passing":1,"Warning":-1}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}c","Weights":{"Passing":70000,"Warning":1}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}d","Weights":{"Passing":10}}"#),
            get("/v1/agent/services"),
        ],
    ),
    case(
        "agent-services/register-bad-port",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}a","Port":70000}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}b","Port":-1}"#),
            get("/v1/agent/services"),
        ],
    ),
    case(
        "agent-services/register-bad-meta",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}","Meta":{"bad key!":"x"}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Meta":{"":"x"}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Meta":{"consul-x":"x"}}"#),
            get("/v1/agent/services"),
        ],
    ),
    case(
        "agent-services/register-bad-checks",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"Name":"neither"}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"TTL":"10s","Status":"nonsense"}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"HTTP":"http://127.0.0.1:1"}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"TCP":"127.0.0.1:1"}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"TTL":"10s","Interval":"10s"}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"Args":["true"],"Interval":"10s"}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{}}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Checks":[{}]}"#),
            get("/v1/agent/services"),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-services/register-kinds",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}","Kind":"nonsense"}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}p","Kind":"connect-proxy","Port":1}"#),
            get("/v1/agent/services").no_body(),
        ],
    ),
    case(
        "agent-services/register-unknown-keys",
        &[put("/v1/agent/service/register", r#"{"Name":"{n}","Nonsense":1}"#), get("/v1/agent/services")],
    ),
    case(
        "agent-services/register-token-and-namespace",
        &[
            put("/v1/agent/service/register?token=x", r#"{"Name":"{n}"}"#),
            put("/v1/agent/service/register?ns=default", r#"{"Name":"{n}"}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Namespace":"default"}"#),
        ],
    ),
    case(
        "agent-services/register-strange-names",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n} a/b ä"}"#),
            get("/v1/agent/services"),
            get("/v1/agent/service/{n}%20a%2Fb%20%C3%A4"),
            get("/v1/agent/health/service/id/{n}%20a%2Fb%20%C3%A4"),
            put("/v1/agent/service/deregister/{n}%20a%2Fb%20%C3%A4", ""),
            get("/v1/agent/services"),
        ],
    ),
    case(
        "agent-services/register-again",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"Name":"{n}","Port":1,"Check":{"CheckID":"{n}c","TTL":"1m","Status":"passing"}}"#,
            ),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Port":2}"#),
            get("/v1/agent/services"),
            get("/v1/agent/checks"),
            get("/v1/catalog/service/{n}").until("\"ServicePort\":2"),
        ],
    ),
    case(
        "agent-services/register-again-replaces-checks",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"Name":"{n}","Check":{"CheckID":"{n}c","TTL":"1m","Status":"passing"}}"#,
            ),
            put(
                "/v1/agent/service/register?replace-existing-checks",
                r#"{"Name":"{n}","Check":{"CheckID":"{n}d","TTL":"1m"}}"#,
            ),
            get("/v1/agent/checks"),
            put("/v1/agent/service/register?replace-existing-checks=true", r#"{"Name":"{n}"}"#),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-services/register-again-keeps-status",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"CheckID":"{n}c","TTL":"1m"}}"#),
            put("/v1/agent/check/pass/{n}c", ""),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"CheckID":"{n}c","TTL":"1m"}}"#),
            get("/v1/agent/checks"),
        ],
    ),
];
