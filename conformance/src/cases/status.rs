//! /v1/status and what the agent says of itself.

use crate::case::{Case, case, get, put};

/// The table.
pub(super) const CASES: &[Case] = &[
    case("status/leader", &[get("/v1/status/leader"), get("/v1/status/leader?pretty").exact()]),
    case("status/peers", &[get("/v1/status/peers"), get("/v1/status/peers?pretty").exact()]),
    case("status/dc-wrong", &[get("/v1/status/leader?dc=nowhere"), get("/v1/status/peers?dc=nowhere")]),
    case("status/dc-own", &[get("/v1/status/leader?dc=dc1"), get("/v1/status/peers?dc=dc1")]),
    case(
        "status/ignored-words",
        &[get("/v1/status/leader?index=abc"), get("/v1/status/leader?stale&consistent")],
    ),
    case("status/gzip", &[get("/v1/status/leader").headers(&[("Accept-Encoding", "gzip")]).no_body()]),
    case(
        "agent/self",
        &[
            get("/v1/agent/self").keys(1),
            get("/v1/agent/self").part("/Config").keys(1),
            get("/v1/agent/self").part("/Config/NodeName"),
            get("/v1/agent/self").part("/Config/Datacenter"),
            get("/v1/agent/self").part("/Config/Server"),
            get("/v1/agent/self").part("/Config/NodeID"),
        ],
    ),
    case(
        "agent/self-member",
        &[
            get("/v1/agent/self").part("/Member").keys(1),
            get("/v1/agent/self").part("/Member/Name"),
            get("/v1/agent/self").part("/Member/Addr"),
            get("/v1/agent/self").part("/Member/Status"),
        ],
    ),
    case("agent/self-meta", &[get("/v1/agent/self").part("/Meta")]),
    case("agent/self-stats", &[get("/v1/agent/self").part("/Stats").keys(1)]),
    case("agent/self-stats-raft", &[get("/v1/agent/self").part("/Stats/raft").keys(1)]),
    case("agent/self-stats-consul", &[get("/v1/agent/self").part("/Stats/consul").keys(1)]),
    case("agent/self-coordinate", &[get("/v1/agent/self").part("/Coord").keys(1)]),
    case(
        "agent/members",
        &[
            get("/v1/agent/members").keys(1),
            get("/v1/agent/members").part("/0/Name"),
            get("/v1/agent/members").part("/0/Addr"),
            get("/v1/agent/members").part("/0/Status"),
        ],
    ),
    case("agent/members-tags", &[get("/v1/agent/members").part("/0/Tags").keys(1)]),
    case(
        "agent/members-words",
        &[
            get("/v1/agent/members?wan=1").keys(1),
            get("/v1/agent/members?segment=_all").keys(1),
            get("/v1/agent/members?segment=nonsense"),
        ],
    ),
    case("agent/version", &[get("/v1/agent/version")]),
    case("agent/host", &[get("/v1/agent/host").keys(1)]),
    case(
        "agent/metrics",
        &[
            get("/v1/agent/metrics").keys(1),
            get("/v1/agent/metrics").part("/Gauges/0").keys(1),
            get("/v1/agent/metrics").part("/Counters/0").keys(1),
            get("/v1/agent/metrics").part("/Samples/0").keys(1),
        ],
    ),
    case("agent/metrics-prometheus", &[get("/v1/agent/metrics?format=prometheus").no_body()]),
    case("agent/metrics-format-unknown", &[get("/v1/agent/metrics?format=nonsense").keys(1)]),
    case(
        "agent/join-bad",
        &[
            put("/v1/agent/join/127.0.0.1:1", ""),
            put("/v1/agent/join/", ""),
            put("/v1/agent/join/not%20an%20address", ""),
        ],
    ),
    case(
        "agent/force-leave-unknown",
        &[
            put("/v1/agent/force-leave/{n}", ""),
            put("/v1/agent/force-leave/{n}?prune", ""),
            put("/v1/agent/force-leave/", ""),
        ],
    ),
    case("agent/reload", &[put("/v1/agent/reload", "")]),
    case(
        "agent/token-bad",
        &[
            put("/v1/agent/token/default", r#"{"Token":"x"}"#),
            put("/v1/agent/token/nonsense", r#"{"Token":"x"}"#),
            put("/v1/agent/token/default", "nonsense"),
        ],
    ),
    case("agent/monitor-bad", &[get("/v1/agent/monitor?loglevel=nonsense")]),
];
