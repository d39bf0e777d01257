//! What a schema asks for, in the words of routes.yaml.

use serde_json::{Map, Value};

/// The largest integer that a range is told of; a larger bound only says what the type can hold.
const TELLING: u64 = 1 << 31;

/// A schema with the whole it belongs to, so that `$ref` can be followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'s> {
    root: &'s Value,
}

impl<'s> Words<'s> {
    pub(super) fn new(root: &'s Value) -> Self {
        Self { root }
    }

    /// The schema at a JSON pointer.
    pub(super) fn at(self, pointer: &str) -> Option<&'s Value> {
        self.root.pointer(pointer)
    }

    /// The schema behind `$ref`, however often.
    pub(super) fn resolve(self, schema: &'s Value) -> &'s Value {
        let mut schema = schema;
        // As many steps as no chain of the mirror has: a circle ends too.
        for _ in 0..16 {
            let Some(next) =
                schema.get("$ref").and_then(Value::as_str).and_then(|name| self.root.pointer(name.strip_prefix('#')?))
            else {
                break;
            };
            schema = next;
        }
        schema
    }

    /// The alternatives of a union, resolved; the schema itself when it is none.
    pub(super) fn branches(self, schema: &'s Value) -> Vec<&'s Value> {
        let schema = self.resolve(schema);
        let branches = schema.get("anyOf").and_then(Value::as_array);
        branches.map_or_else(|| vec![schema], |branches| branches.iter().map(|branch| self.resolve(branch)).collect())
    }

    /// Whether a value's type, as JSON Schema names it, is one that the schema takes.
    pub(super) fn takes(self, schema: &'s Value, kind: &str) -> bool {
        let schema = self.resolve(schema);
        let matches = |name: &Value| name == kind || (name == "number" && kind == "integer");
        match schema.get("type") {
            Some(Value::Array(names)) => names.iter().any(matches),
            Some(name) => matches(name),
            None => match union(schema) {
                Some(branches) => branches.iter().any(|branch| self.takes(branch, kind)),
                None => schema
                    .get("enum")
                    .and_then(Value::as_array)
                    .is_none_or(|words| words.iter().any(|word| kind_of(word) == kind)),
            },
        }
    }

    /// Whether a schema takes texts of any wording, and not only some words.
    pub(super) fn takes_any_text(self, schema: &'s Value) -> bool {
        self.branches(schema).into_iter().any(|branch| {
            branch.get("type").is_some_and(|kind| kind == "string")
                && branch.get("const").is_none()
                && branch.get("enum").is_none()
        })
    }

    /// Whether a schema, or an alternative of it, has a title that begins so.
    pub(super) fn speaks_of(self, schema: &'s Value, beginning: &str) -> bool {
        self.branches(schema).into_iter().any(|branch| {
            title(branch).is_some_and(|title| title.starts_with(beginning))
                || (branch.get("anyOf").is_some() && self.speaks_of(branch, beginning))
        })
    }

    /// The fixed words that a schema takes.
    pub(super) fn options(self, schema: &'s Value) -> Vec<&'s str> {
        let schema = self.resolve(schema);
        if let Some(word) = schema.get("const").and_then(Value::as_str) {
            return vec![word];
        }
        let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        words.chain(union(schema).into_iter().flatten().flat_map(|branch| self.options(branch))).collect()
    }

    /// The keys that a mapping may have, through every alternative.
    pub(super) fn keys(self, schema: &'s Value) -> impl Iterator<Item = (&'s String, &'s Value)> {
        let properties = self.branches(schema).into_iter().filter_map(|branch| branch.get("properties")?.as_object());
        properties.flat_map(Map::iter)
    }

    /// What a schema asks for: "a text", "a whole number of at least 1", "`keep`, `drop` or a mapping".
    pub(super) fn expected(self, schema: &'s Value) -> String {
        let mut parts = Vec::new();
        self.gather(schema, &mut parts);
        // A value of any kind leaves nothing to choose from.
        if let Some(any) = parts.iter().find(|part| part.starts_with("any value")) {
            return any.clone();
        }
        if parts == ["a mapping"] {
            let keys: Vec<&str> = self.keys(schema).map(|(key, _)| key.as_str()).collect();
            return if keys.is_empty() { "a mapping".to_owned() } else { format!("a mapping of {}", keys.join(", ")) };
        }
        either(&parts)
    }

    fn gather(self, schema: &'s Value, parts: &mut Vec<String>) {
        let schema = self.resolve(schema);
        let title = title(schema);
        let part = match (title, schema.get("type").and_then(Value::as_str)) {
            (Some(title), Some("object")) if !title.starts_with("a ") && !title.starts_with("an ") => "a mapping".to_owned(),
            (Some(title), Some("object")) => format!("{title} (a mapping)"),
            (Some(title), _) => title.to_owned(),
            (None, _) if schema.get("const").is_some() || schema.get("enum").is_some() => {
                parts.extend(self.options(schema).into_iter().map(|word| format!("`{word}`")));
                return;
            }
            (None, Some("string")) => "a text".to_owned(),
            (None, Some("boolean")) => {
                parts.extend(["`true`".to_owned(), "`false`".to_owned()]);
                return;
            }
            (None, Some("null")) => "`null`".to_owned(),
            (None, Some("integer")) => range("a whole number", schema),
            (None, Some("number")) => range("a number", schema),
            (None, Some("array")) => match schema.get("items") {
                Some(items) => format!("a list of {}", self.plural(items)),
                None => "a list".to_owned(),
            },
            (None, Some("object")) => match schema.get("additionalProperties").filter(|values| values.is_object()) {
                Some(values) => format!("a mapping of names to {}", self.plural(values)),
                None => "a mapping".to_owned(),
            },
            (None, _) => {
                let Some(branches) = union(schema) else {
                    parts.push("any value".to_owned());
                    return;
                };
                // A list of some comes after the one.
                let mut branches: Vec<&Value> = branches.iter().collect();
                branches.sort_by_key(|branch| self.takes(branch, "array"));
                for branch in branches {
                    let items = branch.get("items").map(|items| self.resolve(items));
                    if items.is_some_and(|items| self.is_told(items, parts)) {
                        parts.push("a list of them".to_owned());
                    } else {
                        self.gather(branch, parts);
                    }
                }
                return;
            }
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }

    /// Whether what a schema asks for stands among the parts already, under its title or as the same alternatives.
    fn is_told(self, schema: &'s Value, parts: &[String]) -> bool {
        if let Some(title) = title(schema) {
            return parts.iter().any(|part| part == title);
        }
        let mut own = Vec::new();
        if union(schema).is_some() {
            self.gather(schema, &mut own);
        }
        !own.is_empty() && own.iter().all(|part| parts.contains(part))
    }

    /// Many of what a schema asks for.
    fn plural(self, schema: &'s Value) -> String {
        let resolved = self.resolve(schema);
        let options = self.options(resolved);
        match title(resolved) {
            Some("any value") => "any values".to_owned(),
            Some(title) if resolved.get("type").is_some_and(|kind| kind == "string") => format!("entries, each {title}"),
            Some(title) => match title.strip_prefix("a ").or_else(|| title.strip_prefix("an ")) {
                Some(noun) if !noun.contains(' ') || noun == "JSON Schema" => format!("{noun}s"),
                _ if resolved.get("type").is_some_and(|kind| kind == "integer" || kind == "number") => {
                    format!("entries, each {title}")
                }
                _ => format!("mappings such as {title}"),
            },
            None if !options.is_empty()
                && union(resolved).is_none_or(|branches| branches.iter().all(|branch| branch.get("const").is_some())) =>
            {
                self.expected(resolved)
            }
            None => match resolved.get("type").and_then(Value::as_str) {
                Some("string") => "texts".to_owned(),
                Some("integer") => "whole numbers".to_owned(),
                _ => {
                    let singular = self.expected(resolved);
                    if singular == "any value" { "any values".to_owned() } else { format!("entries, each {singular}") }
                }
            },
        }
    }
}

/// A schema's title.
pub(super) fn title(schema: &Value) -> Option<&str> {
    schema.get("title").and_then(Value::as_str)
}

/// What JSON Schema calls the type of a value.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// "a", "a or b", "a, b or c".
pub(super) fn either(parts: &[String]) -> String {
    match parts {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn union(schema: &Value) -> Option<&Vec<Value>> {
    // A mapping's `oneOf` says which of its keys go together, and is no union.
    let one_of = schema.get("oneOf").filter(|_| schema.get("properties").is_none());
    schema.get("anyOf").or(one_of).and_then(Value::as_array)
}

fn range(noun: &str, schema: &Value) -> String {
    let least = schema.get("minimum").and_then(Value::as_u64).filter(|least| *least > 0);
    let most = schema.get("maximum").and_then(Value::as_u64).filter(|most| *most < TELLING);
    match (least, most) {
        (Some(least), Some(most)) if least == most => format!("`{least}`"),
        (Some(least), Some(most)) => format!("{noun} from {least} to {most}"),
        (None, Some(most)) => format!("{noun} from 0 to {most}"),
        (Some(least), None) => format!("{noun} of at least {least}"),
        (None, None) => noun.to_owned(),
    }
}
