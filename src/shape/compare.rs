//! When two values are the same, and what a scalar is as a key.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{self, Duplicates, Limits, Node, Number, Object, Text};

/// Whether two values are the same: numbers by their decimal value (`200`, `200.0` and `2e2` are one), strings by their
/// text, however it is escaped, objects whatever the order of their members. A number and a string are never the same.
pub(super) fn same(one: &Node<'_>, other: &Node<'_>) -> bool {
    match (one, other) {
        (Node::Null, Node::Null) => true,
        (Node::Bool(one), Node::Bool(other)) => one == other,
        (Node::Number(one), Node::Number(other)) => one.same_value(other),
        (Node::String(one), Node::String(other)) => one.canonical() == other.canonical(),
        (Node::Array(one), Node::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Node::Object(one), Node::Object(other)) => {
            // a name that stands twice counts once, with its last value
            let last = |object: &Object<'_>| -> HashMap<String, usize> {
                object.members().iter().enumerate().map(|(at, member)| (member.key.decode().into_owned(), at)).collect()
            };
            let (places, others) = (last(one), last(other));
            places.len() == others.len()
                && places.iter().all(|(name, at)| {
                    let there = others.get(name).and_then(|at| other.members().get(*at));
                    matches!((one.members().get(*at), there), (Some(here), Some(there)) if same(&here.value, &there.value))
                })
        }
        _ => false,
    }
}

/// A scalar as text: its JSON text without quotes, escapes undone. Nothing for objects and arrays.
pub(super) fn scalar_text<'n>(node: &'n Node<'_>) -> Option<Cow<'n, str>> {
    match node {
        Node::Null => Some("null".into()),
        Node::Bool(true) => Some("true".into()),
        Node::Bool(false) => Some("false".into()),
        Node::Number(number) => Some(number.as_raw().into()),
        Node::String(text) => Some(text.decode()),
        Node::Array(_) | Node::Object(_) => None,
    }
}

/// A scalar as a key: the content of its text between quotes, with no escape that it can do without, so that different texts have
/// different ones. Nothing for objects and arrays.
pub(super) fn scalar_key<'n>(node: &'n Node<'_>) -> Option<Cow<'n, str>> {
    match node {
        Node::String(text) => Some(text.canonical()),
        other => scalar_text(other),
    }
}

/// Values by what is written in front of them in routes.yaml: a string's text, a number's value, `true`, `false`.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    /// By [`scalar_key`].
    texts: HashMap<String, usize>,
    numbers: Vec<(Number<'static>, usize)>,
    values: Vec<T>,
}

impl<T> Table<T> {
    pub(super) fn new(entries: impl IntoIterator<Item = (String, T)>) -> Self {
        let mut table = Self { texts: HashMap::new(), numbers: Vec::new(), values: Vec::new() };
        for (key, value) in entries {
            let at = table.values.len();
            table.values.push(value);
            if let Some(number) = spelled(&key) {
                table.numbers.push((number, at));
            }
            table.texts.insert(Text::plain(key).as_raw().to_owned(), at);
        }
        table
    }

    /// The value of a scalar; a number that is not written the same way is compared by its value.
    pub(super) fn get(&self, node: &Node<'_>) -> Option<&T> {
        let at = self.texts.get(scalar_key(node)?.as_ref()).copied().or_else(|| match node {
            Node::Number(number) => self.numbers.iter().find(|(key, _)| key.same_value(number)).map(|(_, at)| *at),
            _ => None,
        })?;
        self.values.get(at)
    }

    pub(super) fn values(&self) -> &[T] {
        &self.values
    }
}

/// The number that a text spells in JSON's grammar, if it is one.
pub(super) fn spelled(text: &str) -> Option<Number<'static>> {
    if !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return None;
    }
    match json::parse(text, &Limits { depth: 1, nodes: 1, duplicates: Duplicates::Allow }) {
        Ok(Node::Number(number)) if number.as_raw().len() == text.len() => Some(number.into_owned()),
        _ => None,
    }
}
