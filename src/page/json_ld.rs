//! Structured data for search engines (JSON-LD): a template that writes JSON, or a mapping whose texts are expressions.
//!
//! Whatever is rendered is read as JSON again before it goes out, so nothing that is no JSON, and no end of a script, ever does.

use serde_json::Value;

use super::head::{HeadProblem, Teller, Values};
use super::{Error, Templates, state};
use crate::json::{Limits, Node, Number, Object, Text, parse};

/// A piece of structured data as it was typed.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonLdText {
    /// The name of a template that writes JSON.
    Template(String),
    /// JSON whose texts are template texts.
    Inline(Value),
}

/// A compiled piece.
#[derive(Debug)]
pub(super) enum JsonLd {
    Template(String),
    Inline(Tree),
}

/// Inline data. A text that is one expression and nothing else keeps the type of its value.
#[derive(Debug)]
pub(super) enum Tree {
    Constant(Node<'static>),
    Text(String),
    Expression(String),
    List(Vec<Tree>),
    Mapping(Vec<(String, Tree)>),
}

/// What structured data is about when it does not say: the vocabulary of schema.org.
const CONTEXT: (&str, &str) = ("@context", "https://schema.org");

impl JsonLd {
    /// Compiles a piece; `path` is where it stands under `head`.
    pub(super) fn compile(
        values: &mut Values,
        path: &[String],
        typed: &JsonLdText,
        templates: &Templates,
        problems: &mut Vec<HeadProblem>,
    ) -> Self {
        match typed {
            JsonLdText::Template(name) => {
                if !templates.has(name) {
                    let message = format!("there is no template `{name}`");
                    problems.push(HeadProblem { path: path.to_vec(), message, missing: Some(name.clone()) });
                }
                Self::Template(name.clone())
            }
            JsonLdText::Inline(value) => Self::Inline(tree(values, path, value, problems)),
        }
    }

    /// The name of the template that writes it, if one does.
    pub(super) fn template(&self) -> Option<&str> {
        if let Self::Template(name) = self { Some(name) } else { None }
    }

    /// The element that holds the data.
    ///
    /// # Errors
    /// A variable that is not there, or a template that writes no JSON.
    pub(super) fn element<T: Teller>(&self, teller: &T) -> Result<String, T::Stop> {
        let mut json = String::new();
        match self {
            Self::Template(name) => {
                let text = teller.data(name)?;
                let node = parse(&text, &Limits::default()).map_err(|error| Error::Render {
                    template: name.clone(),
                    place: None,
                    message: format!("what it writes is no JSON: {error}"),
                })?;
                state::write(&node, &mut json);
            }
            Self::Inline(tree) => {
                let mut node = evaluate(tree, teller)?;
                if let Some(object) = node.as_object_mut().filter(|object| object.get(CONTEXT.0).is_none()) {
                    let mut whole = Object::new();
                    whole.push(Text::plain(CONTEXT.0), Node::text(CONTEXT.1));
                    whole.members_mut().append(object.members_mut());
                    node = Node::Object(whole);
                }
                state::write(&node, &mut json);
            }
        }
        Ok(format!("<script type=\"application/ld+json\">{json}</script>\n"))
    }
}

fn tree(values: &mut Values, path: &[String], value: &Value, problems: &mut Vec<HeadProblem>) -> Tree {
    let below = |name: String| path.iter().cloned().chain([name]).collect::<Vec<_>>();
    match value {
        Value::Null => Tree::Constant(Node::Null),
        Value::Bool(truth) => Tree::Constant(Node::Bool(*truth)),
        Value::Number(number) => Tree::Constant(Node::Number(Number::raw(number.to_string()))),
        Value::String(text) if !text.contains(['{', '}']) => Tree::Constant(Node::text(text.clone())),
        Value::String(text) => match expression(text) {
            Some(inner) => Tree::Expression(values.add(path, &format!("{{{{ ({inner}) | json_script }}}}"), problems)),
            None => Tree::Text(values.add(path, text, problems)),
        },
        Value::Array(elements) => {
            let element = |(at, value): (usize, &Value)| tree(values, &below(at.to_string()), value, problems);
            Tree::List(elements.iter().enumerate().map(element).collect())
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), tree(values, &below(name.clone()), value, problems));
            Tree::Mapping(members.iter().map(member).collect())
        }
    }
}

/// What stands in a text that is one `{{ … }}`.
fn expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let inner = inner.strip_suffix('-').unwrap_or(inner).trim();
    (!["{{", "}}", "{%", "{#"].iter().any(|mark| inner.contains(mark)) && !inner.is_empty()).then_some(inner)
}

/// A member of a mapping whose value is null is left out: an item without a brand has no brand.
fn evaluate<T: Teller>(tree: &Tree, teller: &T) -> Result<Node<'static>, T::Stop> {
    Ok(match tree {
        Tree::Constant(node) => node.clone(),
        Tree::Text(name) => Node::text(teller.value(name)?),
        Tree::Expression(name) => {
            let text = teller.value(name)?;
            let node = parse(&text, &Limits::default());
            node.map_err(|error| Error::Render { template: name.clone(), place: None, message: error.to_string() })?.into_owned()
        }
        Tree::List(elements) => Node::Array(elements.iter().map(|element| evaluate(element, teller)).collect::<Result<_, _>>()?),
        Tree::Mapping(members) => {
            let mut object = Object::new();
            for (name, value) in members {
                let node = evaluate(value, teller)?;
                if !node.is_null() {
                    object.push(Text::plain(name.clone()), node);
                }
            }
            Node::Object(object)
        }
    })
}
