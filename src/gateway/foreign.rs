//! What a backend's error body says, whichever of the usual dialects it speaks: Spring Boot's default errors, binding errors,
//! ProblemDetail (with its extensions in place or under `properties`), or an envelope's message.
//!
//! Only texts meant for a client are taken: messages and field errors. Class names, traces and rejected values stay behind.

use super::internals;
use crate::check::{In, Violation};
use crate::json::{Node, Object};

/// The part of a backend's error body that a client may see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreign {
    /// A sentence for a person.
    pub detail: Option<String>,
    /// Field errors.
    pub errors: Vec<Violation>,
}

/// How many field errors are passed on at most.
const MOST: usize = 100;

impl Foreign {
    /// Reads an error body; anything unknown gives nothing.
    pub fn read(body: &Node<'_>) -> Self {
        let Some(body) = body.as_object() else { return Self::default() };
        let properties = body.get("properties").and_then(Node::as_object);
        let mut errors = Vec::new();
        for object in [Some(body), properties].into_iter().flatten() {
            for key in ["errors", "schemaValidationErrors", "fieldErrors", "violations"] {
                if let Some(list) = object.get(key) {
                    collect(list, &mut errors);
                }
            }
        }
        Self { detail: sentence(body), errors }
    }
}

/// The first text that is a sentence for a client.
fn sentence(body: &Object<'_>) -> Option<String> {
    ["detail", "message", "msg", "errmsg", "error_description"].into_iter().find_map(|key| {
        let text = body.get(key)?.as_str()?;
        let text = text.trim();
        (!text.is_empty() && text != "No message available" && !internals::shows(text)).then(|| text.chars().take(500).collect())
    })
}

fn collect(list: &Node<'_>, errors: &mut Vec<Violation>) {
    match list {
        Node::Array(elements) => {
            for element in elements {
                match element {
                    Node::Object(object) => push(errors, field_error(object)),
                    Node::String(text) => push(errors, Some(violation("", "rejected", &text.decode()))),
                    _ => {}
                }
            }
        }
        // `{"name": "must not be blank"}` or `{"name": ["…", "…"]}`
        Node::Object(object) => {
            for member in object.members() {
                let field = member.key.decode();
                let texts: &[Node<'_>] = match &member.value {
                    Node::Array(elements) => elements,
                    one => std::slice::from_ref(one),
                };
                for text in texts.iter().filter_map(Node::as_str) {
                    push(errors, Some(violation(&field, "rejected", &text)));
                }
            }
        }
        _ => {}
    }
}

fn field_error(object: &Object<'_>) -> Option<Violation> {
    let text = |keys: &[&str]| keys.iter().find_map(|key| object.get(key)?.as_str().map(|text| text.into_owned()));
    let message = text(&["defaultMessage", "message", "detail", "reason", "msg"])?;
    let field = text(&["field", "path", "property", "propertyPath", "name", "pointer"]).unwrap_or_default();
    let rule = text(&["code", "rule", "constraint"]).unwrap_or_else(|| "rejected".to_owned());
    Some(violation(&field, &rule, &message))
}

fn push(errors: &mut Vec<Violation>, violation: Option<Violation>) {
    if errors.len() < MOST {
        errors.extend(violation);
    }
}

fn violation(path: &str, rule: &str, message: &str) -> Violation {
    let message = if internals::shows(message) { "is not what the backend takes" } else { message };
    Violation { place: In::Body, path: path.to_owned(), rule: rule.to_owned(), message: message.chars().take(500).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, parse};

    fn read(text: &str) -> (Option<String>, Vec<(String, String, String)>) {
        let node = parse(text, &Limits::default()).unwrap();
        let foreign = Foreign::read(&node);
        (foreign.detail, foreign.errors.into_iter().map(|error| (error.path, error.rule, error.message)).collect())
    }

    fn error(path: &str, rule: &str, message: &str) -> (String, String, String) {
        (path.to_owned(), rule.to_owned(), message.to_owned())
    }

    #[test]
    fn boot_binding_errors_keep_field_and_message_alone() {
        let body = r#"{"status":400,"error":"Bad Request","errors":[{"codes":["Range.user.age"],"arguments":[12,1],
            "defaultMessage":"must be between 1 and 12","objectName":"user","field":"age","rejectedValue":0,"code":"Range"}],
            "message":"Validation failed for object='user'. Error count: 1","trace":"java.lang"}"#;
        let (detail, errors) = read(body);
        assert_eq!(detail.as_deref(), Some("Validation failed for object='user'. Error count: 1"));
        assert_eq!(errors, [error("age", "Range", "must be between 1 and 12")]);
    }

    #[test]
    fn problem_details_are_read_with_their_extensions_in_place_or_under_properties() {
        let nested = r#"{"type":null,"title":"Out of stock","detail":"sku 7","properties":{"errors":[{"field":"qty","message":"too many"}]}}"#;
        assert_eq!(read(nested), (Some("sku 7".to_owned()), vec![error("qty", "rejected", "too many")]));
        let schema = r#"{"detail":"invalid","schemaValidationErrors":[{"message":"long","field":"telephone","rejectedValue":"null","defaultMessage":"must match"}]}"#;
        assert_eq!(read(schema).1, [error("telephone", "rejected", "must match")]);
        let map = r#"{"errors":{"name":["blank","short"],"age":"odd"}}"#;
        assert_eq!(
            read(map).1,
            [error("name", "rejected", "blank"), error("name", "rejected", "short"), error("age", "rejected", "odd")]
        );
    }

    #[test]
    fn what_is_no_error_body_says_nothing() {
        for text in ["null", "[]", "\"x\"", "{}", r#"{"message":""}"#, r#"{"message":7}"#, r#"{"errors":[1,null]}"#] {
            assert_eq!(read(text), (None, vec![]), "{text}");
        }
    }
}
