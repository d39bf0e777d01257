//! One rule of the path, the query or the headers: a text becomes a value of the declared type and is checked.

use serde_json::Value;

use super::decimal::{is_integer_token, is_number_token};
use super::schema::Schema;
use super::{Field, In, RuleProblem, Violation};
use crate::json::{Node, Number};

/// The types that a text can be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    Integer,
    Number,
    Boolean,
}

/// A field's rule, ready to check.
#[derive(Debug)]
pub(super) struct FieldRule {
    pub(super) place: In,
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) default: Option<Node<'static>>,
    /// Whether the value is a list of `kind`.
    list: bool,
    kind: Kind,
    schema: Schema,
}

impl FieldRule {
    /// Compiles a rule.
    pub(super) fn compile(place: In, field: Field, problems: &mut Vec<RuleProblem>) -> Option<Self> {
        let before = problems.len();
        let mut problem = |pointer: &str, message: String| {
            problems.push(RuleProblem { place, name: Some(field.name.clone()), pointer: pointer.to_owned(), message });
        };
        let (kind, list) = match type_of(&field.schema) {
            Some("array") => {
                let items = field.schema.get("items").unwrap_or(&Value::Null);
                match type_of(items).map(kind_of) {
                    Some(Some(kind)) => (kind, true),
                    _ => {
                        problem("/items/type", "a list holds one of: string, integer, number, boolean".to_owned());
                        (Kind::String, true)
                    }
                }
            }
            Some(name) => match kind_of(name) {
                Some(kind) => (kind, false),
                None => {
                    problem("/type", "must be one of: string, integer, number, boolean, array".to_owned());
                    (Kind::String, false)
                }
            },
            None => {
                problem("/type", "must be one of: string, integer, number, boolean, array".to_owned());
                (Kind::String, false)
            }
        };
        if place == In::Path && list {
            problem("/type", "a part of the path holds one value, not a list".to_owned());
        }
        if place == In::Path && field.default.is_some() {
            problem("/default", "a part of the path is always there, so its default would never be used".to_owned());
        }
        if field.required && field.default.is_some() {
            problem(
                "/required",
                "a required value is never missing, so its default would never be used: leave one of the two out".to_owned(),
            );
        }
        if place == In::Headers && http::HeaderName::from_bytes(field.name.as_bytes()).is_err() {
            problem("", format!("`{}` cannot be the name of a header", field.name));
        }
        // A rule that names no type checks text.
        let mut schema = field.schema.clone();
        if let Some(members) = schema.as_object_mut() {
            members.entry("type").or_insert_with(|| Value::from("string"));
        }
        let compiled = match Schema::compile(&schema, &std::collections::BTreeMap::new(), true) {
            Ok(compiled) => Some(compiled),
            Err(found) => {
                found.into_iter().for_each(|found| problem(&found.pointer, found.message));
                None
            }
        };
        if let (Some(schema), Some(default)) = (&compiled, &field.default) {
            let mut broken = Vec::new();
            schema.check(place, "", default, &mut broken);
            broken
                .iter()
                .for_each(|violation| problem("/default", format!("the default breaks its own rule: {}", violation.sentence())));
        }
        let schema = compiled.filter(|_| problems.len() == before)?;
        Some(Self { place, name: field.name, required: field.required, default: field.default, list, kind, schema })
    }

    /// Whether the value may be given several times.
    pub(super) fn is_list(&self) -> bool {
        self.list
    }

    /// Reads and checks what was given: nothing, one text, or several. Gives the value, or the default; violations go to `out`.
    pub(super) fn value(&self, given: Vec<String>, out: &mut Vec<Violation>) -> Option<Node<'static>> {
        if given.is_empty() {
            if self.required || self.place == In::Path {
                out.push(self.violation(self.name.clone(), "required", "is required"));
            }
            return self.default.clone();
        }
        if !self.list && given.len() > 1 {
            out.push(self.violation(self.name.clone(), "repeated", "must be given once"));
            return None;
        }
        let before = out.len();
        let mut values = Vec::with_capacity(given.len());
        for (index, text) in given.into_iter().enumerate() {
            match self.read(text) {
                Some(value) => values.push(value),
                None => {
                    let path = if self.list { format!("{}[{index}]", self.name) } else { self.name.clone() };
                    out.push(self.violation(path, "type", self.kind.must_be()));
                }
            }
        }
        if out.len() > before {
            return None;
        }
        let value = if self.list { Node::Array(values) } else { values.pop()? };
        self.schema.check(self.place, &self.name, &value, out);
        Some(value)
    }

    /// The text as a value of the type, digits as they came.
    fn read(&self, text: String) -> Option<Node<'static>> {
        match self.kind {
            Kind::String => Some(Node::text(text)),
            Kind::Integer => is_integer_token(&text).then(|| Node::Number(Number::raw(text))),
            Kind::Number => is_number_token(&text).then(|| Node::Number(Number::raw(text))),
            Kind::Boolean => match text.as_str() {
                "true" => Some(Node::Bool(true)),
                "false" => Some(Node::Bool(false)),
                _ => None,
            },
        }
    }

    fn violation(&self, path: String, rule: &str, message: &str) -> Violation {
        Violation { place: self.place, path, rule: rule.to_owned(), message: message.to_owned() }
    }
}

impl Kind {
    fn must_be(self) -> &'static str {
        match self {
            Self::String => "must be a string",
            Self::Integer => "must be a whole number",
            Self::Number => "must be a number",
            Self::Boolean => "must be true or false",
        }
    }
}

/// The type a schema names; a string when it names none. `None` when it names something else than one type.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type") {
        None => Some("string"),
        Some(Value::String(name)) => Some(name),
        Some(_) => None,
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    match name {
        "string" => Some(Kind::String),
        "integer" => Some(Kind::Integer),
        "number" => Some(Kind::Number),
        "boolean" => Some(Kind::Boolean),
        _ => None,
    }
}
