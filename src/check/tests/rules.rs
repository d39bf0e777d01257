//! What is told about rules that are wrong themselves.

use serde_json::{Value, json};

use super::super::*;
use crate::json::Duplicates;

fn options() -> RulesOptions {
    let json = Limits { depth: 64, nodes: 1000, duplicates: Duplicates::Refuse };
    RulesOptions { path: vec![], query: vec![], headers: vec![], body: None, unknown_query: UnknownQuery::Pass, json }
}

fn body_problems(schema: Value, files: &[(&str, Value)]) -> Vec<String> {
    let files = files.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    told(RulesOptions { body: Some(Body { schema, files }), ..options() })
}

/// `place[.name] pointer: message` of every problem.
fn told(options: RulesOptions) -> Vec<String> {
    match Rules::new(options) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .into_iter()
            .map(|p| {
                let name = p.name.map(|name| format!(".{name}")).unwrap_or_default();
                format!("{}{name} {}: {}", p.place, p.pointer, p.message)
            })
            .collect(),
    }
}

fn field(name: &str, schema: Value) -> Field {
    Field { name: name.to_owned(), required: false, default: None, schema }
}

#[test]
fn every_problem_of_a_schema_is_told_with_its_pointer() {
    let schema = json!({
        "type": "objekt",
        "properties": {
            "a": {"type": "string", "pattern": "(?=x)y", "minLength": -1},
            "b/c": {"pattern": "[a-", "format": "e-mail", "minimun": 1},
            "d": {"patternProperties": {"(": true}, "required": "x", "enum": 1, "nullable": true},
            "e": {"pattern": "(a{1000}){1000}"},
            "f": {"items": 5, "anyOf": []},
        },
    });
    assert_eq!(
        body_problems(schema, &[]),
        [
            "body /properties/a/minLength: must be at least 0",
            "body /properties/d/required: must be a list",
            "body /properties/d/enum: must be a list",
            "body /properties/f/items: must be a schema: an object, true or false",
            "body /properties/f/anyOf: must have at least 1 element",
            "body /type: must be one of: array, boolean, integer, null, number, object, string; or a list of them",
            "body /properties/a/pattern: the pattern `(?=x)y` looks ahead or behind: patterns must be matched in linear time, which leaves that out",
            "body /properties/b~1c/pattern: the pattern `[a-` cannot be read: unclosed character class",
            "body /properties/b~1c/format: unknown format `e-mail`",
            "body /properties/b~1c/minimun: unknown keyword `minimun`: did you mean `minimum`?",
            "body /properties/d/patternProperties/(: the pattern `(` cannot be read: unclosed group",
            "body /properties/d/nullable: `nullable` is no keyword of JSON Schema 2020-12: write `type: [string, \"null\"]`",
            "body /properties/e/pattern: the pattern `(a{1000}){1000}` is too large",
        ]
    );
}

#[test]
fn references_lead_to_local_files_or_are_problems() {
    let item = json!({"type": "object", "properties": {"sku": {"$ref": "common/sku.json#/$defs/sku"}}, "required": ["sku"]});
    let sku = json!({"$defs": {"sku": {"type": "string", "pattern": "("}}});
    let good = json!({"$defs": {"sku": {"type": "string", "minLength": 3}}});
    let schema = json!({"$ref": "schemas/item.json"});
    assert_eq!(
        body_problems(schema.clone(), &[("schemas/item.json", item.clone()), ("schemas/common/sku.json", sku)]),
        ["body schemas/common/sku.json#/$defs/sku/pattern: the pattern `(` cannot be read: unclosed group"]
    );
    assert_eq!(
        body_problems(schema.clone(), &[("schemas/item.json", item.clone()), ("schemas/unused.json", json!({"type": 1}))]),
        ["body schemas/item.json#/properties/sku/$ref: the schema file `schemas/common/sku.json` is not there"]
    );
    assert!(body_problems(schema, &[("schemas/item.json", item), ("schemas/common/sku.json", good)]).is_empty());
    assert_eq!(
        body_problems(
            json!({"allOf": [
                {"$ref": "https://example.com/a.json"}, {"$ref": "file:///etc/passwd"}, {"$ref": "#/$defs/nope"}, {"$ref": "#nope"},
                {"$ref": "../up.json"}, {"$ref": "a b"},
            ]}),
            &[]
        ),
        [
            "body /allOf/0/$ref: `https://example.com/a.json` is remote, and no schema is ever fetched: put the file beside routes.yaml",
            "body /allOf/1/$ref: `file:///etc/passwd` is remote, and no schema is ever fetched: put the file beside routes.yaml",
            "body /allOf/4/$ref: the schema file `up.json` is not there",
            "body /allOf/5/$ref: `a b` is no reference: write a relative path such as `schemas/item.json`, or `#/$defs/name`",
        ]
    );
    assert_eq!(
        body_problems(
            json!({"allOf": [{"$ref": "#/$defs/nope"}, {"$ref": "#nope"}, {"$ref": "#/$defs/x"}], "$defs": {"x": {}}}),
            &[]
        ),
        [
            "body /allOf/0/$ref: `#/$defs/nope` leads nowhere: nothing stands at `/$defs/nope`",
            "body /allOf/1/$ref: `#nope` leads nowhere: there is no anchor `nope`",
        ]
    );
}

#[test]
fn files_may_refer_to_each_other_by_their_ids() {
    let files = [
        ("schemas/a.json", json!({"$id": "https://shop.example/schemas/a.json", "items": {"$ref": "b.json"}})),
        ("schemas/b.json", json!({"$id": "https://shop.example/schemas/b.json", "$anchor": "b", "type": "integer"})),
        ("schemas/mit blank.json", json!({"$ref": "https://shop.example/schemas/b.json#b"})),
    ];
    assert!(body_problems(json!({"$ref": "schemas/a.json"}), &files).is_empty());
    assert!(body_problems(json!({"$ref": "schemas/mit%20blank.json"}), &files).is_empty());
}

#[test]
fn a_recursive_schema_is_fine() {
    assert!(body_problems(json!({"properties": {"children": {"items": {"$ref": "#"}}}, "allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"default": 1}}}), &[]).is_empty());
}

#[test]
fn another_version_of_json_schema_is_refused() {
    assert_eq!(
        body_problems(json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}), &[]),
        ["body /$schema: another version of JSON Schema: only 2020-12 is read, `https://json-schema.org/draft/2020-12/schema`"]
    );
    assert!(body_problems(json!({"$schema": "https://json-schema.org/draft/2020-12/schema"}), &[]).is_empty());
}

#[test]
fn a_default_must_keep_its_own_rule() {
    assert_eq!(
        body_problems(
            json!({"properties": {"a": {"$ref": "#/$defs/n", "default": 0}, "b": {"default": {"x": 1}, "required": ["y"]}}, "$defs": {"n": {"minimum": 1}}}),
            &[]
        ),
        [
            "body /properties/a/default: the default breaks its own rule: must be at least 1",
            "body /properties/b/default: the default breaks its own rule: y is required",
        ]
    );
    let query = vec![
        Field { default: Some(Node::text("x")), ..field("n", json!({"type": "integer"})) },
        Field { default: Some(Node::text("x")), required: true, ..field("q", json!({})) },
    ];
    assert_eq!(
        told(RulesOptions { query, ..options() }),
        [
            "query.n /default: the default breaks its own rule: must be a whole number",
            "query.q /required: a required value is never missing, so its default would never be used: leave one of the two out",
        ]
    );
}

#[test]
fn rules_for_texts_have_types_that_a_text_can_be_read_as() {
    let path = vec![
        Field { default: Some(Node::Bool(true)), ..field("a", json!({"type": "array"})) },
        field("b", json!({"type": "object"})),
        field("c", json!({"type": ["string", "null"]})),
    ];
    let query = vec![
        field("d", json!({"type": "array", "items": {"type": "object"}})),
        field("e", json!({"minimun": 1, "colour": "red", "x-note": 1})),
        field("f", json!({"$ref": "schemas/id.json"})),
    ];
    let headers = vec![field("x a", json!({})), field("X-B", json!({})), field("x-b", json!({}))];
    assert_eq!(
        told(RulesOptions { path, query, headers, ..options() }),
        [
            "path.a /type: a part of the path holds one value, not a list",
            "path.a /default: a part of the path is always there, so its default would never be used",
            "path.a /default: the default breaks its own rule: must be a list",
            "path.b /type: must be one of: string, integer, number, boolean, array",
            "path.c /type: must be one of: string, integer, number, boolean, array",
            "query.d /items/type: a list holds one of: string, integer, number, boolean",
            "query.e /minimun: unknown keyword `minimun`: did you mean `minimum`?",
            "query.e /colour: unknown keyword `colour`: use one of JSON Schema 2020-12, or start it with `x-`",
            "query.f /$ref: the schema file `schemas/id.json` is not there",
            "headers.x a : `x a` cannot be the name of a header",
            "headers.x-b : the header has two rules: names are the same in any case",
        ]
    );
}
