//! Bodies.

use serde_json::json;

use super::*;
use crate::json::Path;

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
        assert!(
            matches!(check_body(&rules, body), Err(Refusal::Malformed(v)) if v.place == In::Body && v.rule == "json"),
            "{body:.40}"
        );
    }
    let headers = json_headers();
    let latin = rules.check(&Request { path: &[], query: None, headers: &headers, body: b"{\"a\":\"\xe4\"}" });
    assert!(matches!(latin, Err(Refusal::Malformed(_))));
    let untyped = rules.check(&Request { path: &[], query: None, headers: &NONE, body: b"{}" });
    assert_eq!(untyped.unwrap_err(), Refusal::UnsupportedMediaType);
    let mut packed = json_headers();
    packed.insert(http::header::CONTENT_ENCODING, "gzip".parse().unwrap());
    let packed = Request { path: &[], query: None, headers: &packed, body: b"{}" };
    assert_eq!(rules.check(&packed).unwrap_err(), Refusal::UnsupportedMediaType);
    let empty = rules.check(&Request { path: &[], query: None, headers: &NONE, body: b"" });
    assert_eq!(told(empty), ["required : a JSON body is required"]);
}

#[test]
fn a_schema_that_refers_to_itself_ends() {
    let rules = body_rules(json!({
        "allOf": [{"$ref": "#/$defs/a"}], "properties": {"next": {"$ref": "#"}},
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a", "properties": {"x": {"default": 1, "type": "integer"}}}},
    }));
    let BodyBytes::Rewritten(bytes) = check_body(&rules, r#"{"next":{"next":{}}}"#).unwrap().body_bytes else { panic!("filled") };
    assert_eq!(String::from_utf8(bytes).unwrap(), r#"{"next":{"next":{"x":1},"x":1},"x":1}"#);
    assert_eq!(told(check_body(&rules, r#"{"next":{"next":{"x":"1"}}}"#)), ["type next.next.x: must be a whole number"]);
}

#[test]
fn each_part_gets_the_defaults_of_all_that_hold_for_it() {
    let rules = body_rules(json!({
        "properties": {
            "of": {},
            "pair": {"prefixItems": [{}, {"$ref": "#/$defs/unit"}], "items": {"properties": {"n": {"default": 0}}}},
        },
        "additionalProperties": {"properties": {"x": {"default": 1}}},
        "allOf": [{"properties": {"pair": {"items": {"properties": {"n": {"default": 9}, "m": {"default": 2}}}}}}],
        "$defs": {"unit": {"properties": {"u": {"default": "kg"}}}},
    }));
    let input = check_body(&rules, r#"{"pair":[{},{},{}],"more":{},"of":{}}"#).unwrap();
    let BodyBytes::Rewritten(bytes) = input.body_bytes else { panic!("a default was put in") };
    let pair = r#"[{"n":9,"m":2},{"u":"kg","n":9,"m":2},{"n":0,"m":2}]"#;
    assert_eq!(String::from_utf8(bytes).unwrap(), format!(r#"{{"pair":{pair},"more":{{"x":1}},"of":{{}}}}"#));
}

#[test]
fn rules_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Rules>();
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
