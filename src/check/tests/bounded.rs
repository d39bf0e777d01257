//! What a small body may cost: work grows with the body and the schema, never with what they could be combined to.

use std::thread;

use serde_json::json;

use super::*;
use crate::check::schema::Schema;
use crate::json::parse;

const KINDS: [&str; 6] = ["text", "row", "column", "card", "list", "tabs"];

/// A tree of typed nodes, as a page builder has one.
fn typed(keyword: &str) -> Value {
    let node = |kind: &str| {
        json!({"type": "object", "required": ["type"],
            "properties": {"type": {"const": kind}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}})
    };
    json!({"$ref": "#/$defs/node", "$defs": {"node": {keyword: KINDS.map(node)}}})
}

/// An expression, as a filter has one.
fn expression() -> Value {
    let form =
        |op: &str| json!({"type": "object", "required": ["op", "of"], "properties": {"op": {"const": op}, "of": {"$ref": "#"}}});
    json!({"anyOf": [form("not"), form("maybe"), {"type": "string"}]})
}

fn nested(before: &str, leaf: &str, after: &str, levels: usize) -> String {
    format!("{}{leaf}{}", before.repeat(levels), after.repeat(levels))
}

fn values(node: &Node<'_>) -> u64 {
    1 + match node {
        Node::Array(elements) => elements.iter().map(values).sum(),
        Node::Object(object) => object.members().iter().map(|member| values(&member.value)).sum(),
        _ => 0,
    }
}

#[test]
fn the_work_is_bounded_by_body_times_schema() {
    let child = json!({"properties": {"of": {"$ref": "#"}}});
    let doubled = |levels: usize| {
        let defs: serde_json::Map<String, Value> = (0..levels)
            .map(|level| {
                let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
                (format!("d{level}"), json!({"allOf": [next, next]}))
            })
            .chain([(format!("d{levels}"), json!({"type": "object"}))])
            .collect();
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    };
    let schemas = [
        typed("oneOf"),
        typed("anyOf"),
        expression(),
        json!({"allOf": [child, child, {"type": "object"}]}),
        json!({"properties": {"of": {"anyOf": [{"$ref": "#"}, {"allOf": [{"$ref": "#"}]}]}}, "type": "object", "maxProperties": 2}),
        json!({"if": child, "then": child, "else": child, "type": "object"}),
        json!({"not": {"not": child}, "oneOf": [child, {"type": "integer"}], "type": "object"}),
        json!({"unevaluatedProperties": {"$ref": "#"}, "anyOf": [child, {"$ref": "#/$defs/op"}], "$defs": {"op": {"properties": {"op": true}}}, "type": "object"}),
        json!({"additionalProperties": {"oneOf": [{"$ref": "#"}, {"$ref": "#/$defs/b"}, {"type": "string"}]}, "type": "object",
            "$defs": {"b": {"required": ["x"], "additionalProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#/$defs/b"}]}}}}),
        json!({"$dynamicAnchor": "n", "anyOf": [
            {"required": ["a"], "properties": {"of": {"$dynamicRef": "#n"}}}, {"properties": {"of": {"$dynamicRef": "#n"}}, "type": "object"}]}),
        json!({"contains": {"$ref": "#"}, "properties": {"of": {"$ref": "#"}, "children": {"contains": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}}, "type": ["object", "array"]}),
        json!({"$ref": "#/$defs/node", "$defs": {
            "node": {"anyOf": [{"properties": {"of": {"$ref": "#/$defs/base"}}, "required": ["a"]}, {"required": ["b"]}]},
            "base": {"properties": {"of": {"$ref": "#/$defs/base"}}, "anyOf": [{"$ref": "#/$defs/node"}, {"required": ["c"]}]}}}),
        doubled(40),
    ];
    let bodies = [
        nested(r#"{"op":"not","of":"#, "5", "}", 60),
        nested(r#"{"op":"maybe","of":"#, r#""x""#, "}", 60),
        nested(r#"{"type":"row","children":["#, r#"{"type":"nope"}"#, "]}", 30),
        nested(r#"{"children":["#, r#"{"type":"text"}"#, r#"],"type":"tabs"}"#, 30),
        nested(r#"{"children":["#, "{}", r#",{},5],"type":"tabs"}"#, 30),
    ];
    for schema in schemas {
        let rule = Schema::compile(&schema, &BTreeMap::new(), false).unwrap();
        for body in &bodies {
            let document = parse(body, &options().json).unwrap();
            let mut told = Vec::new();
            let steps = rule.check(In::Body, "", &document, &mut told);
            let most = 4 * values(&document) * u64::try_from(rule.size()).unwrap();
            assert!(steps <= most, "{steps} steps, not {most}: {schema} {body}");
        }
    }
}

#[test]
fn a_wrong_leaf_deep_inside_is_told_where_it_is() {
    let body = nested(r#"{"type":"row","children":["#, r#"{"type":"nope"}"#, "]}", 20);
    let path = format!("{}.type", vec!["children[0]"; 20].join("."));
    for keyword in ["anyOf", "oneOf"] {
        assert_eq!(
            told(check_body(&body_rules(typed(keyword)), &body)),
            [format!("const {path}: must be one of: text, row, column, card, list, tabs")]
        );
    }
    let body = nested(r#"{"op":"not","of":"#, "5", "}", 60);
    assert_eq!(
        told(check_body(&body_rules(expression()), &body)),
        [format!("anyOf {}: must be an object or a string", vec!["of"; 60].join("."))]
    );
}

#[test]
fn defaults_are_put_in_once_however_many_rules_lead_to_them() {
    let child = json!({"properties": {"of": {"$ref": "#"}, "unit": {"default": "kg"}}});
    let rules = body_rules(json!({"allOf": [child, child, child]}));
    let BodyBytes::Rewritten(bytes) = check_body(&rules, &nested(r#"{"of":"#, "{}", "}", 60)).unwrap().body_bytes else {
        panic!("defaults were put in")
    };
    assert_eq!(String::from_utf8(bytes).unwrap(), nested(r#"{"of":"#, r#"{"unit":"kg"}"#, r#","unit":"kg"}"#, 60));
}

fn problems(schema: &Value) -> Vec<String> {
    let files = BTreeMap::from([("s.json".to_owned(), schema.clone())]);
    let body = Some(Body { schema: json!({"$ref": "s.json"}), files });
    match Rules::new(RulesOptions { body, ..options() }) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| format!("{}: {}", problem.pointer, problem.message)).collect(),
    }
}

fn chain(links: usize, end: Value) -> Value {
    let defs: serde_json::Map<String, Value> = (0..links)
        .map(|link| (format!("d{link}"), json!({"$ref": format!("#/$defs/d{}", link + 1)})))
        .chain([(format!("d{links}"), end)])
        .collect();
    json!({"$ref": "#/$defs/d0", "$defs": defs})
}

#[test]
fn a_row_of_references_has_a_bound() {
    on_a_small_stack(|| {
        assert_eq!(problems(&chain(90, json!({"type": "object"}))), Vec::<String>::new());
        for (schema, row) in
            [(chain(1500, json!({})), 1503), (chain(19_000, json!({})), 19_003), (chain(200, json!({"$ref": "#"})), 203)]
        {
            let told = problems(&schema);
            let says =
                format!("up to {row} subschemas apply to one value in a row, by `$ref`, `allOf` and their like: at most 100 may");
            assert!(matches!(told.as_slice(), [one] if one.starts_with("s.json#/") && one.ends_with(&says)), "{told:?}");
        }
        assert!(problems(&chain(20_000, json!({})))[0].contains("have more than 20000 subschemas"));
        for schema in [
            json!({"$ref": "#"}),
            json!({"allOf": [{"$ref": "#"}]}),
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        ] {
            assert_eq!(problems(&schema), Vec::<String>::new());
        }
        // As deep as a file of JSON may nest.
        for (before, after, levels, fine) in [
            (r#"{"not":"#, "}", 60, true),
            (r#"{"not":"#, "}", 124, false),
            (r#"{"allOf":["#, "]}", 60, true),
            (r#"{"properties":{"a":"#, "}}", 60, true),
        ] {
            let schema: Value = serde_json::from_str(&nested(before, "{}", after, levels)).unwrap();
            assert_eq!(problems(&schema).is_empty(), fine, "{before}");
        }
    });
}

#[test]
fn a_body_as_deep_as_may_be_leaves_the_stack_whole() {
    on_a_small_stack(|| {
        let json = Limits { depth: Limits::DEEPEST, ..options().json };
        for links in [0, 3, 20, 90] {
            let inner = json!({"type": "object", "properties": {"of": {"$ref": "#"}}, "patternProperties": {"^x": {"$ref": "#"}},
                "unevaluatedProperties": {"anyOf": [{"$ref": "#"}, {"$ref": "#/$defs/d0"}]}});
            let body = Some(Body { schema: chain(links, inner), files: BTreeMap::new() });
            let rules = Rules::new(RulesOptions { body, json, ..options() }).unwrap();
            for before in [r#"{"of":"#, r#"{"x":"#, r#"{"y":"#] {
                for leaf in ["{}", "5"] {
                    let deepest = Limits::DEEPEST - 1;
                    for levels in [10, 64, deepest] {
                        match check_body(&rules, &nested(before, leaf, "}", levels)) {
                            Ok(_) => assert_eq!(leaf, "{}"),
                            Err(Refusal::Violations(told)) => {
                                let deep = told.iter().all(|violation| violation.rule == "depth");
                                assert!(deep || leaf == "5", "{told:?}");
                                assert!(!deep || levels * (links + 3) > 200, "{links} {before} {levels}");
                            }
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                }
            }
        }
    });
}

/// Runs on a stack of half of what a thread of the standard library has.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(1 << 20).spawn(test).unwrap().join().unwrap();
}
