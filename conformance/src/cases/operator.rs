//! /v1/operator: the Raft configuration and removal of peers.

use crate::case::{Case, case, delete, get};

/// The table.
pub(super) const CASES: &[Case] = &[
    case("operator/configuration", &[get("/v1/operator/raft/configuration").keys(2)]),
    case(
        "operator/configuration-values",
        &[
            get("/v1/operator/raft/configuration").part("/Servers/0/Node"),
            get("/v1/operator/raft/configuration").part("/Servers/0/ID"),
            get("/v1/operator/raft/configuration").part("/Servers/0/Address"),
            get("/v1/operator/raft/configuration").part("/Servers/0/Leader"),
            get("/v1/operator/raft/configuration").part("/Servers/0/Voter"),
            get("/v1/operator/raft/configuration").part("/Servers/0/ProtocolVersion"),
        ],
    ),
    case(
        "operator/configuration-words",
        &[
            get("/v1/operator/raft/configuration?stale").keys(2),
            get("/v1/operator/raft/configuration?dc=nowhere"),
            get("/v1/operator/raft/configuration?stale&consistent").keys(2),
        ],
    ),
    case("operator/peer-nothing-named", &[delete("/v1/operator/raft/peer")]),
    case("operator/peer-both-named", &[delete("/v1/operator/raft/peer?id=x&address=127.0.0.1:1")]),
    case("operator/peer-unknown-address", &[delete("/v1/operator/raft/peer?address=127.0.0.1:1")]),
    case("operator/peer-unknown-id", &[delete("/v1/operator/raft/peer?id=nonsense")]),
    case("operator/peer-dc-wrong", &[delete("/v1/operator/raft/peer?id=nonsense&dc=nowhere")]),
    case(
        "operator/autopilot",
        &[get("/v1/operator/autopilot/configuration").keys(1), get("/v1/operator/autopilot/health").keys(1)],
    ),
    case("operator/keyring", &[get("/v1/operator/keyring")]),
];
