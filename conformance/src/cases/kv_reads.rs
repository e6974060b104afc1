//! /v1/kv, reads: forms, blocking, consistency, encodings of the answer.

use crate::case::{Body, Case, case, delete, get, put, send};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "kv/raw-headers",
        &[
            put("/v1/kv/{n}", "{\"a\":1}"),
            get("/v1/kv/{n}?raw").exact().also(&["x-content-type-options", "content-security-policy"]),
        ],
    ),
    case("kv/raw-with-recurse-missing", &[get("/v1/kv/{n}?raw&recurse")]),
    case(
        "kv/pretty",
        &[put("/v1/kv/{n}/a", "1"), put("/v1/kv/{n}/b", "<&>"), get("/v1/kv/{n}?keys&pretty").exact()],
    ),
    case("kv/html-letters", &[put("/v1/kv/{n}/%3C&%3E", "1"), get("/v1/kv/{n}?keys&pretty").exact()]),
    case("kv/put-pretty", &[put("/v1/kv/{n}?pretty", "1")]),
    case(
        "kv/index-word",
        &[get("/v1/kv/{n}?index=abc"), get("/v1/kv/{n}?index=-1"), get("/v1/kv/{n}?index=1.5")],
    ),
    case(
        "kv/numbers-with-signs",
        &[
            get("/v1/kv/{n}?index=%2B5"),
            get("/v1/kv/{n}?index=+5"),
            get("/v1/kv/{n}?index=1_0"),
            put("/v1/kv/{n}?flags=%2B1", "x"),
            put("/v1/kv/{n}?flags=+1", "x"),
            put("/v1/kv/{n}?flags=0x1", "x"),
            put("/v1/kv/{n}?cas=%2B0", "x"),
            put("/v1/kv/{n}?cas=00", "x"),
            delete("/v1/kv/{n}?cas=%2B0"),
        ],
    ),
    case(
        "kv/wait-word",
        &[get("/v1/kv/{n}?wait=abc"), get("/v1/kv/{n}?wait=5"), get("/v1/kv/{n}?wait=-1s").within(0, 500)],
    ),
    case(
        "kv/index-empty",
        &[get("/v1/kv/{n}?index=").within(0, 500), get("/v1/kv/{n}?index=0").within(0, 500)],
    ),
    case("kv/index-one", &[put("/v1/kv/{n}", "1"), get("/v1/kv/{n}?index=1").within(0, 800)]),
    case("kv/index-one-missing", &[get("/v1/kv/{n}?index=1&wait=1s").within(0, 800)]),
    case(
        "kv/wait",
        &[
            put("/v1/kv/{n}", "1"),
            get("/v1/kv/{n}"),
            get("/v1/kv/{n}?index={index}&wait=1s").within(900, 1800),
        ],
    ),
    case(
        "kv/wait-recurse",
        &[
            put("/v1/kv/{n}/a", "1"),
            get("/v1/kv/{n}?recurse"),
            get("/v1/kv/{n}?recurse&index={index}&wait=500ms").within(450, 1300),
        ],
    ),
    case(
        "kv/wait-far-index",
        &[
            put("/v1/kv/{n}", "1"),
            get("/v1/kv/{n}?index=99999999&wait=500ms").within(480, 1500),
            get("/v1/kv/{n}?keys&index=99999999&wait=500ms").within(480, 1500),
        ],
    ),
    case(
        "kv/wait-zero-is-the-default",
        &[
            put("/v1/kv/{n}", "1"),
            get("/v1/kv/{n}"),
            get("/v1/kv/{n}?index={index}&wait=0s").give_up_after(1500),
            get("/v1/kv/{n}?index={index}&wait=0").give_up_after(1500),
        ],
    ),
    case(
        "kv/wait-encoded-index",
        &[
            put("/v1/kv/{n}", "1"),
            get("/v1/kv/{n}"),
            get("/v1/kv/{n}?%69ndex={index}&wait=500ms").within(480, 1500),
            get("/v1/kv/{n}?%69ndex={index}&wait=500ms").within(480, 1500),
        ],
    ),
    case(
        "kv/wait-short-units",
        &[get("/v1/kv/{n}"), get("/v1/kv/{n}?index={index}&wait=10ms").within(5, 700)],
    ),
    case(
        "kv/dc-wrong",
        &[get("/v1/kv/{n}?dc=nowhere"), put("/v1/kv/{n}?dc=nowhere", "x"), delete("/v1/kv/{n}?dc=nowhere")],
    ),
    case("kv/dc-own", &[put("/v1/kv/{n}?dc=dc1", "x"), get("/v1/kv/{n}?dc=dc1"), get("/v1/kv/{n}?dc=")]),
    case("kv/stale-and-consistent", &[get("/v1/kv/{n}?stale&consistent")]),
    case(
        "kv/stale",
        &[
            put("/v1/kv/{n}", "x"),
            get("/v1/kv/{n}?stale"),
            get("/v1/kv/{n}?consistent"),
            get("/v1/kv/{n}?stale=false"),
        ],
    ),
    case(
        "kv/max-stale",
        &[put("/v1/kv/{n}", "x"), get("/v1/kv/{n}?stale&max_stale=10s"), get("/v1/kv/{n}?max_stale=abc")],
    ),
    case(
        "kv/cached",
        &[put("/v1/kv/{n}", "x"), get("/v1/kv/{n}?cached"), get("/v1/kv/{n}?cached&consistent")],
    ),
    case(
        "kv/consistency-header",
        &[put("/v1/kv/{n}", "x"), get("/v1/kv/{n}").also(&["x-consul-effective-consistency"])],
    ),
    case(
        "kv/index-of-listing-after-delete",
        &[
            put("/v1/kv/{n}/a", "1"),
            put("/v1/kv/{n}/b", "1"),
            get("/v1/kv/{n}?keys"),
            delete("/v1/kv/{n}/a"),
            get("/v1/kv/{n}?keys"),
            put("/v1/kv/other{n}", "1"),
            get("/v1/kv/{n}?keys"),
        ],
    ),
    case(
        "kv/index-of-key-after-other-write",
        &[
            put("/v1/kv/{n}/a", "1"),
            get("/v1/kv/{n}/a"),
            put("/v1/kv/{n}/b", "1"),
            get("/v1/kv/{n}/a"),
            put("/v1/kv/{n}/a", "2"),
            get("/v1/kv/{n}/a"),
        ],
    ),
    case(
        "kv/methods",
        &[
            send("POST", "/v1/kv/{n}").body(Body::Text("x")),
            send("PATCH", "/v1/kv/{n}"),
            send("HEAD", "/v1/kv/{n}"),
            send("OPTIONS", "/v1/kv/{n}"),
        ],
    ),
    case(
        "kv/gzip",
        &[
            send("PUT", "/v1/kv/{n}").body(Body::Repeat(b'a', 20_000)),
            get("/v1/kv/{n}").headers(&[("Accept-Encoding", "gzip")]).no_body(),
            get("/v1/kv/{n}?raw").headers(&[("Accept-Encoding", "gzip")]).no_body(),
            get("/v1/kv/{n}").headers(&[("Accept-Encoding", "deflate")]).no_body(),
        ],
    ),
    case(
        "kv/gzip-small",
        &[
            put("/v1/kv/{n}", "a"),
            get("/v1/kv/{n}").headers(&[("Accept-Encoding", "gzip")]).no_body(),
            get("/v1/kv/{n}").headers(&[("Accept-Encoding", "gzip;q=0")]).no_body(),
            get("/v1/kv/{n}").headers(&[("Accept-Encoding", "*")]).no_body(),
        ],
    ),
    case(
        "kv/token",
        &[
            put("/v1/kv/{n}?token=nonsense", "x"),
            get("/v1/kv/{n}").headers(&[("X-Consul-Token", "nonsense")]),
            get("/v1/kv/{n}").headers(&[("Authorization", "Bearer nonsense")]),
        ],
    ),
    case(
        "kv/namespace",
        &[get("/v1/kv/{n}?ns=default"), put("/v1/kv/{n}?ns=default", "x"), get("/v1/kv/{n}?ns=other")],
    ),
];
