//! Lets the schema engine read our tree as it is: no second tree, no rounded number.

use std::borrow::Cow;
use std::cmp::Ordering;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node as JsonNode, NodeIdentity, Object as JsonObject};
use serde_json::Value;

use super::decimal::Decimal;
use crate::json::{Member, Node, Number, Object, Text};

/// The tree of [`crate::json`], as a representation that schemas can be compiled for.
#[derive(Debug)]
pub(super) struct Tree;

impl Json for Tree {
    type Node<'a> = &'a Node<'a>;
    type PreparedKey = String;
    type StringBuffer = Node<'static>;

    // A look-up walks the members, so one pass over them soon is the cheaper way.
    const KEYS_PER_LOOKUP: usize = 16;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut Node<'static>, string: &str, f: impl for<'x> FnOnce(&'x Node<'x>) -> T) -> T {
        *buffer = Node::text(string.to_owned());
        f(buffer)
    }
}

impl<'a> JsonNode<'a, Tree> for &'a Node<'a> {
    type Object = &'a Object<'a>;
    type Array = &'a [Node<'a>];
    type Number = &'a Number<'a>;

    fn as_object(&self) -> Option<&'a Object<'a>> {
        Node::as_object(self)
    }

    fn as_array(&self) -> Option<&'a [Node<'a>]> {
        Node::as_array(self)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        Node::as_str(self)
    }

    fn as_number(&self) -> Option<&'a Number<'a>> {
        match self {
            Node::Number(number) => Some(number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Node::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        Node::is_null(self)
    }

    fn json_type(&self) -> JsonType {
        match self {
            Node::Null => JsonType::Null,
            Node::Bool(_) => JsonType::Boolean,
            Node::Number(_) => JsonType::Number,
            Node::String(_) => JsonType::String,
            Node::Array(_) => JsonType::Array,
            Node::Object(_) => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        equal(self, expected)
    }

    // The engine asks for this only to put the client's value into its errors. We write our own messages, and none shows a value.
    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Borrowed(&Value::Null)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Node<'a>>(self).addr()))
    }
}

impl<'a> JsonObject<'a, Tree> for &'a Object<'a> {
    type Node = &'a Node<'a>;
    type MemberName = Cow<'a, str>;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        Object::len(self)
    }

    fn get(&self, key: &String) -> Option<&'a Node<'a>> {
        Object::get(self, key)
    }

    fn members(&self) -> Members<'a> {
        Members(Object::members(self).iter())
    }
}

/// Walks an object's members.
#[derive(Debug)]
pub(super) struct Members<'a>(std::slice::Iter<'a, Member<'a>>);

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|member| (member.key.decode(), &member.value))
    }
}

impl<'a> Array<'a, Tree> for &'a [Node<'a>] {
    type Node = &'a Node<'a>;
    type ElementsIter = std::slice::Iter<'a, Node<'a>>;

    fn len(&self) -> usize {
        <[Node<'a>]>::len(self)
    }

    fn elements(&self) -> std::slice::Iter<'a, Node<'a>> {
        self.iter()
    }

    // Sorted, not compared pair by pair: a hundred thousand elements must not take a minute.
    fn is_unique(&self) -> bool {
        let mut ranks: Vec<Rank<'_>> = self.iter().map(Rank::of).collect();
        ranks.sort_unstable();
        ranks.windows(2).all(|pair| matches!(pair, [a, b] if a != b))
    }
}

impl JsonNumber for &Number<'_> {
    fn as_u64(&self) -> Option<u64> {
        Number::as_u64(self)
    }

    fn as_i64(&self) -> Option<i64> {
        Number::as_i64(self)
    }

    fn as_f64(&self) -> Option<f64> {
        Number::as_f64(self)
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(Number::as_raw(self))
    }

    fn to_number(&self) -> Cow<'_, serde_json::Number> {
        Cow::Owned(rough_number(self))
    }

    fn is_integer(&self) -> bool {
        Number::is_integer(self) || Decimal::of(self.as_raw()).is_some_and(|decimal| decimal.is_whole())
    }
}

/// Whether a document equals a value of the schema; numbers by value, members in any order.
pub(super) fn equal(node: &Node<'_>, expected: &Value) -> bool {
    match (node, expected) {
        (Node::Null, Value::Null) => true,
        (Node::Bool(a), Value::Bool(b)) => a == b,
        (Node::Number(a), Value::Number(b)) => a.same_value(&Number::raw(b.to_string())),
        (Node::String(a), Value::String(b)) => *a == **b,
        (Node::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Node::Object(a), Value::Object(b)) => {
            a.len() == b.len() && b.iter().all(|(key, b)| a.get(key).is_some_and(|a| equal(a, b)))
        }
        _ => false,
    }
}

/// A value of the schema as a document.
pub(super) fn from_value(value: &Value) -> Node<'static> {
    match value {
        Value::Null => Node::Null,
        Value::Bool(truth) => Node::Bool(*truth),
        Value::Number(number) => Node::Number(Number::raw(number.to_string())),
        Value::String(text) => Node::text(text.clone()),
        Value::Array(elements) => Node::Array(elements.iter().map(from_value).collect()),
        Value::Object(members) => Node::Object(
            members.iter().map(|(key, value)| Member { key: Text::plain(key.clone()), value: from_value(value) }).collect(),
        ),
    }
}

/// The number as the engine's own type holds it, rounded; every comparison that matters is ours.
fn rough_number(number: &Number<'_>) -> serde_json::Number {
    let whole = number.as_i64().map(serde_json::Number::from).or_else(|| number.as_u64().map(serde_json::Number::from));
    whole.or_else(|| number.as_f64().and_then(serde_json::Number::from_f64)).unwrap_or_else(|| 0.into())
}

/// A total order over documents in which equal documents, and only those, are neighbours.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank<'a> {
    Null,
    Bool(bool),
    Number(ByValue<'a>),
    String(Cow<'a, str>),
    Array(Vec<Rank<'a>>),
    Object(Vec<(Cow<'a, str>, Rank<'a>)>),
}

impl<'a> Rank<'a> {
    fn of(node: &'a Node<'a>) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Bool(truth) => Self::Bool(*truth),
            Node::Number(number) => Self::Number(ByValue(number)),
            Node::String(text) => Self::String(text.decode()),
            Node::Array(elements) => Self::Array(elements.iter().map(Self::of).collect()),
            Node::Object(object) => {
                let mut members: Vec<_> =
                    object.members().iter().map(|member| (member.key.decode(), Self::of(&member.value))).collect();
                members.sort_unstable();
                Self::Object(members)
            }
        }
    }
}

/// A number that is compared by its decimal value.
#[derive(Debug)]
struct ByValue<'a>(&'a Number<'a>);

impl PartialEq for ByValue<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ByValue<'_> {}

impl PartialOrd for ByValue<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByValue<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp_value(other.0)
    }
}
