//! Laws: our tree is judged as the engine's own would be, and nothing that a client sends is more than refused.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use crate::json::Duplicates;

/// Schemas that use every keyword with a judgement.
fn schemas() -> Vec<Value> {
    vec![
        json!({"type": ["object", "array"], "properties": {"a": {"type": "integer", "minimum": 0, "maximum": 5}, "b": {"const": {"a": 1}}},
            "patternProperties": {"^c": {"type": "string", "minLength": 1, "maxLength": 2}}, "additionalProperties": {"type": "boolean"}}),
        json!({"items": {"multipleOf": 0.5, "exclusiveMinimum": -1, "exclusiveMaximum": 2}, "minItems": 1, "maxItems": 3, "uniqueItems": true}),
        json!({"enum": [null, 1, "a", [1, 2.0], {"a": [1.5]}, 0.5]}),
        json!({"anyOf": [{"required": ["a"]}, {"type": "number"}], "not": {"const": 1}, "minProperties": 1, "maxProperties": 2}),
        json!({"oneOf": [{"type": "integer"}, {"minimum": 1}, {"type": "object", "properties": {"a": false}}]}),
        json!({"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"required": ["b"]}, "else": {"propertyNames": {"maxLength": 1}}}),
        json!({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false, "contains": {"const": 1}, "maxContains": 1}),
        json!({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["a"]}}, "unevaluatedProperties": false, "properties": {"a": true, "b": true}}),
        json!({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#/$defs/s"}}, "$defs": {"s": {"type": "string", "pattern": "^a+$"}}, "type": "object"}),
        json!({"unevaluatedItems": false, "prefixItems": [true], "allOf": [{"contains": {"type": "string"}}]}),
        json!({"contains": {"type": "integer"}, "minContains": 0, "maxContains": 2, "unevaluatedItems": {"type": "string"}}),
        json!({"anyOf": [{"properties": {"a": {"type": "integer"}}}, {"required": ["b"], "properties": {"b": true}}], "unevaluatedProperties": false}),
        json!({"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"properties": {"b": true}},
            "dependentSchemas": {"b": {"properties": {"c": true}}}, "unevaluatedProperties": {"type": "string"}}),
        json!({"not": {"required": ["c"]}, "oneOf": [{"properties": {"b": {"$ref": "#"}}, "required": ["b"]}, {"items": {"$ref": "#"}, "type": "array"}, {"type": "string"}, {"maxProperties": 0}]}),
        json!({"allOf": [{"$ref": "#/$defs/x"}, {"$ref": "#/$defs/x"}], "$defs": {"x": {"anyOf": [
            {"type": "object", "additionalProperties": {"$ref": "#"}}, {"type": "array", "prefixItems": [{"$ref": "#"}, {"$ref": "#/$defs/x"}], "minItems": 1}, {"enum": [1, "a", null]}]}}}),
        json!({"propertyNames": {"anyOf": [{"const": "a"}, {"pattern": "^b"}]}, "patternProperties": {"^b": {"$ref": "#"}, "a|b": {"not": {"type": "null"}}}}),
        json!({"$id": "https://forecourt.example/strict", "$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": false, "$defs": {"tree": {
            "$id": "https://forecourt.example/tree", "$dynamicAnchor": "node", "type": "object",
            "properties": {"a": true, "b": {"items": {"$dynamicRef": "#node"}}, "c": {"$dynamicRef": "#node"}}}}}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}, {"type": "integer"}]}, "b": {"allOf": [{"$ref": "#/$defs/c"}, {"minProperties": 1}]},
            "c": {"type": "object", "additionalProperties": {"$ref": "#/$defs/a"}}}}),
    ]
}

/// Small documents of few words, so that rules are often met and often broken.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..7).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, 2.0, -0.5, 1.5, 1e300]).prop_map(Value::from),
        "[abc]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]{1,2}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn rules(body: Value) -> Rules {
    let query = vec![
        Field { name: "n".to_owned(), required: false, default: Some(Node::Bool(true)), schema: json!({"type": "boolean"}) },
        Field {
            name: "l".to_owned(),
            required: false,
            default: None,
            schema: json!({"type": "array", "items": {"type": "number"}}),
        },
    ];
    let json = Limits { depth: 64, nodes: 1000, duplicates: Duplicates::Refuse };
    let body = Some(Body { schema: body, files: BTreeMap::new() });
    Rules::new(RulesOptions { path: vec![], query, headers: vec![], body, unknown_query: UnknownQuery::Pass, json }).unwrap()
}

fn json_headers() -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, "application/json".parse().unwrap())])
}

#[test]
fn our_tree_is_judged_as_the_engines_own() {
    let headers = json_headers();
    let pairs: Vec<_> = schemas()
        .into_iter()
        .map(|schema| (jsonschema::draft202012::new(&schema).unwrap(), rules(schema.clone()), schema))
        .collect();
    proptest!(|(value in any_value())| {
        let body = value.to_string();
        for (theirs, ours, schema) in &pairs {
            let verdict = ours.check(&Request { path: &[], query: None, headers: &headers, body: body.as_bytes() });
            prop_assert_eq!(theirs.is_valid(&value), verdict.is_ok(), "{} {} {:?}", schema, body, verdict);
            if let Err(refusal) = verdict {
                prop_assert!(matches!(&refusal, Refusal::Violations(list) if !list.is_empty()), "{:?}", refusal);
            }
        }
    });
}

#[test]
fn no_request_is_more_than_refused() {
    let headers = json_headers();
    let rules = rules(json!({"type": "object", "additionalProperties": {"format": "date"}}));
    proptest!(|(query in "[nl=&%+;0-9a-fü\\[\\].-]{0,24}|\\PC{0,24}", body in prop::collection::vec(any::<u8>(), 0..40))| {
        let request = Request { path: &[], query: Some(&query), headers: &headers, body: b"{}" };
        if let Ok(input) = rules.check(&request) {
            // What came is at the front, as it came; defaults are behind it.
            prop_assert!(input.query_string.starts_with(&query));
            let again = rules.check(&Request { query: Some(&input.query_string), ..request }).unwrap();
            prop_assert_eq!(again.query, input.query);
        }
        let _ = rules.check(&Request { path: &[], query: None, headers: &headers, body: &body });
    });
}
