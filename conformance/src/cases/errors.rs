//! Wrong methods and unknown paths.

use crate::case::{Case, case, delete, get, put, send};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "errors/unknown-paths",
        &[
            get("/"),
            get("/v1"),
            get("/v1/"),
            get("/v1/nothing"),
            get("/v2/kv/a"),
            put("/v1/nothing", "x"),
            delete("/nothing"),
            get("/v1/catalog"),
            get("/v1/catalog/"),
            get("/v1/catalog/nothing"),
            get("/v1/health/nothing/a"),
            get("/v1/agent/nothing"),
            get("/v1/operator/raft/nothing"),
            get("/v1/status/nothing"),
        ],
    ),
    case(
        "errors/trailing-slashes",
        &[
            get("/v1/catalog/nodes/"),
            get("/v1/status/leader/"),
            get("/v1/agent/self/").no_body(),
            get("/v1/agent/services/a"),
            get("/v1/catalog/services/a"),
        ],
    ),
    case(
        "errors/doubled-slashes",
        &[get("//v1/status/leader"), get("/v1//status/leader"), get("/v1/catalog//nodes")],
    ),
    case("errors/path-case", &[get("/V1/status/leader"), get("/v1/Status/leader")]),
    case(
        "errors/options",
        &[
            send("OPTIONS", "/v1/status/leader"),
            send("OPTIONS", "/v1/catalog/register"),
            send("OPTIONS", "/v1/agent/services"),
            send("OPTIONS", "/v1/nothing"),
        ],
    ),
    case(
        "errors/head",
        &[send("HEAD", "/v1/status/leader"), send("HEAD", "/v1/catalog/nodes"), send("HEAD", "/v1/nothing")],
    ),
    case(
        "errors/strange-method",
        &[send("BREW", "/v1/status/leader"), send("BREW", "/v1/kv/{n}"), send("TRACE", "/v1/kv/{n}")],
    ),
    case(
        "errors/method-status",
        &[
            put("/v1/status/leader", ""),
            send("POST", "/v1/status/leader"),
            delete("/v1/status/leader"),
            put("/v1/status/peers", ""),
        ],
    ),
    case(
        "errors/method-catalog-writes",
        &[
            get("/v1/catalog/register"),
            send("POST", "/v1/catalog/register"),
            delete("/v1/catalog/register"),
            get("/v1/catalog/deregister"),
            send("POST", "/v1/catalog/deregister"),
        ],
    ),
    case(
        "errors/method-catalog-reads",
        &[
            put("/v1/catalog/datacenters", ""),
            put("/v1/catalog/nodes", ""),
            send("POST", "/v1/catalog/services"),
            delete("/v1/catalog/service/{n}"),
            put("/v1/catalog/node/{n}", ""),
            put("/v1/catalog/node-services/{n}", ""),
        ],
    ),
    case(
        "errors/method-health",
        &[
            put("/v1/health/node/{n}", ""),
            put("/v1/health/checks/{n}", ""),
            send("POST", "/v1/health/service/{n}"),
            delete("/v1/health/state/any"),
        ],
    ),
    case(
        "errors/method-operator",
        &[
            put("/v1/operator/raft/configuration", ""),
            get("/v1/operator/raft/peer"),
            put("/v1/operator/raft/peer", ""),
        ],
    ),
    case(
        "errors/method-agent-reads",
        &[
            put("/v1/agent/self", ""),
            put("/v1/agent/members", ""),
            put("/v1/agent/services", ""),
            send("POST", "/v1/agent/checks"),
            put("/v1/agent/metrics", ""),
            put("/v1/agent/service/{n}", ""),
            put("/v1/agent/health/service/id/{n}", ""),
            put("/v1/agent/health/service/name/{n}", ""),
        ],
    ),
    case(
        "errors/method-agent-service-writes",
        &[
            get("/v1/agent/service/register"),
            send("POST", "/v1/agent/service/register"),
            get("/v1/agent/service/deregister/{n}"),
            delete("/v1/agent/service/deregister/{n}"),
            get("/v1/agent/service/maintenance/{n}"),
        ],
    ),
    case(
        "errors/method-agent-check-writes",
        &[
            get("/v1/agent/check/register"),
            send("POST", "/v1/agent/check/register"),
            get("/v1/agent/check/deregister/{n}"),
            get("/v1/agent/check/pass/{n}"),
            send("POST", "/v1/agent/check/warn/{n}"),
            delete("/v1/agent/check/fail/{n}"),
            get("/v1/agent/check/update/{n}"),
        ],
    ),
    case(
        "errors/method-agent-control",
        &[
            get("/v1/agent/join/127.0.0.1"),
            get("/v1/agent/leave"),
            get("/v1/agent/force-leave/{n}"),
            get("/v1/agent/reload"),
            get("/v1/agent/maintenance"),
        ],
    ),
    case(
        "errors/namespace",
        &[
            get("/v1/catalog/nodes?ns=other"),
            get("/v1/catalog/services?ns=default"),
            get("/v1/health/service/{n}?ns=other"),
            get("/v1/agent/services?ns=other"),
        ],
    ),
    case(
        "errors/index-word",
        &[
            get("/v1/catalog/nodes?index=abc"),
            get("/v1/catalog/services?wait=abc"),
            get("/v1/health/service/{n}?index=-1"),
            get("/v1/health/state/any?wait=1x"),
        ],
    ),
    case(
        "errors/stale-and-consistent",
        &[
            get("/v1/catalog/nodes?stale&consistent"),
            get("/v1/catalog/node/{n}?stale&consistent"),
            get("/v1/health/node/{n}?stale&consistent"),
            get("/v1/health/state/any?stale&consistent"),
        ],
    ),
    case(
        "errors/semicolons-and-odd-queries",
        &[
            get("/v1/kv/{n}?raw;recurse"),
            get("/v1/kv/{n}?%zz"),
            get("/v1/kv/{n}?keys&&&separator=%2"),
            get("/v1/status/leader?"),
        ],
    ),
];
