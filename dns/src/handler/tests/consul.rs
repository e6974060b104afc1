//! The same names asked of Consul 1.8.7 and of us.

use super::*;

/// (name, type, code, answers, additionals without metadata), each record as `owner ttl type data`.
type Case = (&'static str, RecordType, ResponseCode, &'static [&'static str], &'static [&'static str]);

const META: [&str; 2] = ["TXT text", "TXT zone=a"];
const OK: ResponseCode = ResponseCode::NoError;
const NONE: ResponseCode = ResponseCode::NXDomain;

fn check(cases: &[Case]) {
    for (name, kind, code, answers, additionals) in cases {
        let message = ask(name, *kind);
        assert_eq!(message.metadata.response_code, *code, "{name} {kind}");
        assert!(message.metadata.authoritative, "{name} {kind}");
        assert_eq!(lines(&message.answers), *answers, "{name} {kind}");
        let left: Vec<String> = lines(&message.additionals)
            .into_iter()
            .filter(|line| !META.iter().any(|meta| line.ends_with(meta)))
            .collect();
        assert_eq!(left, *additionals, "{name} {kind}");
        let soa = message.authorities.iter().any(|record| matches!(record.data, RData::SOA(_)));
        // Consul leaves the SOA out of an empty answer about a node: resolvers want it always.
        assert_eq!(soa, answers.is_empty(), "{name} {kind}");
    }
}

#[test]
fn nodes() {
    use RecordType::{A, AAAA, ANY, SRV, TXT};
    check(&[
        ("n1.node.consul.", A, OK, &["n1.node.consul. 0 A 10.0.0.2"], &[]),
        ("N1.Node.CONSUL.", A, OK, &["N1.Node.CONSUL. 0 A 10.0.0.2"], &[]),
        ("n1.node.consul.", AAAA, OK, &[], &[]),
        ("n1.node.consul.", SRV, OK, &[], &[]),
        (
            "n1.node.dc1.consul.",
            TXT,
            OK,
            &["n1.node.dc1.consul. 0 TXT text", "n1.node.dc1.consul. 0 TXT zone=a"],
            &[],
        ),
        (
            "n1.node.consul.",
            ANY,
            OK,
            &["n1.node.consul. 0 A 10.0.0.2", "n1.node.consul. 0 TXT text", "n1.node.consul. 0 TXT zone=a"],
            &[],
        ),
        ("nope.node.consul.", A, NONE, &[], &[]),
        ("ext.node.consul.", A, OK, &["ext.node.consul. 0 CNAME www.example.com."], &[]),
        (
            "chain.node.consul.",
            A,
            OK,
            &["chain.node.consul. 0 CNAME n1.node.consul.", "n1.node.consul. 0 A 10.0.0.2"],
            &[],
        ),
        ("loop.node.consul.", A, OK, &["loop.node.consul. 0 CNAME loop.node.consul."; 4], &[]),
        ("01020304.addr.consul.", A, OK, &["01020304.addr.consul. 0 A 1.2.3.4"], &[]),
        ("01020304.addr.dc1.consul.", ANY, OK, &["01020304.addr.dc1.consul. 0 A 1.2.3.4"], &[]),
        // Consul gives the A record here, which resolvers drop.
        ("01020304.addr.consul.", AAAA, OK, &[], &[]),
    ]);
    let texts = ask("n1.node.consul.", A);
    assert_eq!(lines(&texts.additionals), ["n1.node.consul. 0 TXT text", "n1.node.consul. 0 TXT zone=a"]);
}

#[test]
fn services_at_names() {
    use RecordType::{A, AAAA, ANY, CNAME, SRV};
    check(&[
        ("search.service.consul.", A, OK, &["search.service.consul. 0 CNAME www.example.com."], &[]),
        ("search.service.consul.", ANY, OK, &["search.service.consul. 0 CNAME www.example.com."], &[]),
        ("search.service.consul.", SRV, OK, &["search.service.consul. 0 SRV 1 7 8080 www.example.com."], &[]),
        ("named.service.consul.", AAAA, OK, &["named.service.consul. 0 CNAME db.example.com."], &[]),
        ("named.service.consul.", CNAME, OK, &["named.service.consul. 0 CNAME db.example.com."], &[]),
        ("mixed.service.consul.", A, OK, &["mixed.service.consul. 0 A 10.0.0.2"], &[]),
        (
            "chain.service.consul.",
            A,
            OK,
            &["chain.service.consul. 0 CNAME n1.node.consul.", "n1.node.consul. 0 A 10.0.0.2"],
            &[],
        ),
        (
            "chain.service.consul.",
            SRV,
            OK,
            &["chain.service.consul. 0 SRV 1 7 8080 n1.node.consul."],
            &["n1.node.consul. 0 A 10.0.0.2"],
        ),
    ]);
}

#[test]
fn services() {
    use RecordType::{A, ANY, MX, SRV, TXT};
    check(&[
        ("six.service.consul.", A, OK, &[], &[]),
        ("six.service.consul.", ANY, OK, &["six.service.consul. 0 AAAA fe80::1"], &[]),
        (
            "six.service.consul.",
            SRV,
            OK,
            &["six.service.consul. 0 SRV 1 7 8080 six.node.dc1.consul."],
            &["six.node.dc1.consul. 0 AAAA fe80::1"],
        ),
        (
            "_Web._tcp.consul.",
            SRV,
            OK,
            &[
                "_Web._tcp.consul. 0 SRV 1 3 8080 c0a80009.addr.dc1.consul.",
                "_Web._tcp.consul. 0 SRV 1 7 8080 n1.node.dc1.consul.",
            ],
            &["c0a80009.addr.dc1.consul. 0 A 192.168.0.9", "n1.node.dc1.consul. 0 A 10.0.0.2"],
        ),
        ("web.service.consul.", MX, OK, &[], &[]),
        // Consul gives addresses to who asks for TXT.
        ("web.service.consul.", TXT, OK, &[], &[]),
        ("none.service.consul.", A, NONE, &[], &[]),
        ("web.service.dc2.consul.", A, NONE, &[], &[]),
        ("foo.query.consul.", A, NONE, &[], &[]),
        ("foo.connect.consul.", A, NONE, &[], &[]),
        ("web.consul.", A, NONE, &[], &[]),
        ("service.consul.", A, NONE, &[], &[]),
    ]);
    let message = ask("web.service.consul.", SRV);
    let texts = lines(&message.additionals).into_iter().filter(|line| line.contains(" TXT "));
    let expected = ["n1", "n2"].map(|node| META.map(|text| format!("{node}.node.dc1.consul. 0 {text}")));
    assert_eq!(texts.collect::<Vec<_>>(), expected.concat());
}

#[test]
fn the_domain_and_reverse_names() {
    use RecordType::{A, NS, PTR, SOA};
    let glue = "n1.node.dc1.consul. 0 A 10.0.0.2";
    check(&[
        ("consul.", NS, OK, &["consul. 0 NS n1.node.dc1.consul."], &["n1.node.dc1.consul. 0 A 10.0.0.2"]),
        // Consul says NXDOMAIN to both, which denies every name below.
        ("consul.", A, OK, &[], &[]),
        ("ns.consul.", A, OK, &["ns.consul. 0 A 10.0.0.2"], &[]),
        ("2.0.0.10.in-addr.arpa.", PTR, OK, &["2.0.0.10.in-addr.arpa. 0 PTR n1.node.dc1.consul."], &[]),
        (
            "9.0.168.192.in-addr.arpa.",
            PTR,
            OK,
            &["9.0.168.192.in-addr.arpa. 0 PTR web.service.dc1.consul."],
            &[],
        ),
    ]);
    let soa = ask("consul.", SOA);
    assert!(soa.answers[0].data.to_string().starts_with("ns.consul. hostmaster.consul. "));
    assert!(soa.answers[0].data.to_string().ends_with(" 3600 600 86400 0"));
    assert_eq!(lines(&soa.authorities), ["consul. 0 NS n1.node.dc1.consul."]);
    assert_eq!(lines(&soa.additionals), [glue]);
}
