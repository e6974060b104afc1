//! /v1/catalog, writes: checks, repetition, kinds, deregistration.

use crate::case::{Case, case, get, put};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "catalog/register-checks",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}"},"Check":{"Name":"a","Status":"passing"},
            "Checks":[{"Name":"b","Status":"warning","ServiceID":"{n}"},{"CheckID":"z","Name":"c","Status":"critical"}]}"#,
            ),
            get("/v1/health/node/{n}"),
            get("/v1/health/service/{n}"),
        ],
    ),
    case(
        "catalog/register-check-definition-durations",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"Name":"a","Definition":{"TCP":"x:1","Interval":10000000000,"Timeout":"1m30s"}}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"Name":"b","Definition":{"Interval":"nonsense"}}}"#,
            ),
            get("/v1/health/node/{n}"),
        ],
    ),
    case(
        "catalog/register-skip-node-update-with-another-id",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","ID":"5a0d6f4e-0000-4000-8000-000000000003","Address":"10.0.0.1"}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}b","ID":"5a0d6f4e-0000-4000-8000-000000000004","Address":"10.0.0.1","Service":{"Service":"{n}"}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","ID":"5a0d6f4e-0000-4000-8000-000000000004","Address":"10.0.0.9","SkipNodeUpdate":true}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","ID":"5a0d6f4e-0000-4000-8000-000000000005","Address":"10.0.0.9","SkipNodeUpdate":true}"#,
            ),
            get("/v1/catalog/node/{n}"),
            get("/v1/catalog/node/{n}b"),
        ],
    ),
    case(
        "catalog/register-without-the-id-it-had",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","ID":"5a0d6f4e-0000-4000-8000-000000000006","Address":"10.0.0.1"}"#,
            ),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1"}"#),
            get("/v1/catalog/node/{n}"),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}b","ID":"5a0d6f4e-0000-4000-8000-000000000006","Address":"10.0.0.1"}"#,
            ),
            get("/v1/catalog/node/{n}b"),
        ],
    ),
    case(
        "catalog/register-repeated",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}"},"Check":{"Name":"a","Status":"passing"}}"#,
            ),
            get("/v1/health/service/{n}"),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}"},"Check":{"Name":"a","Status":"passing"}}"#,
            ),
            get("/v1/health/service/{n}"),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.3","Service":{"Service":"{n}"}}"#),
            get("/v1/health/service/{n}"),
        ],
    ),
    case(
        "catalog/register-service-renamed",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"i","Service":"{n}"},"Check":{"Name":"a","ServiceID":"i"}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"i","Service":"{n}b"}}"#,
            ),
            get("/v1/catalog/service/{n}"),
            get("/v1/health/service/{n}b"),
        ],
    ),
    case(
        "catalog/register-kinds",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}","Kind":"nonsense"}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}p","Kind":"connect-proxy","Port":1,"Proxy":{"DestinationServiceName":"{n}"}}}"#,
            ),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/register-wrong-datacenter",
        &[
            put("/v1/catalog/register", r#"{"Datacenter":"nowhere","Node":"{n}","Address":"10.0.0.1"}"#),
            put("/v1/catalog/register?dc=nowhere", r#"{"Node":"{n}","Address":"10.0.0.1"}"#),
        ],
    ),
    case(
        "catalog/register-too-much-meta",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","NodeMeta":{"":"x"}}"#),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","NodeMeta":{"bad key!":"x"}}"#),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}","Meta":{"bad key!":"x"}}}"#,
            ),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/deregister-node",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}"},"Check":{"Name":"a"}}"#,
            ),
            put("/v1/catalog/deregister", r#"{"Node":"{n}"}"#),
            get("/v1/catalog/node/{n}"),
            get("/v1/catalog/service/{n}"),
            get("/v1/health/node/{n}"),
        ],
    ),
    case(
        "catalog/deregister-service",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"i","Service":"{n}"},"Check":{"Name":"a","ServiceID":"i"}}"#,
            ),
            put("/v1/catalog/deregister", r#"{"Node":"{n}","ServiceID":"i"}"#),
            get("/v1/catalog/node/{n}"),
            get("/v1/health/node/{n}"),
            get("/v1/catalog/service/{n}"),
        ],
    ),
    case(
        "catalog/deregister-check",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"CheckID":"a","Name":"a"}}"#,
            ),
            put("/v1/catalog/deregister", r#"{"Node":"{n}","CheckID":"a"}"#),
            get("/v1/health/node/{n}"),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/deregister-unknown",
        &[
            put("/v1/catalog/deregister", r#"{"Node":"{n}"}"#),
            put("/v1/catalog/deregister", r#"{"Node":"{n}","ServiceID":"x"}"#),
            put("/v1/catalog/deregister", r#"{"Node":"{n}","CheckID":"x"}"#),
        ],
    ),
    case(
        "catalog/deregister-bad",
        &[
            put("/v1/catalog/deregister", "{}"),
            put("/v1/catalog/deregister", "nonsense"),
            put("/v1/catalog/deregister", ""),
            put("/v1/catalog/deregister", r#"{"Node":"{n}","Datacenter":"nowhere"}"#),
        ],
    ),
];
