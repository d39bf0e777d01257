//! The JSON Schema of routes.yaml, made from the mirror, for editors and for the check.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::FileSpec;

/// The JSON Schema (2020-12) of routes.yaml, every key described, for an editor such as one with yaml-language-server.
pub fn schema() -> Value {
    of::<FileSpec>()
}

/// The schema of one type of the mirror.
pub(super) fn of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// Says that a step is one step: exactly one key beside `when`.
pub(super) fn one_step(step: &mut schemars::Schema) {
    let names: Vec<String> = match step.get("properties") {
        Some(Value::Object(properties)) => properties.keys().filter(|name| *name != "when").cloned().collect(),
        _ => return,
    };
    step.insert("oneOf".to_owned(), names.iter().map(|name| json!({"required": [name]})).collect());
}

/// Says what the types of Rust cannot: an optional key is left out, never empty; a number has the range of its type.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(elements) => elements.iter_mut().for_each(tidy),
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                properties.values_mut().filter_map(Value::as_object_mut).for_each(refuse_null);
            }
            bound_integer(members);
            members.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// Takes `null` out of a key's types.
fn refuse_null(property: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            property.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(branches)) = property.get_mut("anyOf") {
        branches.retain(|branch| branch != &json!({"type": "null"}));
        if let [Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            property.remove("anyOf");
            property.extend(only);
        }
    }
}

/// Gives an integer the bounds of its Rust type; the names of those types mean nothing to an editor.
fn bound_integer(members: &mut Map<String, Value>) {
    let most: u64 = match members.get("format").and_then(Value::as_str) {
        Some("uint8") => u8::MAX.into(),
        Some("uint16") => u16::MAX.into(),
        Some("uint32") => u32::MAX.into(),
        // The largest that every editor and every number of JSON can carry.
        Some("uint" | "uint64") => 9_007_199_254_740_991,
        _ => return,
    };
    members.remove("format");
    members.entry("maximum").or_insert_with(|| most.into());
}
