//! /v1/catalog, writes: registration of nodes and services, refusals.

use crate::case::{Case, case, get, put, send};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "catalog/register-node",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1"}"#),
            get("/v1/catalog/node/{n}"),
            get("/v1/catalog/node-services/{n}"),
            get("/v1/catalog/nodes").until("{n}"),
            get("/v1/health/node/{n}"),
        ],
    ),
    case(
        "catalog/register-every-field",
        &[
            put(
                "/v1/catalog/register",
                r#"{"ID":"11111111-2222-1111-1111-111111111111","Node":"{n}","Address":"10.0.0.1","Datacenter":"dc1",
            "TaggedAddresses":{"lan":"10.0.0.1","wan":"1.2.3.4"},"NodeMeta":{"Some_Key":"v"},
            "Service":{"ID":"{n}-1","Service":"{n}","Tags":["b","a"],"Address":"10.0.0.2","Port":80,"Meta":{"My_key":"x"},
            "TaggedAddresses":{"lan":{"Address":"10.0.0.2","Port":80}},"Weights":{"Passing":5,"Warning":2},"EnableTagOverride":true},
            "Check":{"Node":"{n}","CheckID":"c:{n}","Name":"A check","Notes":"n","Status":"passing","ServiceID":"{n}-1","Output":"fine",
            "Definition":{"HTTP":"http://x","Interval":"10s","Timeout":"5s","DeregisterCriticalServiceAfter":"30m","TLSSkipVerify":true,
            "Header":{"X-A":["b"]},"Method":"POST"}}}"#,
            ),
            get("/v1/catalog/node/{n}"),
            get("/v1/catalog/service/{n}"),
            get("/v1/health/service/{n}"),
            get("/v1/health/checks/{n}"),
            get("/v1/catalog/node-services/{n}"),
        ],
    ),
    case(
        "catalog/register-any-case-keys",
        &[
            put(
                "/v1/catalog/register",
                r#"{"node":"{n}","ADDRESS":"10.0.0.1","nodemeta":{"a":"b"},"service":{"service":"{n}","port":1,"tags":["x"]},
            "check":{"name":"c","status":"warning"}}"#,
            ),
            get("/v1/catalog/node/{n}"),
            get("/v1/health/service/{n}"),
        ],
    ),
    case(
        "catalog/register-snake-case-keys",
        &[
            put(
                "/v1/catalog/register",
                r#"{"node":"{n}","address":"10.0.0.1","node_meta":{"a":"b"},"tagged_addresses":{"lan":"10.0.0.9"},
            "service":{"service":"{n}","enable_tag_override":true},"check":{"check_id":"k","name":"c","service_id":"{n}"}}"#,
            ),
            get("/v1/catalog/node/{n}"),
            get("/v1/health/node/{n}"),
        ],
    ),
    case(
        "catalog/register-unknown-keys",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","Nonsense":{"a":1}}"#),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/register-bad-json",
        &[
            put("/v1/catalog/register", "{"),
            put("/v1/catalog/register", "nonsense"),
            put("/v1/catalog/register", ""),
            send("PUT", "/v1/catalog/register"),
            put("/v1/catalog/register", "[]"),
            put("/v1/catalog/register", "null"),
            put("/v1/catalog/register", "\"x\""),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"1.1.1.1"} trailing"#),
        ],
    ),
    case(
        "catalog/register-wrong-types",
        &[
            put("/v1/catalog/register", r#"{"Node":1,"Address":"10.0.0.1"}"#),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}","Port":"80"}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}","Tags":"a"}}"#,
            ),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","NodeMeta":{"a":1}}"#),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","Service":"x"}"#),
        ],
    ),
    case(
        "catalog/register-missing-node",
        &[
            put("/v1/catalog/register", r#"{"Address":"10.0.0.1"}"#),
            put("/v1/catalog/register", r#"{"Node":"","Address":"10.0.0.1"}"#),
            put("/v1/catalog/register", "{}"),
        ],
    ),
    case(
        "catalog/register-missing-address",
        &[put("/v1/catalog/register", r#"{"Node":"{n}"}"#), get("/v1/catalog/node/{n}")],
    ),
    case(
        "catalog/register-skip-node-update-without-address",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","SkipNodeUpdate":true}"#),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/register-skip-node-update",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1"}"#),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.2","SkipNodeUpdate":true,"Service":{"Service":"{n}"}}"#,
            ),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/register-service-without-name",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"x"}}"#),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","Service":{}}"#),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/register-service-null",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":null,"Check":null,"Checks":null}"#,
            ),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/register-bad-address",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"0.0.0.0"}"#),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"not an ip"}"#),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/register-bad-port",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}","Port":70000}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}","Port":-1}}"#,
            ),
            get("/v1/catalog/service/{n}"),
        ],
    ),
    case(
        "catalog/register-bad-weights",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}","Weights":{"Passing":0,"Warning":0}}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}","Weights":{"Passing":-1,"Warning":1}}}"#,
            ),
            get("/v1/catalog/service/{n}"),
        ],
    ),
    case(
        "catalog/register-bad-id",
        &[
            put("/v1/catalog/register", r#"{"ID":"short","Node":"{n}","Address":"10.0.0.1"}"#),
            put(
                "/v1/catalog/register",
                r#"{"ID":"1111111111111111111111111111111111zz","Node":"{n}","Address":"10.0.0.1"}"#,
            ),
        ],
    ),
    case(
        "catalog/register-id-of-another-node",
        &[
            put(
                "/v1/catalog/register",
                r#"{"ID":"11111111-2222-1111-1111-111111111112","Node":"{n}","Address":"10.0.0.1"}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"ID":"11111111-2222-1111-1111-111111111113","Node":"{n}","Address":"10.0.0.2"}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"ID":"11111111-2222-1111-1111-111111111112","Node":"{n}b","Address":"10.0.0.1"}"#,
            ),
            get("/v1/catalog/node/{n}"),
            get("/v1/catalog/node/{n}b"),
        ],
    ),
    case(
        "catalog/register-check-without-service",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"Name":"c","Status":"passing","ServiceID":"none"}}"#,
            ),
            get("/v1/health/node/{n}"),
        ],
    ),
    case(
        "catalog/register-check-forms",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"Name":"only a name"}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"CheckID":"only-an-id","Status":"passing"}}"#,
            ),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","Check":{}}"#),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"Node":"other","Name":"x"}}"#,
            ),
            get("/v1/health/node/{n}"),
        ],
    ),
    case(
        "catalog/register-bad-status",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"Name":"c","Status":"nonsense"}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"Name":"d","Status":""}}"#,
            ),
            get("/v1/health/node/{n}"),
        ],
    ),
];
