//! /v1/agent/check*: gRPC and alias checks, and definitions with the fields of several kinds.

use crate::case::{Case, case, get, put};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "agent-checks/grpc-refused",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","GRPC":"127.0.0.1:1/svc","Interval":"1s"}"#),
            get("/v1/agent/checks").until("refused"),
        ],
    ),
    case(
        "agent-checks/grpc-no-address",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","GRPC":"nonsense","Interval":"1s"}"#),
            get("/v1/agent/checks").until("missing port"),
        ],
    ),
    case(
        "agent-checks/grpc-tls-refused",
        &[
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}","GRPC":"127.0.0.1:1","GRPCUseTLS":true,"TLSSkipVerify":true,"Interval":"1s"}"#,
            ),
            get("/v1/agent/checks").until("refused"),
        ],
    ),
    case(
        "agent-checks/kinds-refused",
        &[
            put("/v1/agent/check/register", r#"{"Name":"{n}","GRPC":"127.0.0.1:1"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","GRPC":"127.0.0.1:1","TTL":"5s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","AliasService":"x","TTL":"5s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","AliasService":"x","TCP":"127.0.0.1:1"}"#),
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}","AliasService":"x","TCP":"127.0.0.1:1","Interval":"1s"}"#,
            ),
            put("/v1/agent/check/register", r#"{"Name":"{n}","AliasService":"x","OutputMaxSize":-1}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","DockerContainerID":"x","Interval":"1s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","DockerContainerID":"x"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","Shell":"/bin/sh","Interval":"1s"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}","Args":[],"Interval":"1s"}"#),
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}","Args":["x"],"HTTP":"http://127.0.0.1:1","Interval":"1s"}"#,
            ),
            get("/v1/agent/checks"),
        ],
    ),
    case(
        "agent-checks/kinds-together",
        &[
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}","HTTP":"http://127.0.0.1:1/","TCP":"127.0.0.1:1","Interval":"1s"}"#,
            ),
            get("/v1/agent/checks").until("Get"),
            put("/v1/agent/check/register", r#"{"Name":"{n}t","DockerContainerID":"x","TTL":"1m"}"#),
            get("/v1/agent/checks").part("/{n}t/Type"),
        ],
    ),
    case(
        "agent-checks/alias-of-nothing",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}a","AliasService":"{n}none","ServiceID":"{n}"}"#),
            get("/v1/agent/checks").until("could not be found"),
        ],
    ),
    case(
        "agent-checks/alias-of-no-checks",
        &[
            put("/v1/agent/service/register", r#"{"Name":"{n}"}"#),
            put("/v1/agent/service/register", r#"{"Name":"{n}b"}"#),
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}a","AliasService":"{n}","ServiceID":"{n}b","Interval":"1s"}"#,
            ),
            get("/v1/agent/checks").until("No checks found."),
        ],
    ),
    case(
        "agent-checks/alias-warning-and-back",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"Name":"{n}","Check":{"CheckID":"{n}ttl","TTL":"1m","Status":"passing"}}"#,
            ),
            put("/v1/agent/service/register", r#"{"Name":"{n}b"}"#),
            put("/v1/agent/check/register", r#"{"Name":"{n}a","AliasService":"{n}","ServiceID":"{n}b"}"#),
            get("/v1/agent/checks").until("All checks passing."),
            put("/v1/agent/check/warn/{n}ttl?note=hm", ""),
            get("/v1/agent/checks").until("failing: hm"),
            put("/v1/agent/check/pass/{n}ttl?note=fine", ""),
            get("/v1/agent/checks").until("All checks passing."),
            put("/v1/agent/service/maintenance/{n}?enable=true", ""),
            get("/v1/agent/checks").until("failing"),
        ],
    ),
    // Of the own node only: Consul 1.8.7 ends with a panic where the node of an alias is gone, as one is after its case.
    case(
        "agent-checks/alias-of-node",
        &[
            put(
                "/v1/agent/service/register",
                r#"{"Name":"{n}","Check":{"CheckID":"{n}ttl","TTL":"1m","Status":"passing"}}"#,
            ),
            put("/v1/agent/service/register", r#"{"Name":"{n}b"}"#),
            put(
                "/v1/agent/check/register",
                r#"{"Name":"{n}a","AliasService":"{n}","AliasNode":"{node}","ServiceID":"{n}b"}"#,
            ),
            get("/v1/agent/checks").until("All checks passing."),
            put("/v1/agent/check/warn/{n}ttl?note=hm", ""),
            get("/v1/agent/checks").until("failing: hm"),
            put("/v1/agent/check/pass/{n}ttl?note=fine", ""),
            get("/v1/agent/checks").until("All checks passing."),
        ],
    ),
];
