//! The tree: a JSON document in memory, every untouched token byte for byte as it came.

use std::borrow::Cow;

use super::{Number, Text};

/// A JSON value. Numbers and strings are kept as raw tokens, members in the order they came.
///
/// The lifetime is that of the text it was parsed from; values made by a step are owned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Node<'a> {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, digits as they came.
    Number(Number<'a>),
    /// A string, escapes as they came.
    String(Text<'a>),
    /// An array.
    Array(Vec<Node<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name, escapes as they came.
    pub key: Text<'a>,
    /// Its value.
    pub value: Node<'a>,
}

/// The members of an object, in order. A name may stand twice, as upstreams do send: look-ups find the last one, as JavaScript does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Object<'a> {
    /// No members.
    pub fn new() -> Self {
        Self::default()
    }

    /// The members, in order.
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// The members themselves, for a step that rearranges them.
    pub fn members_mut(&mut self) -> &mut Vec<Member<'a>> {
        &mut self.members
    }

    /// Takes the members out.
    pub fn into_members(self) -> Vec<Member<'a>> {
        self.members
    }

    /// How many members there are, duplicates counted.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The value under a (decoded) name; the last one when the name stands twice.
    pub fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.members.iter().rev().find(|member| member.key == *name).map(|member| &member.value)
    }

    /// The value under a name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node<'a>> {
        self.members.iter_mut().rev().find(|member| member.key == *name).map(|member| &mut member.value)
    }

    /// Puts a member at the end, whatever stands there already.
    pub fn push(&mut self, key: Text<'a>, value: Node<'a>) {
        self.members.push(Member { key, value });
    }

    /// Sets a member: in place where the name stands (the last one, its duplicates removed), else at the end.
    pub fn set(&mut self, name: &str, value: Node<'a>) {
        self.settle(name);
        match self.get_mut(name) {
            Some(there) => *there = value,
            None => self.push(Text::plain(name.to_owned()), value),
        }
    }

    /// Removes every member of that name and gives the last one's value.
    pub fn remove(&mut self, name: &str) -> Option<Node<'a>> {
        self.settle(name);
        let at = self.members.iter().position(|member| member.key == *name)?;
        Some(self.members.remove(at).value)
    }

    /// Leaves one member of a name that stands twice: the last value, at the first one's place.
    pub fn settle(&mut self, name: &str) {
        let mut places = self.members.iter().enumerate().filter(|(_, member)| member.key == *name).map(|(at, _)| at);
        let (Some(first), Some(last)) = (places.next(), places.next_back()) else { return };
        let value = self.members.get_mut(last).map(|member| std::mem::take(&mut member.value)).unwrap_or_default();
        if let Some(member) = self.members.get_mut(first) {
            member.value = value;
        }
        let mut at = 0;
        self.members.retain(|member| {
            at += 1;
            at - 1 <= first || member.key != *name
        });
    }
}

impl<'a> From<Vec<Member<'a>>> for Object<'a> {
    fn from(members: Vec<Member<'a>>) -> Self {
        Self { members }
    }
}

impl<'a> FromIterator<Member<'a>> for Object<'a> {
    fn from_iter<I: IntoIterator<Item = Member<'a>>>(members: I) -> Self {
        Self { members: members.into_iter().collect() }
    }
}

impl<'a> Node<'a> {
    /// A string node from text that is not escaped yet.
    pub fn text(plain: impl Into<Cow<'a, str>>) -> Self {
        Self::String(Text::plain(plain))
    }

    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The object, to change it.
    pub fn as_object_mut(&mut self) -> Option<&mut Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    pub fn as_array(&self) -> Option<&[Node<'a>]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The decoded string, if it is one; lone surrogates read as U+FFFD.
    pub fn as_str(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::String(text) => Some(text.decode()),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What JSON calls its type: `null`, `boolean`, `number`, `string`, `array`, `object`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// The same document, free of the text it came from.
    pub fn into_owned(self) -> Node<'static> {
        match self {
            Self::Null => Node::Null,
            Self::Bool(truth) => Node::Bool(truth),
            Self::Number(number) => Node::Number(number.into_owned()),
            Self::String(text) => Node::String(text.into_owned()),
            Self::Array(elements) => Node::Array(elements.into_iter().map(Node::into_owned).collect()),
            Self::Object(object) => Node::Object(
                object
                    .into_members()
                    .into_iter()
                    .map(|member| Member { key: member.key.into_owned(), value: member.value.into_owned() })
                    .collect(),
            ),
        }
    }
}
