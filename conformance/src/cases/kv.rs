//! /v1/kv: values, listings, compare-and-set, deletes and everything that is refused.

use crate::case::{Body, Case, case, delete, get, put, send};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "kv/missing",
        &[get("/v1/kv/{n}"), get("/v1/kv/{n}?raw"), get("/v1/kv/{n}?recurse"), get("/v1/kv/{n}?keys")],
    ),
    case("kv/put-get", &[put("/v1/kv/{n}/a", "hello"), get("/v1/kv/{n}/a"), get("/v1/kv/{n}/a?raw").exact()]),
    case("kv/put-empty", &[put("/v1/kv/{n}", ""), get("/v1/kv/{n}"), get("/v1/kv/{n}?raw").exact()]),
    case("kv/put-no-body", &[send("PUT", "/v1/kv/{n}"), get("/v1/kv/{n}")]),
    case("kv/put-twice", &[put("/v1/kv/{n}", "1"), put("/v1/kv/{n}", "2"), get("/v1/kv/{n}")]),
    case(
        "kv/put-same-twice",
        &[put("/v1/kv/{n}", "1"), get("/v1/kv/{n}"), put("/v1/kv/{n}", "1"), get("/v1/kv/{n}")],
    ),
    case(
        "kv/binary",
        &[
            send("PUT", "/v1/kv/{n}").body(Body::Bytes(b"\x00\xff\xfe\n\"")),
            get("/v1/kv/{n}"),
            get("/v1/kv/{n}?raw").exact(),
        ],
    ),
    case(
        "kv/flags",
        &[put("/v1/kv/{n}?flags=42", "x"), get("/v1/kv/{n}"), put("/v1/kv/{n}", "x"), get("/v1/kv/{n}")],
    ),
    case("kv/flags-largest", &[put("/v1/kv/{n}?flags=18446744073709551615", "x"), get("/v1/kv/{n}")]),
    case("kv/flags-too-large", &[put("/v1/kv/{n}?flags=18446744073709551616", "x")]),
    case("kv/flags-negative", &[put("/v1/kv/{n}?flags=-1", "x")]),
    case(
        "kv/flags-word",
        &[put("/v1/kv/{n}?flags=abc", "x"), put("/v1/kv/{n}?flags=", "x"), put("/v1/kv/{n}?flags", "x")],
    ),
    case("kv/cas-create", &[put("/v1/kv/{n}?cas=0", "1"), put("/v1/kv/{n}?cas=0", "2"), get("/v1/kv/{n}")]),
    case(
        "kv/cas-update",
        &[
            put("/v1/kv/{n}", "1"),
            get("/v1/kv/{n}"),
            put("/v1/kv/{n}?cas={modify}", "2"),
            put("/v1/kv/{n}?cas={modify}", "3"),
            get("/v1/kv/{n}"),
        ],
    ),
    case("kv/cas-missing-key", &[put("/v1/kv/{n}?cas=5", "x"), get("/v1/kv/{n}")]),
    case(
        "kv/cas-word",
        &[put("/v1/kv/{n}?cas=abc", "x"), put("/v1/kv/{n}?cas=", "x"), put("/v1/kv/{n}?cas=-1", "x")],
    ),
    case("kv/cas-with-flags", &[put("/v1/kv/{n}?cas=0&flags=7", "x"), get("/v1/kv/{n}")]),
    case(
        "kv/body-at-limit",
        &[send("PUT", "/v1/kv/{n}").body(Body::Repeat(b'a', 524_288)), get("/v1/kv/{n}?keys")],
    ),
    case(
        "kv/body-over-limit",
        &[send("PUT", "/v1/kv/{n}").body(Body::Repeat(b'a', 524_289)), get("/v1/kv/{n}")],
    ),
    case("kv/body-far-over-limit", &[send("PUT", "/v1/kv/{n}").body(Body::Repeat(b'a', 3_000_000))]),
    case("kv/empty-key-put", &[put("/v1/kv/", "x"), put("/v1/kv", "x")]),
    case("kv/empty-key-get", &[get("/v1/kv/"), get("/v1/kv")]),
    case("kv/empty-key-delete", &[delete("/v1/kv/")]),
    case(
        "kv/acquire-without-session",
        &[put("/v1/kv/{n}?acquire=nonsense", "x"), put("/v1/kv/{n}?release=nonsense", "x")],
    ),
    case("kv/two-modes", &[put("/v1/kv/{n}?cas=0&acquire=11111111-2222-1111-1111-111111111111", "x")]),
    case(
        "kv/recurse",
        &[
            put("/v1/kv/{n}/b", "2"),
            put("/v1/kv/{n}/a", "1"),
            put("/v1/kv/{n}/a/c", "3"),
            put("/v1/kv/{n}x", "4"),
            get("/v1/kv/{n}?recurse"),
            get("/v1/kv/{n}/?recurse"),
            get("/v1/kv/{n}/a?recurse=true"),
            get("/v1/kv/{n}/a?recurse&raw"),
        ],
    ),
    case(
        "kv/keys",
        &[
            put("/v1/kv/{n}/b", "2"),
            put("/v1/kv/{n}/a/c", "3"),
            put("/v1/kv/{n}/a/d", "3"),
            put("/v1/kv/{n}/a", "3"),
            get("/v1/kv/{n}/?keys"),
            get("/v1/kv/{n}/?keys&separator=/"),
            get("/v1/kv/{n}?keys&separator=/"),
            get("/v1/kv/{n}/?keys&separator=c"),
            get("/v1/kv/{n}/?keys&separator="),
            get("/v1/kv/?keys&separator=/"),
            get("/v1/kv/?keys"),
            get("/v1/kv/{n}/a?keys&separator=/"),
        ],
    ),
    case("kv/keys-long-separator", &[put("/v1/kv/{n}/a--b", "1"), get("/v1/kv/{n}/?keys&separator=--")]),
    case(
        "kv/keys-and-recurse",
        &[put("/v1/kv/{n}/a", "1"), get("/v1/kv/{n}?keys&recurse"), get("/v1/kv/{n}?recurse&keys&raw")],
    ),
    case("kv/separator-without-keys", &[put("/v1/kv/{n}", "1"), get("/v1/kv/{n}?separator=/")]),
    case(
        "kv/delete",
        &[put("/v1/kv/{n}", "1"), delete("/v1/kv/{n}"), get("/v1/kv/{n}"), delete("/v1/kv/{n}")],
    ),
    case(
        "kv/delete-recurse",
        &[
            put("/v1/kv/{n}/a", "1"),
            put("/v1/kv/{n}/b", "1"),
            put("/v1/kv/{n}x", "1"),
            delete("/v1/kv/{n}/?recurse"),
            get("/v1/kv/{n}?keys"),
            delete("/v1/kv/{n}?recurse"),
            get("/v1/kv/{n}?keys"),
        ],
    ),
    case(
        "kv/delete-cas",
        &[
            put("/v1/kv/{n}", "1"),
            get("/v1/kv/{n}"),
            delete("/v1/kv/{n}?cas=1"),
            delete("/v1/kv/{n}?cas=0"),
            delete("/v1/kv/{n}?cas={modify}"),
            get("/v1/kv/{n}"),
        ],
    ),
    case("kv/delete-cas-missing", &[delete("/v1/kv/{n}?cas=7"), delete("/v1/kv/{n}?cas=0")]),
    case("kv/delete-cas-word", &[delete("/v1/kv/{n}?cas=abc"), delete("/v1/kv/{n}?cas=")]),
    case("kv/delete-cas-and-recurse", &[delete("/v1/kv/{n}?cas=1&recurse")]),
    case(
        "kv/delete-then-create",
        &[
            put("/v1/kv/{n}", "1"),
            get("/v1/kv/{n}"),
            delete("/v1/kv/{n}"),
            put("/v1/kv/{n}", "2"),
            get("/v1/kv/{n}"),
        ],
    ),
    case(
        "kv/encoded-key",
        &[
            put("/v1/kv/{n}/a%20b%2Fc", "1"),
            put("/v1/kv/{n}/%C3%A4%25", "1"),
            put("/v1/kv/{n}/plus+sign", "1"),
            get("/v1/kv/{n}/?keys"),
            get("/v1/kv/{n}/a%20b/c"),
            get("/v1/kv/{n}/a%20b%2fc"),
        ],
    ),
    case("kv/encoded-nonsense", &[get("/v1/kv/{n}%zz"), get("/v1/kv/{n}%2"), put("/v1/kv/{n}%", "x")]),
    case(
        "kv/encoded-invalid-utf8",
        &[put("/v1/kv/{n}%ff", "1"), get("/v1/kv/{n}%ff?raw"), get("/v1/kv/{n}?keys")],
    ),
    case("kv/encoded-nul", &[put("/v1/kv/{n}%00a", "1"), get("/v1/kv/{n}%00a")]),
    case("kv/double-slash", &[put("/v1/kv/{n}//a", "1"), get("/v1/kv/{n}//a"), get("/v1/kv//{n}")]),
    case("kv/dots", &[put("/v1/kv/{n}/../x{n}", "1"), get("/v1/kv/{n}/./a"), get("/v1/kv/x{n}")]),
    case(
        "kv/trailing-slash",
        &[put("/v1/kv/{n}/", ""), get("/v1/kv/{n}/"), get("/v1/kv/{n}"), get("/v1/kv/{n}?keys")],
    ),
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
        "kv/wait-word",
        &[get("/v1/kv/{n}?wait=abc"), get("/v1/kv/{n}?wait=5"), get("/v1/kv/{n}?wait=-1s").within(0, 500)],
    ),
    case(
        "kv/index-empty",
        &[get("/v1/kv/{n}?index=").within(0, 500), get("/v1/kv/{n}?index=0").within(0, 500)],
    ),
    case("kv/index-one", &[put("/v1/kv/{n}", "1"), get("/v1/kv/{n}?index=1").within(0, 800)]),
    case("kv/index-one-missing", &[get("/v1/kv/{n}?index=1&wait=1s")]),
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
    case("kv/wait-far-index", &[put("/v1/kv/{n}", "1"), get("/v1/kv/{n}?index=99999999&wait=500ms")]),
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
