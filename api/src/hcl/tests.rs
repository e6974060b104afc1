//! What operators write, what is wrong with it, and what nobody should write.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(text: &str) -> Value {
    Value::Object(parse(text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

#[test]
fn what_operators_write_is_understood() {
    for (text, meant) in [
        ("", json!({})),
        ("a = 1\nb = \"x\" # c\n// d\n/* e\n * f **/ g = true", json!({"a": 1, "b": "x", "g": true})),
        ("\"a\" = 1 \"b c\" = 2", json!({"a": 1, "b c": 2})),
        ("a { b = 1, c = 2 }", json!({"a": {"b": 1, "c": 2}})),
        ("a = { b = [1, [\"x\"], { y = 2 },] }", json!({"a": {"b": [1, ["x"], {"y": 2}]}})),
        ("s { n = 1 }\ns { n = 2 }\ns = { n = 3 }", json!({"s": [{"n": 1}, {"n": 2}, {"n": 3}]})),
        (
            "key_prefix \"\" { policy = \"read\" }\nkey_prefix \"a/\" { policy = \"deny\" }",
            json!({"key_prefix": [{"": {"policy": "read"}}, {"a/": {"policy": "deny"}}]}),
        ),
        ("a \"b\" \"c\" { d = 1 }", json!({"a": {"b": {"c": {"d": 1}}}})),
        ("a = -1 b = 1.5 c = 0x1F d = 010 e = 1e3", json!({"a": -1, "b": 1.5, "c": 31, "d": 8, "e": 1000.0})),
        (r#"a = "\t\"\\\u00e9\x41\101" b = "${f("x")}""#, json!({"a": "\t\"\\éAA", "b": "${f(\"x\")}"})),
        ("a = <<EOF\nx\n y\nEOF\nb = <<-E\n  x\n    y\n  E", json!({"a": "x\n y\n", "b": "x\n  y\n"})),
        ("a = 1\na = 2", json!({"a": 2})),
        ("\u{feff}a = []\r\n", json!({"a": []})),
        ("a-b.c_d = 1", json!({"a-b.c_d": 1})),
    ] {
        assert_eq!(read(text), meant, "{text}");
    }
}

/// The texts are those of Consul 1.8.7.
#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (text, said) in [
        ("d = \"x\"\na b = 1", "At 2:5: nested object expected: LBRACE got: ASSIGN"),
        ("data_dir=\"/tmp/x", "At 1:17: literal not terminated"),
        ("p { http = 1", "At 1:13: object expected closing RBRACE got: EOF"),
        ("retry_join=[\"a\" \"b\"]", "At 1:17: error parsing list, expected comma or list end, got: STRING"),
        ("a = \"/tmp/\\q\"", "At 1:12: illegal char escape"),
        ("a = \"x\" }", "At 1:9: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE"),
        ("= 1", "At 1:1: no object keys found!"),
        ("a = ;", "At 1:6: illegal char"),
        ("a = <<EOF\nx\n", "At 1:5: heredoc not terminated"),
        ("/* x", "At 1:1: comment not terminated"),
        ("a = 1x", "At 1:5: illegal number"),
    ] {
        assert_eq!(parse(text).unwrap_err(), said, "{text}");
    }
}

#[test]
fn what_nests_too_deep_is_refused() {
    for open in ["a = [", "a {"] {
        let deep = format!("{open}{}", if open.ends_with('[') { "[" } else { "a {" }.repeat(100_000));
        assert!(parse(&deep).unwrap_err().contains("within each other"));
    }
    assert!(parse(&"a ".repeat(100_000)).is_err());
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in "[a-c\"={}\\[\\],\\\\\\n<EOF#/*0-9.$ -]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn texts_are_read_back(text in "\\PC{0,20}") {
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        prop_assume!(!text.contains("${"));
        prop_assert_eq!(read(&format!("a = \"{escaped}\"")), json!({"a": text}));
    }
}
