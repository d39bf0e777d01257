//! The schema of a body: the files that it leads to, and which members a body can have.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::compiler::Compiler;
use super::feeds::Feeds;
use super::words::which_has;
use crate::base::suggest;
use crate::spec::{self, At, Problem, Problems, Reference, Source};

/// A document that a `$ref` leads to, and where everything in it stands.
pub(super) type Documents = BTreeMap<String, (Value, Source)>;

impl Compiler<'_> {
    /// Every document that a schema leads to, from one to the next. None when one of them is not there or cannot be read: that was told.
    pub(super) fn documents(&mut self, at: &At, schema: &Value) -> Option<Documents> {
        let mut documents = Documents::new();
        let mut whole = true;
        let mut ahead = Vec::new();
        let mut found = references("", schema);
        loop {
            for (from, pointer, text) in std::mem::take(&mut found) {
                match spec::reference(&from, &text) {
                    Reference::Elsewhere => {}
                    Reference::File(name) => ahead.push((from, pointer, name)),
                    Reference::Outside => {
                        whole = false;
                        let message = format!("`{text}` lies outside of the folder of routes.yaml");
                        self.in_schema(at, &documents, &from, &pointer, message, "a file in that folder");
                    }
                }
            }
            let Some((from, pointer, name)) = ahead.pop() else { break };
            if documents.contains_key(&name) {
                continue;
            }
            match self.document(&name) {
                Some(Ok(document)) => {
                    found = references(&name, &document.0);
                    documents.insert(name, document);
                }
                Some(Err((source, problems))) => {
                    whole = false;
                    problems.into_iter().for_each(|problem| self.push_beside(&name, &source, problem));
                }
                None if self.snapshot().is_unread(&name) => whole = false,
                None => {
                    whole = false;
                    let message = format!("there is no schema file `{name}`");
                    self.in_schema(
                        at,
                        &documents,
                        &from,
                        &pointer,
                        message,
                        "the path of a JSON or YAML file beside routes.yaml",
                    );
                }
            }
        }
        whole.then_some(documents)
    }

    /// Reads a document of the snapshot.
    fn document(&self, name: &str) -> Option<Result<(Value, Source), (Source, Problems)>> {
        let bytes = self.snapshot().file(name)?;
        let shown = self.name_beside(name);
        Some(match std::str::from_utf8(bytes) {
            Ok(text) => spec::load_document(&shown, text.strip_prefix('\u{feff}').unwrap_or(text)),
            Err(_) => {
                let (source, problem) = not_utf8(shown, bytes, "a schema");
                Err((source, Problems::from_iter([problem])))
            }
        })
    }

    /// A problem with a schema: in routes.yaml, or in the file `name`.
    pub(super) fn in_schema(
        &mut self,
        at: &At,
        documents: &Documents,
        name: &str,
        pointer: &str,
        message: String,
        expected: &str,
    ) {
        let problem = |at: At| {
            let problem = Problem::new(at, message);
            if expected.is_empty() { problem } else { problem.expected(expected) }
        };
        match documents.get(name) {
            Some((_, source)) => self.push_beside(name, source, problem(At::pointer(pointer))),
            None => self.push(problem(at.below(pointer))),
        }
    }

    /// Why the body can never have a member, if it cannot.
    pub(super) fn fed_by_body(&mut self, at: &At, path: &[String], feeds: &Feeds<'_>) -> Option<Problem> {
        let hole = format!("{{body.{}}}", path.join("."));
        let unfed = format!("nothing feeds the hole `{hole}`");
        let Some(schema) = &feeds.input.body else {
            return Some(Problem::new(at, unfed).expected("a schema of the body under `input.body`"));
        };
        // A file alone is looked into; what combines schemas is not.
        let file =
            schema.get("$ref").and_then(Value::as_str).filter(|_| schema.as_object().is_some_and(|members| members.len() == 1));
        let loaded = match file.map(|text| spec::reference("", text)) {
            Some(Reference::File(name)) if file.is_some_and(|text| !text.contains('#')) => self.document(&name)?.ok(),
            _ => None,
        };
        let schema = loaded.as_ref().map_or(schema, |(schema, _)| schema);
        match feeding(schema, path) {
            Feeding::Possible => None,
            Feeding::Container(kind) => {
                let message = format!("the hole `{hole}` would take {kind}, which has no place in an address");
                Some(Problem::new(at, message).expected("a member that is a text, a number or a truth"))
            }
            Feeding::Never { above, name, known } => {
                let place = std::iter::once("body").chain(above.iter().map(String::as_str)).collect::<Vec<_>>().join(".");
                let problem = Problem::new(at, unfed).expected(format!("a member of `{place}`, {}", which_has(&known)));
                Some(match suggest(name, known) {
                    Some(near) => problem.hint(format!("did you mean `{{{place}.{near}}}`?")),
                    None => problem,
                })
            }
        }
    }
}

/// A file of bytes that are no text, and the problem with it.
pub(super) fn not_utf8(name: String, bytes: &[u8], what: &str) -> (Source, Problem) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let before = text.split(char::REPLACEMENT_CHARACTER).next().unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let source = Source::of_text(name, text);
    let problem = Problem::at_line(&source, line, column, format!("{what} is UTF-8 text, and these bytes are not"))
        .hint("save it as UTF-8");
    (source, problem)
}

/// Every `$ref` of a document: the document's name, the place, the text.
fn references(name: &str, schema: &Value) -> Vec<(String, String, String)> {
    fn gather(value: &Value, pointer: &str, found: &mut Vec<(String, String)>) {
        match value {
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    gather(element, &format!("{pointer}/{index}"), found);
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                    match value {
                        Value::String(text) if key == "$ref" => found.push((pointer, text.clone())),
                        value => gather(value, &pointer, found),
                    }
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    gather(schema, "", &mut found);
    found.into_iter().map(|(pointer, text)| (name.to_owned(), pointer, text)).collect()
}

/// Whether a body can hold a value for a hole.
#[derive(Debug, PartialEq)]
enum Feeding<'s> {
    /// It can, as far as can be told.
    Possible,
    /// What stands there has many values: "a list", "an object".
    Container(&'static str),
    /// No member of that name is ever let in.
    Never { above: &'s [String], name: &'s str, known: Vec<&'s str> },
}

/// Words with which a schema lets in more than its own `properties`.
const OPENING: [&str; 12] = [
    "$ref",
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "if",
    "then",
    "else",
    "not",
    "dependentSchemas",
    "patternProperties",
    "unevaluatedProperties",
];

fn feeding<'s>(schema: &'s Value, path: &'s [String]) -> Feeding<'s> {
    let mut schema = schema;
    for (depth, name) in path.iter().enumerate() {
        let Some(members) = schema.as_object() else { return Feeding::Possible };
        if OPENING.iter().any(|word| members.contains_key(*word)) {
            return Feeding::Possible;
        }
        let never = |known| Feeding::Never { above: path.get(..depth).unwrap_or_default(), name, known };
        if is_never(members, "object") {
            return never(Vec::new());
        }
        let properties = members.get("properties").and_then(Value::as_object);
        match properties.and_then(|properties| properties.get(name)) {
            Some(next) => schema = next,
            None if members.get("additionalProperties") == Some(&Value::Bool(false)) => {
                return never(properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect());
            }
            None => return Feeding::Possible,
        }
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => Feeding::Container("a list"),
        Some("object") => Feeding::Container("an object"),
        _ => Feeding::Possible,
    }
}

/// Whether the schema's `type` shuts a type out.
fn is_never(schema: &Map<String, Value>, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name != kind,
        Some(Value::Array(names)) => names.iter().all(|name| name != kind),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_closed_schema_says_which_members_a_body_has() {
        let order = json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "id": {"type": "integer"},
                "items": {"type": "array"},
                "buyer": {"properties": {"name": {}}, "additionalProperties": false},
                "free": {"type": "object"},
            },
        });
        let feeds = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
            format!("{:?}", feeding(&order, &path))
        };
        assert_eq!(feeds(&["id"]), "Possible");
        assert_eq!(feeds(&["buyer", "name"]), "Possible");
        assert_eq!(feeds(&["free", "anything"]), "Possible");
        assert_eq!(feeds(&["items"]), "Container(\"a list\")");
        assert_eq!(feeds(&["free"]), "Container(\"an object\")");
        assert_eq!(feeds(&["id", "x"]), "Never { above: [\"id\"], name: \"x\", known: [] }");
        assert_eq!(feeds(&["buyer", "nmae"]), "Never { above: [\"buyer\"], name: \"nmae\", known: [\"name\"] }");
        assert!(feeds(&["uid"]).starts_with("Never { above: [], name: \"uid\""));
    }

    #[test]
    fn an_open_schema_lets_every_hole_be() {
        let path = ["id".to_owned()];
        for schema in [
            json!(true),
            json!({}),
            json!({"properties": {"a": {}}}),
            json!({"additionalProperties": false, "allOf": [{}]}),
            json!({"additionalProperties": false, "patternProperties": {"^i": {}}}),
            json!({"additionalProperties": {"type": "integer"}}),
            json!({"type": ["object", "null"]}),
        ] {
            assert_eq!(feeding(&schema, &path), Feeding::Possible, "{schema}");
        }
    }
}
