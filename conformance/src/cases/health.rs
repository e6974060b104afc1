//! /v1/health: checks of nodes and services, states, filters.

use crate::case::{Case, case, get, put};

const TWO: &str = r#"{"Node":"{n}a","Address":"10.0.0.1","NodeMeta":{"{n}":"1"},"Service":{"Service":"{n}","Tags":["v1","x"],"Port":80},
    "Checks":[{"CheckID":"s","Name":"s","Status":"passing","ServiceID":"{n}"},{"CheckID":"n","Name":"n","Status":"passing"}]}"#;
const WARNING: &str = r#"{"Node":"{n}b","Address":"10.0.0.2","Service":{"Service":"{n}","Tags":["v2","x"],"Port":81},
    "Checks":[{"CheckID":"s","Name":"s","Status":"warning","ServiceID":"{n}"}]}"#;
const CRITICAL: &str = r#"{"Node":"{n}c","Address":"10.0.0.3","Service":{"Service":"{n}","Tags":["v1"],"Port":82},
    "Checks":[{"CheckID":"n","Name":"n","Status":"critical"}]}"#;

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "health/service",
        &[
            put("/v1/catalog/register", TWO),
            put("/v1/catalog/register", WARNING),
            put("/v1/catalog/register", CRITICAL),
            get("/v1/health/service/{n}"),
        ],
    ),
    case(
        "health/service-passing",
        &[
            put("/v1/catalog/register", TWO),
            put("/v1/catalog/register", WARNING),
            put("/v1/catalog/register", CRITICAL),
            get("/v1/health/service/{n}?passing"),
            get("/v1/health/service/{n}?passing=true"),
            get("/v1/health/service/{n}?passing=1"),
            get("/v1/health/service/{n}?passing=false"),
            get("/v1/health/service/{n}?passing=0"),
            get("/v1/health/service/{n}?passing=nonsense"),
            get("/v1/health/service/{n}?passing="),
        ],
    ),
    case(
        "health/service-tags",
        &[
            put("/v1/catalog/register", TWO),
            put("/v1/catalog/register", WARNING),
            get("/v1/health/service/{n}?tag=v1"),
            get("/v1/health/service/{n}?tag=X&tag=v2"),
            get("/v1/health/service/{n}?tag=none"),
            get("/v1/health/service/{n}?tag="),
        ],
    ),
    case(
        "health/service-meta",
        &[
            put("/v1/catalog/register", TWO),
            put("/v1/catalog/register", WARNING),
            get("/v1/health/service/{n}?node-meta={n}:1"),
            get("/v1/health/service/{n}?node-meta={n}:2"),
            get("/v1/health/service/{n}?near=_agent"),
            get("/v1/health/service/{n}?near={n}b"),
        ],
    ),
    case(
        "health/service-filter",
        &[
            put("/v1/catalog/register", TWO),
            put("/v1/catalog/register", WARNING),
            get("/v1/health/service/{n}?filter=Service.Port==80"),
            get("/v1/health/service/{n}?filter=v2+in+Service.Tags"),
            get("/v1/health/service/{n}?filter=Node.Meta.{n}==1"),
            get("/v1/health/service/{n}?filter=Checks.Status==warning"),
            get("/v1/health/service/{n}?filter=Service.Port==9"),
            get("/v1/health/service/{n}?filter=not+(Service.Port==80+or+Node.Address==%2210.0.0.9%22)"),
        ],
    ),
    case(
        "health/service-filter-bad",
        &[
            get("/v1/health/service/{n}?filter=ServicePort==80"),
            get("/v1/health/service/{n}?filter=Service.Port==x"),
            get("/v1/health/service/{n}?filter=Service.Port=="),
            get("/v1/health/service/{n}?filter=Service.Nonsense==1"),
        ],
    ),
    case(
        "health/service-missing",
        &[
            get("/v1/health/service/{n}"),
            get("/v1/health/service/{n}?passing"),
            get("/v1/health/service/"),
            get("/v1/health/service"),
        ],
    ),
    case("health/service-own", &[get("/v1/health/service/consul")]),
    case(
        "health/service-dc-wrong",
        &[get("/v1/health/service/{n}?dc=nowhere"), get("/v1/health/state/any?dc=nowhere")],
    ),
    case(
        "health/service-blocking",
        &[
            put("/v1/catalog/register", TWO),
            get("/v1/health/service/{n}?index=1").within(0, 800),
            get("/v1/health/service/{n}"),
            get("/v1/health/service/{n}?index={index}&wait=1s").within(900, 1800),
            get("/v1/health/service/{n}?passing&index={index}&wait=300ms").within(250, 1000),
        ],
    ),
    case(
        "health/service-index",
        &[
            put("/v1/catalog/register", TWO),
            get("/v1/health/service/{n}"),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}z","Address":"10.0.0.9","Service":{"Service":"{n}other"}}"#,
            ),
            get("/v1/health/service/{n}"),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}a","Address":"10.0.0.1","Check":{"CheckID":"n","Name":"n","Status":"critical"}}"#,
            ),
            get("/v1/health/service/{n}"),
            put("/v1/catalog/register", r#"{"Node":"{n}a","Address":"10.0.0.7"}"#),
            get("/v1/health/service/{n}"),
            put("/v1/catalog/deregister", r#"{"Node":"{n}a"}"#),
            get("/v1/health/service/{n}"),
        ],
    ),
    case(
        "health/service-index-same-check-again",
        &[
            put("/v1/catalog/register", TWO),
            get("/v1/health/service/{n}"),
            put("/v1/catalog/register", TWO),
            get("/v1/health/service/{n}"),
        ],
    ),
    case(
        "health/service-consistency",
        &[
            put("/v1/catalog/register", TWO),
            get("/v1/health/service/{n}?stale"),
            get("/v1/health/service/{n}?consistent"),
            get("/v1/health/service/{n}?stale&consistent"),
        ],
    ),
    case(
        "health/service-cached",
        &[
            put("/v1/catalog/register", TWO),
            get("/v1/health/service/{n}?cached").also(&["x-cache", "age"]),
            get("/v1/health/service/{n}?cached").also(&["x-cache"]),
            get("/v1/health/service/{n}?cached&consistent"),
        ],
    ),
    case(
        "health/node",
        &[
            put("/v1/catalog/register", TWO),
            get("/v1/health/node/{n}a"),
            get("/v1/health/node/{n}a?filter=Status==passing"),
            get("/v1/health/node/{n}a?filter=ServiceName==%22{n}%22"),
            get("/v1/health/node/{n}a?filter=Nonsense==1"),
            get("/v1/health/node/{n}none"),
            get("/v1/health/node/"),
        ],
    ),
    case("health/node-own", &[get("/v1/health/node/{node}")]),
    case(
        "health/node-blocking",
        &[
            put("/v1/catalog/register", TWO),
            get("/v1/health/node/{n}a?index=1").within(0, 800),
            get("/v1/health/node/{n}a"),
            get("/v1/health/node/{n}a?index={index}&wait=500ms").within(450, 1300),
        ],
    ),
    case(
        "health/checks",
        &[
            put("/v1/catalog/register", TWO),
            put("/v1/catalog/register", WARNING),
            get("/v1/health/checks/{n}"),
            get("/v1/health/checks/{n}?node-meta={n}:1"),
            get("/v1/health/checks/{n}?filter=Status==warning"),
            get("/v1/health/checks/{n}?near=_agent"),
            get("/v1/health/checks/{n}none"),
            get("/v1/health/checks/"),
        ],
    ),
    case(
        "health/checks-tags-kept-from-the-service",
        &[
            put("/v1/catalog/register", TWO),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}a","Address":"10.0.0.1","Service":{"Service":"{n}","Tags":["new"]}}"#,
            ),
            get("/v1/health/checks/{n}"),
        ],
    ),
    case(
        "health/state",
        &[
            put("/v1/catalog/register", TWO),
            put("/v1/catalog/register", WARNING),
            put("/v1/catalog/register", CRITICAL),
            get("/v1/health/state/warning"),
            get("/v1/health/state/critical"),
            get("/v1/health/state/passing?node-meta={n}:1"),
            get("/v1/health/state/any?node-meta={n}:1"),
            get("/v1/health/state/any?filter=Node==%22{n}c%22"),
            get("/v1/health/state/passing?filter=Node==%22{n}a%22"),
        ],
    ),
    case(
        "health/state-bad",
        &[
            get("/v1/health/state/nonsense"),
            get("/v1/health/state/"),
            get("/v1/health/state"),
            get("/v1/health/state/Passing"),
            get("/v1/health/state/maintenance"),
        ],
    ),
    case(
        "health/state-blocking",
        &[
            get("/v1/health/state/critical"),
            get("/v1/health/state/critical?index=1").within(0, 800),
            get("/v1/health/state/critical?index={index}&wait=500ms").within(450, 1300),
        ],
    ),
    case(
        "health/state-index",
        &[
            get("/v1/health/state/critical"),
            put("/v1/catalog/register", CRITICAL),
            get("/v1/health/state/critical"),
            put("/v1/catalog/deregister", r#"{"Node":"{n}c"}"#),
            get("/v1/health/state/critical"),
        ],
    ),
    case(
        "health/gzip",
        &[
            put("/v1/catalog/register", TWO),
            get("/v1/health/service/{n}").headers(&[("Accept-Encoding", "gzip, deflate")]).no_body(),
        ],
    ),
    case(
        "health/pretty",
        &[get("/v1/health/service/{n}?pretty").exact(), get("/v1/health/state/critical?pretty").exact()],
    ),
];
