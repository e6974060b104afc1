//! /v1/kv, writes: values, flags, compare-and-set, deletes, odd keys, and listings of what was written.

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
];
