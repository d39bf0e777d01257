//! From the engine's errors to violations: a place in our path grammar, the rule, a message.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;

use super::alternatives;
use super::words::message;
use super::{In, Violation};
use crate::json::Node;

/// How many violations one request is told; a document of a hundred thousand wrong elements must not come back ten times its size.
pub(super) const MOST_VIOLATIONS: usize = 1000;

/// How much of a member's name a path shows.
const LONGEST_KEY: usize = 100;

/// The document that was checked, and where it stood in the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checked<'a> {
    /// The part of the request.
    pub(super) place: In,
    /// The field's name; empty for a body.
    pub(super) name: &'a str,
    /// What was checked.
    pub(super) document: &'a Node<'a>,
}

impl Checked<'_> {
    /// Tells one error of the engine as violations.
    pub(super) fn tell(&self, error: &ValidationError<'_>, out: &mut Vec<Violation>) {
        match error.kind() {
            Kind::Required { property } => {
                let path = self.path_to(error, property.as_str());
                self.push(path, "required", message(error.kind()), out);
            }
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected.iter().take(MOST_VIOLATIONS) {
                    self.push(self.path_to(error, Some(name)), error.kind().keyword(), "is not allowed".to_owned(), out);
                }
            }
            Kind::FalseSchema if let Some(keyword) = closes_object(error) => {
                let object = self.reached(error).and_then(Node::as_object);
                for member in object.map(|object| object.members()).unwrap_or_default().iter().take(MOST_VIOLATIONS) {
                    self.push(self.path_to(error, Some(&member.key.decode())), keyword, message(error.kind()), out);
                }
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => alternatives::tell(self, error, context, out),
            kind => self.push(self.path_to(error, None), kind.keyword(), message(kind), out),
        }
    }

    /// Adds a violation, unless it is there already or there are too many.
    pub(super) fn push(&self, path: String, rule: &str, message: String, out: &mut Vec<Violation>) {
        if out.len() >= MOST_VIOLATIONS {
            return;
        }
        let violation = Violation { place: self.place, path, rule: rule.to_owned(), message };
        // Two branches of a schema often ask for the same thing; only the neighbours are compared, so that this stays linear.
        if !out.iter().rev().take(8).any(|told| *told == violation) {
            out.push(violation);
        }
    }

    /// What stands where an error is.
    fn reached(&self, error: &ValidationError<'_>) -> Option<&Node<'_>> {
        segments(error).try_fold(self.document, |here, segment| match here {
            Node::Array(elements) => elements.get(segment.parse::<usize>().ok()?),
            other => other.as_object()?.get(&segment),
        })
    }

    /// The path to where an error is, and on to a member of what stands there.
    pub(super) fn path_to(&self, error: &ValidationError<'_>, member: Option<&str>) -> String {
        let mut path = self.name.to_owned();
        let mut here = Some(self.document);
        for segment in segments(error) {
            match here {
                Some(Node::Array(elements)) => {
                    path.push_str(&format!("[{segment}]"));
                    here = segment.parse().ok().and_then(|index: usize| elements.get(index));
                }
                _ => {
                    add_key(&mut path, &segment);
                    here = here.and_then(Node::as_object).and_then(|object| object.get(&segment));
                }
            }
        }
        if let Some(member) = member {
            add_key(&mut path, member);
        }
        path
    }
}

/// The parts of the pointer to where an error is.
fn segments<'e>(error: &'e ValidationError<'_>) -> impl Iterator<Item = String> + 'e {
    error.instance_path().as_str().split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~"))
}

/// Whether a `false` forbids every member of the object where it stands, which the engine tells without naming one.
fn closes_object(error: &ValidationError<'_>) -> Option<&'static str> {
    let (owner, keyword) = error.schema_path().as_str().rsplit_once('/')?;
    let keyword = ["additionalProperties", "propertyNames"].into_iter().find(|known| *known == keyword)?;
    // Unless it is the name of a member.
    let named = ["/properties", "/patternProperties", "/$defs", "/dependentSchemas"].iter().any(|map| owner.ends_with(map));
    (!named).then_some(keyword)
}

/// Adds a member's name to a path: `.name`, or `["odd.name"]`.
pub(super) fn add_key(path: &mut String, key: &str) {
    let shown: String = match key.char_indices().nth(LONGEST_KEY) {
        Some((end, _)) => format!("{}…", key.get(..end).unwrap_or_default()),
        None => key.to_owned(),
    };
    let odd = shown.is_empty() || shown.contains(|c: char| c.is_control() || c.is_whitespace() || ".[]*\"\\".contains(c));
    if odd {
        path.push_str(&format!("[{}]", serde_json::Value::String(shown)));
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_in_our_grammar() {
        for (keys, expected) in [
            (&["a", "b"][..], "a.b"),
            (&["a.b", "c"], r#"["a.b"].c"#),
            (&["x", ""], r#"x[""]"#),
            (&["x", "sa\"y"], r#"x["sa\"y"]"#),
            (&["@class", "x-y"], "@class.x-y"),
        ] {
            let mut path = String::new();
            keys.iter().for_each(|key| add_key(&mut path, key));
            assert_eq!(path, expected);
        }
    }

    #[test]
    fn a_very_long_name_is_cut() {
        let mut path = String::new();
        add_key(&mut path, &"ü".repeat(100_000));
        assert_eq!(path.chars().count(), LONGEST_KEY + 1);
    }
}
