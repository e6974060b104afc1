//! /v1/catalog, reads: listings, filters, order, blocking.

use crate::case::{Case, case, get, put};

/// The table.
pub(super) const CASES: &[Case] = &[
    case(
        "catalog/datacenters",
        &[
            get("/v1/catalog/datacenters"),
            get("/v1/catalog/datacenters?pretty").exact(),
            get("/v1/catalog/datacenters?dc=nowhere"),
            get("/v1/catalog/datacenters?index=1&wait=1s").within(0, 500),
        ],
    ),
    case(
        "catalog/nodes-meta",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}a","Address":"10.0.0.1","NodeMeta":{"{n}":"1","x":"y"}}"#,
            ),
            put("/v1/catalog/register", r#"{"Node":"{n}b","Address":"10.0.0.1","NodeMeta":{"{n}":"1"}}"#),
            get("/v1/catalog/nodes?node-meta={n}:1"),
            get("/v1/catalog/nodes?node-meta={n}:1&node-meta=x:y"),
            get("/v1/catalog/nodes?node-meta={n}:2"),
            get("/v1/catalog/nodes?node-meta={n}"),
            get("/v1/catalog/nodes?node-meta="),
        ],
    ),
    case(
        "catalog/nodes-near",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1"}"#),
            get("/v1/catalog/nodes?near=_agent&node-meta=nothing:1"),
            get("/v1/catalog/nodes?near={n}&filter=Node==%22{n}%22"),
            get("/v1/catalog/nodes?near=nowhere&filter=Node==%22{n}%22"),
        ],
    ),
    case(
        "catalog/nodes-filter",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}a","Address":"10.0.0.1","NodeMeta":{"os":"{n}"}}"#),
            put("/v1/catalog/register", r#"{"Node":"{n}b","Address":"10.0.0.2"}"#),
            get("/v1/catalog/nodes?filter=Node==%22{n}a%22"),
            get("/v1/catalog/nodes?filter=Meta.os==%22{n}%22"),
            get("/v1/catalog/nodes?filter=Node+matches+%22^{n}%22+and+Address!=%2210.0.0.1%22"),
            get("/v1/catalog/nodes?filter=%22{n}a%22+in+Node"),
            get("/v1/catalog/nodes?filter=TaggedAddresses+is+empty+and+Node+contains+%22{n}%22"),
            get("/v1/catalog/nodes?filter=os+in+Meta+and+not+Node==%22x%22"),
            get("/v1/catalog/nodes?filter=Node==%22{n}none%22"),
        ],
    ),
    case(
        "catalog/nodes-filter-bad",
        &[
            get("/v1/catalog/nodes?filter=nonsense"),
            get("/v1/catalog/nodes?filter=Nonsense==%22a%22"),
            get("/v1/catalog/nodes?filter=Node=="),
            get("/v1/catalog/nodes?filter=Node+matches+%22(%22"),
            get("/v1/catalog/nodes?filter=Meta==%22a%22"),
            get("/v1/catalog/nodes?filter="),
        ],
    ),
    case(
        "catalog/nodes-dc-wrong",
        &[get("/v1/catalog/nodes?dc=nowhere"), get("/v1/catalog/service/{n}?dc=nowhere")],
    ),
    case(
        "catalog/own-node",
        &[get("/v1/catalog/nodes"), get("/v1/catalog/node/{node}"), get("/v1/catalog/service/consul")],
    ),
    case(
        "catalog/services",
        &[
            get("/v1/catalog/services"),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"1","Service":"{n}","Tags":["b","a"]}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"2","Service":"{n}","Tags":["c","a"]}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"3","Service":"{n}none"}}"#,
            ),
            get("/v1/catalog/services?node-meta=none:1"),
            get("/v1/catalog/services").part("/{n}none"),
            get("/v1/catalog/services").sorted().also(&["x-consul-effective-consistency"]),
        ],
    ),
    case(
        "catalog/services-meta",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","NodeMeta":{"{n}":"1"},"Service":{"Service":"{n}","Tags":["t"]}}"#,
            ),
            get("/v1/catalog/services?node-meta={n}:1"),
            get("/v1/catalog/services?node-meta={n}:2"),
            get("/v1/catalog/services?filter=ServiceName==%22x%22"),
        ],
    ),
    case(
        "catalog/service-tags",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}a","Address":"10.0.0.1","Service":{"Service":"{n}","Tags":["Blue","v1"]}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}b","Address":"10.0.0.2","Service":{"Service":"{n}","Tags":["green","v1"]}}"#,
            ),
            get("/v1/catalog/service/{n}"),
            get("/v1/catalog/service/{n}?tag=v1"),
            get("/v1/catalog/service/{n}?tag=blue"),
            get("/v1/catalog/service/{n}?tag=v1&tag=green"),
            get("/v1/catalog/service/{n}?tag=none"),
            get("/v1/catalog/service/{n}?tag="),
        ],
    ),
    case(
        "catalog/service-filter",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}a","Address":"10.0.0.1","Service":{"Service":"{n}","Port":80,"Tags":["x"],"Meta":{"v":"1"}}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}b","Address":"10.0.0.2","NodeMeta":{"k":"v"},"Service":{"Service":"{n}","Port":81}}"#,
            ),
            get("/v1/catalog/service/{n}?filter=ServicePort==80"),
            get("/v1/catalog/service/{n}?filter=x+in+ServiceTags"),
            get("/v1/catalog/service/{n}?filter=ServiceMeta.v==%221%22+or+NodeMeta.k==v"),
            get("/v1/catalog/service/{n}?filter=ServiceTags+is+empty"),
            get("/v1/catalog/service/{n}?filter=ServicePort==abc"),
            get("/v1/catalog/service/{n}?filter=Service==x"),
            get("/v1/catalog/service/{n}?node-meta=k:v"),
            get("/v1/catalog/service/{n}?near=_agent"),
        ],
    ),
    case(
        "catalog/service-order",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}b","Address":"10.0.0.1","Service":{"ID":"2","Service":"{n}"}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}b","Address":"10.0.0.1","Service":{"ID":"1","Service":"{n}"}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}a","Address":"10.0.0.1","Service":{"ID":"3","Service":"{n}"}}"#,
            ),
            get("/v1/catalog/service/{n}"),
            get("/v1/health/service/{n}"),
        ],
    ),
    case(
        "catalog/service-missing",
        &[get("/v1/catalog/service/{n}"), get("/v1/catalog/service/"), get("/v1/catalog/service")],
    ),
    case(
        "catalog/service-name-case",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}-Web"}}"#,
            ),
            get("/v1/catalog/service/{n}-web"),
            get("/v1/catalog/node/{n}"),
        ],
    ),
    case(
        "catalog/node-name-case",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}-Node","Address":"10.0.0.1"}"#),
            get("/v1/catalog/node/{n}-node"),
            put("/v1/catalog/register", r#"{"Node":"{n}-node","Address":"10.0.0.2"}"#),
            get("/v1/catalog/node/{n}-Node"),
        ],
    ),
    case(
        "catalog/node-missing",
        &[
            get("/v1/catalog/node/{n}"),
            get("/v1/catalog/node/"),
            get("/v1/catalog/node-services/{n}"),
            get("/v1/catalog/node-services/"),
        ],
    ),
    case(
        "catalog/node-filter",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"1","Service":"{n}","Port":1}}"#,
            ),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"ID":"2","Service":"{n}","Port":2}}"#,
            ),
            get("/v1/catalog/node/{n}?filter=Port==1"),
            get("/v1/catalog/node-services/{n}?filter=ID==%222%22"),
            get("/v1/catalog/node/{n}?filter=ServicePort==1"),
            get("/v1/catalog/node/{n}?filter=Port==9"),
        ],
    ),
    case(
        "catalog/escaped-names",
        &[
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n} x/y","Address":"10.0.0.1","Service":{"Service":"{n} ä"}}"#,
            ),
            get("/v1/catalog/node/{n}%20x%2Fy"),
            get("/v1/catalog/service/{n}%20%C3%A4"),
        ],
    ),
    case(
        "catalog/blocking",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}"}}"#),
            get("/v1/catalog/service/{n}?index=1").within(0, 800),
            get("/v1/catalog/service/{n}"),
            get("/v1/catalog/service/{n}?index={index}&wait=1s").within(900, 1800),
        ],
    ),
    case(
        "catalog/blocking-missing-service",
        &[
            get("/v1/catalog/service/{n}?index=1&wait=1s").within(0, 800),
            get("/v1/catalog/service/{n}"),
            get("/v1/catalog/service/{n}?index={index}&wait=500ms").within(450, 1300),
        ],
    ),
    case(
        "catalog/index-of-service-after-other",
        &[
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}"}}"#),
            get("/v1/catalog/service/{n}"),
            put(
                "/v1/catalog/register",
                r#"{"Node":"{n}","Address":"10.0.0.1","Service":{"Service":"{n}other"}}"#,
            ),
            get("/v1/catalog/service/{n}"),
            put("/v1/catalog/register", r#"{"Node":"{n}","Address":"10.0.0.1","Check":{"Name":"c"}}"#),
            get("/v1/catalog/service/{n}"),
            put("/v1/catalog/deregister", r#"{"Node":"{n}","ServiceID":"{n}"}"#),
            get("/v1/catalog/service/{n}"),
        ],
    ),
    case("catalog/gzip", &[get("/v1/catalog/nodes").headers(&[("Accept-Encoding", "gzip")]).no_body()]),
    case(
        "catalog/connect",
        &[
            get("/v1/catalog/connect/{n}"),
            get("/v1/health/connect/{n}"),
            get("/v1/catalog/gateway-services/{n}"),
        ],
    ),
];
