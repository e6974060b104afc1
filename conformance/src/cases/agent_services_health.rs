//! /v1/agent/service*: listings, deregistration, maintenance, health by service.

use crate::case::{Case, case, get, put, send};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "agent-services/services-filter",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"ID":"{n}a","Name":"{n}","Port":1,"Tags":["x"],"Meta":{"k":"v"}}"#,
            ),
            put("/v1/agent/service/register", r#"{"ID":"{n}b","Name":"{n}","Port":2}"#),
            get("/v1/agent/services?filter=Port==1"),
            get("/v1/agent/services?filter=x+in+Tags"),
            get("/v1/agent/services?filter=Meta.k==v"),
            get("/v1/agent/services?filter=Service==%22{n}%22+and+ID!=%22{n}a%22"),
            get("/v1/agent/services?filter=Port==9"),
            get("/v1/agent/services?filter=Nonsense==1"),
            get("/v1/agent/services?filter=Port"),
        ],
    ),
    case(
        "agent-services/service-missing",
        &[get("/v1/agent/service/{n}"), get("/v1/agent/service/"), get("/v1/agent/service")],
    ),
    case(
        "agent-services/service-hash",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}"}"#),
            get("/v1/agent/service/{n}?hash=nonsense").within(0, 800),
            get("/v1/agent/service/{n}?wait=abc"),
        ],
    ),
    case(
        "agent-services/deregister",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}","Check":{"TTL":"1m"}}"#),
            get("/v1/catalog/service/{n}").until("{n}").no_body(),
            put("/v1/agent/service/deregister/{n}", ""),
            get("/v1/agent/services"),
            get("/v1/agent/checks"),
            get("/v1/catalog/service/{n}").until("!{n}"),
            get("/v1/health/node/{node}").until("!{n}"),
        ],
    ),
    case(
        "agent-services/deregister-missing",
        &[
            put("/v1/agent/service/deregister/{n}", ""),
            send("PUT", "/v1/agent/service/deregister/{n}"),
            put("/v1/agent/service/deregister/", ""),
        ],
    ),
    case(
        "agent-services/maintenance",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}"}"#),
            put("/v1/agent/service/maintenance/{n}?enable=true&reason=a+reason", ""),
            get("/v1/agent/checks"),
            get("/v1/agent/health/service/id/{n}"),
            get("/v1/agent/health/service/id/{n}?format=text"),
            get("/v1/health/service/{n}").until("_service_maintenance"),
            put("/v1/agent/service/maintenance/{n}?enable=true&reason=another", ""),
            put("/v1/agent/service/maintenance/{n}?enable=false", ""),
            get("/v1/agent/checks"),
            put("/v1/agent/service/maintenance/{n}?enable=true", ""),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-services/maintenance-bad",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}"}"#),
            put("/v1/agent/service/maintenance/{n}", ""),
            put("/v1/agent/service/maintenance/{n}?enable=maybe", ""),
            put("/v1/agent/service/maintenance/{n}?enable=", ""),
            put("/v1/agent/service/maintenance/{n}none?enable=true", ""),
            put("/v1/agent/service/maintenance/?enable=true", ""),
            put("/v1/agent/service/maintenance/{n}?enable=0", ""),
        ],
    ),
    case(
        "agent-services/health-by-id",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"ID":"{n}-1","Name":"{n}","Check":{"CheckID":"{n}c","TTL":"1m","Status":"passing"}}"#,
            ),
            get("/v1/agent/health/service/id/{n}-1"),
            get("/v1/agent/health/service/id/{n}-1?format=text").exact(),
            put("/v1/agent/check/warn/{n}c", ""),
            get("/v1/agent/health/service/id/{n}-1"),
            get("/v1/agent/health/service/id/{n}-1?format=text").exact(),
            put("/v1/agent/check/fail/{n}c", ""),
            get("/v1/agent/health/service/id/{n}-1"),
            get("/v1/agent/health/service/id/{n}-1?format=text").exact(),
            get("/v1/agent/health/service/id/{n}-1?format=nonsense"),
        ],
    ),
    case(
        "agent-services/health-by-name",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"ID":"{n}-1","Name":"{n}","Check":{"CheckID":"{n}c","TTL":"1m","Status":"passing"}}"#,
            ),
            put(
                "/v1/agent/service/register",
                r#"{"ID":"{n}-2","Name":"{n}","Check":{"CheckID":"{n}d","TTL":"1m","Status":"warning"}}"#,
            ),
            get("/v1/agent/health/service/name/{n}").no_body(),
            get("/v1/agent/health/service/name/{n}?format=text").exact(),
            put("/v1/agent/check/fail/{n}c", ""),
            get("/v1/agent/health/service/name/{n}?format=text").exact(),
            put("/v1/agent/check/pass/{n}c", ""),
            put("/v1/agent/check/pass/{n}d", ""),
            get("/v1/agent/health/service/name/{n}?format=text").exact(),
        ],
    ),
    case(
        "agent-services/health-single-by-name",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}"}"#),
            get("/v1/agent/health/service/name/{n}"),
            put("/v1/agent/check/register", r#"{"Name":"{n}node","TTL":"1m"}"#),
            get("/v1/agent/health/service/name/{n}"),
            get("/v1/agent/health/service/id/{n}"),
        ],
    ),
    case(
        "agent-services/health-missing",
        &[
            get("/v1/agent/health/service/id/{n}"),
            get("/v1/agent/health/service/name/{n}"),
            get("/v1/agent/health/service/id/{n}?format=text").exact(),
            get("/v1/agent/health/service/name/{n}?format=text").exact(),
            get("/v1/agent/health/service/id/"),
            get("/v1/agent/health/service/name/"),
        ],
    ),
    case(
        "agent-services/gzip",
        &[get("/v1/agent/services").headers(&[("Accept-Encoding", "gzip")]).no_body()],
    ),
    case(
        "agent-services/tag-override",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}","Tags":["own"],"EnableTagOverride":false}"#),
            get("/v1/catalog/service/{n}").until("own"),
            put("/v1/agent/service/register", r#"{"Name":"{n}","Tags":["changed"]}"#),
            get("/v1/catalog/service/{n}").until("changed"),
        ],
    ),
    case(
        "agent-services/deregister-critical-too-short",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"Name":"{n}","Check":{"TTL":"1m","DeregisterCriticalServiceAfter":"1s"}}"#,
            ),
            get("/v1/agent/checks"),
            put(
                "/v1/agent/service/register",
                r#"{"Name":"{n}x","Check":{"TTL":"1m","DeregisterCriticalServiceAfter":"soon"}}"#,
            ),
        ],
    ),
];
