//! The rules as a route has them: what passes, what is told, what goes upstream.

use std::sync::LazyLock;

use http::HeaderMap;
use serde_json::{Value, json};

use super::instance::from_value;
use super::*;
use crate::json::{Duplicates, Limits, Path};

fn fields(rules: Value) -> Vec<Field> {
    let Value::Object(rules) = rules else { panic!("rules by name") };
    rules
        .into_iter()
        .map(|(name, mut schema)| {
            let members = schema.as_object_mut().unwrap();
            let required = members.remove("required").is_some_and(|required| required == true);
            let default = members.remove("default").map(|default| from_value(&default));
            Field { name, required, default, schema }
        })
        .collect()
}

fn options() -> RulesOptions {
    RulesOptions {
        path: vec![],
        query: vec![],
        headers: vec![],
        body: None,
        unknown_query: UnknownQuery::Pass,
        json: Limits { depth: 64, nodes: 100_000, duplicates: Duplicates::Allow },
    }
}

fn body_rules(schema: Value) -> Rules {
    Rules::new(RulesOptions { body: Some(Body { schema, files: BTreeMap::new() }), ..options() }).unwrap()
}

fn query_rules(rules: Value, unknown_query: UnknownQuery) -> Rules {
    Rules::new(RulesOptions { query: fields(rules), unknown_query, ..options() }).unwrap()
}

static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
static JSON: LazyLock<HeaderMap> = LazyLock::new(json_headers);

fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(http::header::CONTENT_TYPE, "application/json".parse().unwrap())])
}

fn check_body<'b>(rules: &Rules, body: &'b str) -> Result<Input<'b>, Refusal> {
    rules.check(&Request { path: &[], query: None, headers: &JSON, body: body.as_bytes() })
}

fn check_query<'q>(rules: &Rules, query: &'q str) -> Result<Input<'q>, Refusal> {
    rules.check(&Request { path: &[], query: Some(query), headers: &NONE, body: &[] })
}

/// `rule path message` of every violation.
fn told<T: fmt::Debug>(result: Result<T, Refusal>) -> Vec<String> {
    match result {
        Err(Refusal::Violations(violations)) => {
            violations.iter().map(|v| format!("{} {}: {}", v.rule, v.path, v.message)).collect()
        }
        other => panic!("expected violations, got {other:?}"),
    }
}

fn shown(values: &[(String, Node<'_>)]) -> String {
    values.iter().map(|(name, node)| format!("{name}={}", String::from_utf8(node.to_json()).unwrap())).collect::<Vec<_>>().join(" ")
}

#[test]
fn texts_are_read_as_the_declared_type_and_digits_stay() {
    let rules = query_rules(
        json!({
            "page": {"type": "integer", "minimum": 1}, "price": {"type": "number"}, "on": {"type": "boolean"},
            "ids": {"type": "array", "items": {"type": "integer"}}, "q": {},
        }),
        UnknownQuery::Pass,
    );
    let input = check_query(&rules, "page=12345678901234567890&price=1.10&on=true&ids=1&ids=2&q=a+b%20c&x=1&x=2&y").unwrap();
    assert_eq!(
        shown(&input.query),
        r#"page=12345678901234567890 price=1.10 on=true ids=[1,2] q="a b c" x=["1","2"] y="""#
    );
    assert_eq!(input.query_string, "page=12345678901234567890&price=1.10&on=true&ids=1&ids=2&q=a+b%20c&x=1&x=2&y");
    let one = check_query(&rules, "ids=7").unwrap();
    assert_eq!(shown(&one.query), "ids=[7]");
}

#[test]
fn a_text_of_another_type_is_a_violation_of_type() {
    let rules = query_rules(
        json!({
            "n": {"type": "integer"}, "d": {"type": "number"}, "b": {"type": "boolean"},
            "ids": {"type": "array", "items": {"type": "integer"}},
        }),
        UnknownQuery::Pass,
    );
    for bad in ["1.0", "%2B1", "+1", "1 ", " 1", "1e3", "", "abc", "0x1", "01", "--1", "１", "1%00"] {
        assert_eq!(told(check_query(&rules, &format!("n={bad}"))), ["type n: must be a whole number"], "{bad:?}");
    }
    for bad in ["NaN", "Infinity", "1,5", ".5", "1.", "%201"] {
        assert_eq!(told(check_query(&rules, &format!("d={bad}"))), ["type d: must be a number"], "{bad:?}");
    }
    for bad in ["TRUE", "1", "yes", ""] {
        assert_eq!(told(check_query(&rules, &format!("b={bad}"))), ["type b: must be true or false"], "{bad:?}");
    }
    assert_eq!(
        told(check_query(&rules, "ids=1&ids=x&ids=3&ids=y")),
        ["type ids[1]: must be a whole number", "type ids[3]: must be a whole number"]
    );
    assert!(check_query(&rules, "n=-0&d=-1.5e-3&b=false").is_ok());
}

#[test]
fn defaults_stand_behind_what_came_and_go_upstream() {
    let rules = query_rules(
        json!({
            "page": {"type": "integer", "minimum": 1, "default": 1}, "sort": {"default": "a&b c/ü"},
            "tags": {"type": "array", "items": {"type": "string"}, "default": ["x", "y"]}, "size": {"type": "integer"},
        }),
        UnknownQuery::Pass,
    );
    let input = check_query(&rules, "b=%E4%BD%A0&a=1").unwrap();
    assert_eq!(input.query_string, "b=%E4%BD%A0&a=1&page=1&sort=a%26b%20c%2F%C3%BC&tags=x&tags=y");
    assert_eq!(shown(&input.query), r#"b="你" a="1" page=1 sort="a&b c/ü" tags=["x","y"]"#);
    let given = check_query(&rules, "page=3&sort=&tags=z").unwrap();
    assert_eq!(given.query_string, "page=3&sort=&tags=z");
    let none = rules.check(&Request { path: &[], query: None, headers: &NONE, body: &[] }).unwrap();
    assert_eq!(none.query_string, "page=1&sort=a%26b%20c%2F%C3%BC&tags=x&tags=y");
}

#[test]
fn parameters_without_a_rule_pass_or_are_dropped_or_are_violations() {
    let rules = json!({"page": {"type": "integer"}});
    let query = "z=%7e&page=1&&pgae=2&a=b=c";
    let passed = check_query(&query_rules(rules.clone(), UnknownQuery::Pass), query).unwrap();
    assert_eq!(passed.query_string, query);
    let dropped = check_query(&query_rules(rules.clone(), UnknownQuery::Drop), query).unwrap();
    assert_eq!((dropped.query_string.as_str(), shown(&dropped.query).as_str()), ("page=1", "page=1"));
    assert_eq!(
        told(check_query(&query_rules(rules, UnknownQuery::Reject), query)),
        ["unknown z: is not known here", "unknown pgae: is not known here; did you mean page?", "unknown a: is not known here"]
    );
}

#[test]
fn a_scalar_that_stands_twice_is_a_violation() {
    let rules = query_rules(json!({"page": {"type": "integer"}}), UnknownQuery::Pass);
    assert_eq!(told(check_query(&rules, "page=1&p%61ge=2")), ["repeated page: must be given once"]);
}

#[test]
fn a_query_that_cannot_be_decoded_is_malformed() {
    let rules = query_rules(json!({"q": {}}), UnknownQuery::Pass);
    for (query, path) in [("q=%", "q"), ("q=%4", "q"), ("q=%zz", "q"), ("q=%+1", "q"), ("q=%C4%E3", "q"), ("x=1&%FF=2", "")] {
        match check_query(&rules, query) {
            Err(Refusal::Malformed(v)) => assert_eq!((v.place, v.path.as_str(), v.rule.as_str()), (In::Query, path, "encoding"), "{query}"),
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn every_part_of_a_request_is_told_at_once() {
    let rules = Rules::new(RulesOptions {
        path: fields(json!({"id": {"type": "integer", "minimum": 1}})),
        query: fields(json!({"page": {"type": "integer", "minimum": 1}, "q": {"maxLength": 3, "required": true}})),
        headers: fields(json!({"X-Tenant": {"pattern": "^[a-z]+$", "required": true}, "x-ids": {"type": "array", "items": {"type": "integer"}}})),
        body: Some(Body {
            schema: json!({"type": "object", "required": ["sku", "count"], "properties": {"count": {"type": "integer", "minimum": 1}}}),
            files: BTreeMap::new(),
        }),
        ..options()
    })
    .unwrap();
    let mut headers = json_headers();
    headers.insert("x-tenant", "ACME".parse().unwrap());
    headers.insert("x-ids", "1, x".parse().unwrap());
    let path = [("id".to_owned(), "0".to_owned()), ("rest".to_owned(), "a/b".to_owned())];
    let request = Request { path: &path, query: Some("page=abc"), headers: &headers, body: br#"{"count":0}"# };
    let Err(Refusal::Violations(violations)) = rules.check(&request) else { panic!("must be refused") };
    let lines: Vec<String> = violations.iter().map(|v| format!("{v} ({})", v.rule)).collect();
    assert_eq!(
        lines,
        [
            "path: id must be at least 1 (minimum)",
            "query: page must be a whole number (type)",
            "query: q is required (required)",
            "headers: x-tenant must match the pattern ^[a-z]+$ (pattern)",
            "headers: x-ids[1] must be a whole number (type)",
            "body: sku is required (required)",
            "body: count must be at least 1 (minimum)",
        ]
    );
    headers.insert("x-tenant", "acme".parse().unwrap());
    headers.insert("x-ids", "1,2".parse().unwrap());
    headers.append("x-ids", "3".parse().unwrap());
    let path = [("id".to_owned(), "7".to_owned()), ("rest".to_owned(), "a/b".to_owned())];
    let request = Request { path: &path, query: Some("q=tea"), headers: &headers, body: br#"{"sku":"a","count":1}"# };
    let input = rules.check(&request).unwrap();
    assert_eq!(shown(&input.path), r#"id=7 rest="a/b""#);
    assert_eq!(shown(&input.headers), r#"x-tenant="acme" x-ids=[1,2,3]"#);
    assert_eq!(input.body_bytes, BodyBytes::AsReceived);
}

#[test]
fn a_header_that_is_not_utf_8_is_malformed_when_it_has_a_rule() {
    let rules = Rules::new(RulesOptions { headers: fields(json!({"x-a": {}})), ..options() }).unwrap();
    let headers = HeaderMap::from_iter([(
        http::HeaderName::from_static("x-a"),
        http::HeaderValue::from_bytes(b"\xff").unwrap(),
    )]);
    let result = rules.check(&Request { path: &[], query: None, headers: &headers, body: &[] });
    assert!(matches!(result, Err(Refusal::Malformed(v)) if v.place == In::Headers && v.path == "x-a"));
}

#[test]
fn a_body_tells_every_violation_with_its_path() {
    let rules = body_rules(json!({
        "type": "object",
        "required": ["items", "buyer"],
        "additionalProperties": false,
        "properties": {
            "items": {"type": "array", "minItems": 1, "uniqueItems": true, "items": {
                "type": "object", "required": ["sku"],
                "properties": {
                    "sku": {"type": "string", "pattern": "^[A-Z]{3}$"},
                    "count": {"type": "integer", "minimum": 1, "maximum": 10},
                    "price": {"multipleOf": 0.01, "exclusiveMinimum": 0},
                },
            }},
            "buyer": {"type": "object", "properties": {
                "email": {"type": "string", "format": "email"}, "born": {"format": "date"}, "site": {"format": "uri"},
                "id": {"format": "uuid"}, "level": {"enum": ["a", "b", 3]}, "name": {"minLength": 1, "maxLength": 3}, "kind": {"const": "x"},
            }, "minProperties": 1, "maxProperties": 9},
            "odd.name": {"type": "null"},
        },
    }));
    let body = r#"{
        "items": [{"sku": "abc", "count": 0, "price": 0.001}, {"count": 11, "price": 0}, 5, {"sku":"ABC","count":1.0}, {"count":1,"sku":"ABC"}],
        "buyer": {"email": "secret", "born": "yesterday", "site": "x y", "id": "1", "level": "c", "name": "", "kind": 1},
        "odd.name": 1, "extra": 1, "more stuff": 2
    }"#;
    assert_eq!(
        told(check_body(&rules, body)),
        [
            "uniqueItems items: must not hold the same element twice",
            "pattern items[0].sku: must match the pattern ^[A-Z]{3}$",
            "minimum items[0].count: must be at least 1",
            "multipleOf items[0].price: must be a multiple of 0.01",
            "required items[1].sku: is required",
            "maximum items[1].count: must be at most 10",
            "exclusiveMinimum items[1].price: must be more than 0",
            "type items[2]: must be an object",
            "format buyer.email: must be an e-mail address",
            "format buyer.born: must be a date such as 2026-11-20",
            "format buyer.site: must be an absolute URI",
            "format buyer.id: must be a UUID",
            "enum buyer.level: must be one of: a, b, 3",
            "minLength buyer.name: must not be empty",
            "const buyer.kind: must be x",
            r#"type ["odd.name"]: must be null"#,
            "additionalProperties extra: is not allowed",
            r#"additionalProperties ["more stuff"]: is not allowed"#,
        ]
        .map(str::to_owned)
    );
    assert_eq!(told(check_body(&rules, "[]")), ["type : must be an object"]);
    assert_eq!(told(check_body(&rules, "{}")), ["required items: is required", "required buyer: is required"]);
}

#[test]
fn every_path_of_a_violation_is_one_of_our_grammar() {
    let rules = body_rules(json!({"additionalProperties": {"type": "array", "items": {"additionalProperties": false}}}));
    for key in ["a", "a.b", "x y", "0", "", "*", "[]", "q\"q", "back\\slash", "@class", "ü", "**"] {
        let body = json!({ key: [{ key: 1 }] }).to_string();
        let Err(Refusal::Violations(violations)) = check_body(&rules, &body) else { panic!("{key}") };
        let path = Path::parse(&violations[0].path).unwrap_or_else(|error| panic!("{key}: {} {error}", violations[0].path));
        let document = crate::json::parse(&body, &options().json).unwrap();
        assert_eq!(path.get(&document).map(|node| node.to_json()), Some(b"1".to_vec()), "{key}");
    }
}

#[test]
fn no_message_repeats_what_the_client_sent() {
    let rules = body_rules(json!({
        "properties": {
            "password": {"type": "string", "minLength": 50, "pattern": "^x$", "format": "uuid", "enum": ["a"], "const": "b"},
            "pin": {"type": "integer", "minimum": 1, "multipleOf": 7, "not": {"type": "integer"}},
            "any": {"anyOf": [{"type": "string"}, {"required": ["a"]}]},
            "list": {"prefixItems": [{}], "items": false, "contains": {"type": "null"}, "uniqueItems": true},
        },
        "propertyNames": {"maxLength": 10},
    }));
    let body = r#"{"password":"hunter2secret","pin":-424242,"any":424242,"list":["hunter2secret","hunter2secret"]}"#;
    for line in told(check_body(&rules, body)) {
        assert!(!line.contains("hunter2secret") && !line.contains("424242"), "{line}");
    }
}

#[test]
fn numbers_are_compared_as_decimals() {
    let rules = body_rules(json!({
        "properties": {
            "big": {"type": "integer", "maximum": 9_007_199_254_740_992_u64},
            "huge": {"type": "integer", "minimum": 1},
            "price": {"type": "number", "multipleOf": 0.01, "minimum": 0.1},
            "one": {"const": 1}, "tenth": {"enum": [0.1]},
        },
    }));
    let fine = r#"{"big":9007199254740992,"huge":12345678901234567890123,"price":1.10,"one":1.00,"tenth":1e-1}"#;
    assert_eq!(check_body(&rules, fine).unwrap().body_bytes, BodyBytes::AsReceived);
    assert!(check_body(&rules, r#"{"huge":1e400,"price":123456789012345678901234567890.25}"#).is_ok());
    let bad = r#"{"big":9007199254740993,"huge":-12345678901234567890123,"price":0.0999999999999999999999,"one":1.01,"tenth":0.10000000000000000000001}"#;
    assert_eq!(
        told(check_body(&rules, bad)),
        [
            "maximum big: must be at most 9007199254740992",
            "minimum huge: must be at least 1",
            "multipleOf price: must be a multiple of 0.01",
            "minimum price: must be at least 0.1",
            "const one: must be 1",
            "enum tenth: must be 0.1",
        ]
    );
    assert_eq!(told(check_body(&rules, r#"{"huge":1.5}"#)), ["type huge: must be a whole number"]);
}

#[test]
fn alternatives_are_told_by_the_form_that_was_meant() {
    let rules = body_rules(json!({
        "properties": {
            "nullable": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "pay": {"oneOf": [
                {"type": "object", "required": ["kind", "number"], "properties": {"kind": {"const": "card"}, "number": {"type": "string", "minLength": 12}}},
                {"type": "object", "required": ["kind", "iban"], "properties": {"kind": {"const": "bank"}, "iban": {"type": "string"}}},
            ]},
            "size": {"anyOf": [{"enum": ["s", "m"]}, {"const": "l"}]},
            "ref": {"anyOf": [{"type": "null"}, {"type": "object", "required": ["id"]}]},
            "free": {"anyOf": [{"required": ["a"]}, {"required": ["b", "c"]}]},
            "both": {"oneOf": [{"type": "integer"}, {"minimum": 3}]},
        },
    }));
    for (body, lines) in [
        (r#"{"nullable":1}"#, &["anyOf nullable: must be a string or null"][..]),
        (r#"{"pay":{"kind":"card"}}"#, &["required pay.number: is required"]),
        (r#"{"pay":{"kind":"bank","iban":5}}"#, &["type pay.iban: must be a string"]),
        (r#"{"pay":{"kind":"cash"}}"#, &["const pay.kind: must be one of: card, bank"]),
        (r#"{"pay":"cash"}"#, &["oneOf pay: must be an object"]),
        (r#"{"size":"xl"}"#, &["anyOf size: must be one of: s, m, l"]),
        (r#"{"ref":{}}"#, &["required ref.id: is required"]),
        (
            r#"{"free":{}}"#,
            &["anyOf free: fits none of the allowed forms: free.a is required; or free.b is required and free.c is required"],
        ),
        (r#"{"both":5}"#, &["oneOf both: fits more than one of the allowed forms; exactly one must fit"]),
    ] {
        assert_eq!(told(check_body(&rules, body)), lines, "{body}");
    }
}

#[test]
fn defaults_are_put_into_a_body_and_all_other_tokens_stay() {
    let rules = Rules::new(RulesOptions {
        body: Some(Body {
            schema: json!({
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer", "default": 20},
                    "items": {"items": {"$ref": "schemas/item.json"}},
                    "self": {"$ref": "#"},
                    "maybe": {"anyOf": [{"properties": {"x": {"default": 1}}}]},
                },
                "allOf": [{"properties": {"unit": {"$ref": "schemas/item.json#/$defs/unit"}}}],
            }),
            files: BTreeMap::from([(
                "schemas/item.json".to_owned(),
                json!({"$defs": {"unit": {"type": "string", "default": "kg"}}, "properties": {"count": {"default": 1, "type": "integer"}}}),
            )]),
        }),
        ..options()
    })
    .unwrap();
    let body = r#" { "price" : 1.10, "n": 12345678901234567890, "items": [ {"sku":"\u0041"}, {"count": 2e0} ], "self": {"size": null_} , "maybe": {} } "#
        .replace("null_", "3");
    let input = check_body(&rules, &body).unwrap();
    let BodyBytes::Rewritten(bytes) = input.body_bytes else { panic!("a default was put in") };
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        r#"{"price":1.10,"n":12345678901234567890,"items":[{"sku":"\u0041","count":1},{"count":2e0}],"self":{"size":3,"unit":"kg"},"maybe":{},"size":20,"unit":"kg"}"#
    );
    let whole = r#"{"size":1,"unit":"g"}"#;
    assert_eq!(check_body(&rules, whole).unwrap().body_bytes, BodyBytes::AsReceived);
    assert_eq!(told(check_body(&rules, r#"{"size":null}"#)), ["type size: must be a whole number"]);
}

#[test]
fn what_is_no_json_is_malformed_or_of_another_type() {
    let rules = body_rules(json!({"type": "object"}));
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    let many = format!("[{}1]", "1,".repeat(100_001));
    for body in ["{", "{\"a\":1,}", "{\"a\":1,\"\\u0061\":2}", "nul", "{} {}", "\u{feff}{}", "{\"a\":01}", &deep, &many] {
        assert!(matches!(check_body(&rules, body), Err(Refusal::Malformed(v)) if v.place == In::Body && v.rule == "json"), "{body:.40}");
    }
    let headers = json_headers();
    let latin = rules.check(&Request { path: &[], query: None, headers: &headers, body: b"{\"a\":\"\xe4\"}" });
    assert!(matches!(latin, Err(Refusal::Malformed(_))));
    let untyped = rules.check(&Request { path: &[], query: None, headers: &NONE, body: b"{}" });
    assert_eq!(untyped.unwrap_err(), Refusal::UnsupportedMediaType);
    let empty = rules.check(&Request { path: &[], query: None, headers: &NONE, body: b"" });
    assert_eq!(told(empty), ["required : a JSON body is required"]);
}

#[test]
fn violations_are_bounded() {
    let rules = body_rules(json!({"items": {"type": "string"}}));
    let body = format!("[{}1]", "1,".repeat(50_000));
    assert_eq!(told(check_body(&rules, &body)).len(), explain::MOST_VIOLATIONS);
}

#[test]
fn a_large_list_of_equal_looking_elements_is_compared_quickly() {
    let rules = body_rules(json!({"uniqueItems": true}));
    let body = format!("[{}]", (0..20_000).map(|n| format!("{n}.0")).collect::<Vec<_>>().join(","));
    assert!(check_body(&rules, &body).is_ok());
    let twice = format!("[{},1.00]", body.trim_matches(['[', ']']));
    assert_eq!(told(check_body(&rules, &twice)), ["uniqueItems : must not hold the same element twice"]);
}
