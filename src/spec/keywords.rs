//! The keywords of JSON Schema 2020-12, as a schema of their own: a slip such as `minLenght` must not pass as "no rule".

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{FieldKind, FieldSpec};

/// A JSON Schema that stands in routes.yaml: `true`, `false`, or keywords that exist.
pub(super) struct JsonSchemaText;

impl JsonSchema for JsonSchemaText {
    fn schema_name() -> Cow<'static, str> {
        "JsonSchema".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds = ["null", "boolean", "object", "array", "number", "string", "integer"];
        let mut keywords = keywords(&generator.subschema_for::<Self>().to_value());
        keywords.insert("type".to_owned(), json!({"title": format!("one of: {}; or a list of them", kinds.join(", ")), "anyOf": [{"enum": kinds}, {"type": "array", "items": {"enum": kinds}}]}));
        keywords.insert("required".to_owned(), json!({"type": "array", "items": {"type": "string"}}));
        keywords.insert("default".to_owned(), json!(true));
        json_schema!({
            "title": "a JSON Schema",
            "description": "A JSON Schema (2020-12), or `$ref` with the path of a file.",
            "type": ["object", "boolean"],
            "properties": keywords,
            "patternProperties": {"^x-": true},
            "additionalProperties": false,
        })
    }
}

impl JsonSchema for FieldSpec {
    fn schema_name() -> Cow<'static, str> {
        "FieldSpec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut own = Map::new();
        let kind = generator.subschema_for::<FieldKind>().to_value();
        own.insert("type".to_owned(), described(kind, "The type that the text is read as; `array` for a repeated parameter."));
        own.insert(
            "required".to_owned(),
            described(json!({"type": "boolean"}), "Whether the request must have it. Default false."),
        );
        own.insert("default".to_owned(), described(json!({"title": "any value"}), "The value when the request has none."));
        own.extend(keywords(&generator.subschema_for::<JsonSchemaText>().to_value()));
        json_schema!({
            "title": "a rule",
            "description": "A rule for one value: a JSON Schema with `required` and `default` beside it.",
            "type": "object",
            "properties": own,
            "patternProperties": {"^x-": true},
            "additionalProperties": false,
        })
    }
}

fn described(schema: Value, description: &str) -> Value {
    let mut members = schema.as_object().cloned().unwrap_or_default();
    members.insert("description".to_owned(), description.into());
    Value::Object(members)
}

/// Every keyword but `type`, `required` and `default`, which a rule spells otherwise.
fn keywords(schema: &Value) -> Map<String, Value> {
    let text = json!({"type": "string"});
    let truth = json!({"type": "boolean"});
    let number = json!({"type": "number"});
    let count = json!({"type": "integer", "minimum": 0});
    let many = |item: &Value| json!({"type": "array", "items": item});
    let named = |item: &Value| json!({"type": "object", "additionalProperties": item});
    let groups: [(Value, &[&str]); 10] = [
        (number, &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
        (
            count,
            &["minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains", "minProperties", "maxProperties"],
        ),
        (text.clone(), &["pattern", "format", "$ref", "title", "description", "$comment", "$id", "$schema", "$anchor"]),
        (text.clone(), &["$dynamicRef", "$dynamicAnchor", "contentEncoding", "contentMediaType"]),
        (truth.clone(), &["uniqueItems", "deprecated", "readOnly", "writeOnly"]),
        (many(&json!(true)), &["enum", "examples"]),
        (
            schema.clone(),
            &["items", "contains", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties"],
        ),
        (schema.clone(), &["not", "if", "then", "else", "contentSchema"]),
        (many(schema), &["allOf", "anyOf", "oneOf", "prefixItems"]),
        (named(schema), &["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]),
    ];
    let mut all = Map::new();
    for (value, names) in groups {
        all.extend(names.iter().map(|name| ((*name).to_owned(), value.clone())));
    }
    all.insert("const".to_owned(), json!(true));
    all.insert("dependentRequired".to_owned(), named(&many(&text)));
    all.insert("$vocabulary".to_owned(), named(&truth));
    all
}
