//! Fastjson's references: `{"$ref": "$.data[0].dept"}` stands for a value that was written before.
//!
//! They fire for whatever is met twice, not only for cycles. A target that is no ancestor is copied; one that is would go round for ever,
//! so it becomes null. `@`, `..`, `../..` and `$` always name an ancestor.

use std::borrow::Cow;
use std::collections::HashMap;

use super::DecodeError;
use super::budget::Budget;
use crate::json::{Member, Node, Object};

/// A document with its references resolved, all against the document as it came.
pub(super) fn resolve<'a>(root: &Node<'a>, max_depth: usize) -> Result<Node<'a>, DecodeError> {
    let places = Places { root, wide: HashMap::new() };
    Resolver { places, budget: Budget::new(max_depth), inside: Vec::new(), copying: 0 }.value(root)
}

struct Resolver<'n, 'a> {
    places: Places<'n, 'a>,
    budget: Budget,
    /// The containers around the value, those that a reference led into included: each reference counts as a level.
    inside: Vec<&'n Node<'a>>,
    /// How many references led here.
    copying: usize,
}

impl<'n, 'a> Resolver<'n, 'a> {
    fn value(&mut self, node: &'n Node<'a>) -> Result<Node<'a>, DecodeError> {
        if self.copying > 0 {
            self.budget.spend(node, self.inside.len())?;
        }
        match node {
            Node::Array(elements) => {
                self.inside.push(node);
                let elements = elements.iter().map(|element| self.value(element)).collect::<Result<_, _>>();
                self.inside.pop();
                elements.map(Node::Array)
            }
            Node::Object(object) => match reference(object) {
                Some(path) => self.reference(node, &path),
                None => self.object(node, object),
            },
            scalar => Ok(scalar.clone()),
        }
    }

    fn object(&mut self, node: &'n Node<'a>, object: &'n Object<'a>) -> Result<Node<'a>, DecodeError> {
        self.inside.push(node);
        let members =
            object.members().iter().map(|member| Ok(Member { key: member.key.clone(), value: self.value(&member.value)? }));
        let members = members.collect::<Result<Object<'a>, DecodeError>>();
        self.inside.pop();
        members.map(Node::Object)
    }

    fn reference(&mut self, node: &'n Node<'a>, path: &str) -> Result<Node<'a>, DecodeError> {
        if matches!(path, "@" | "$") || path.split('/').all(|step| step == "..") {
            return Ok(Node::Null);
        }
        // Where this reference is a copy itself, its path is read once more, which costs too.
        if self.copying > 0 {
            self.budget.spend_text(path.len())?;
        }
        // What leads nowhere is not ours to judge: it stays.
        let Some(target) = self.places.find(path) else { return Ok(node.clone()) };
        if std::ptr::eq(target, node) || self.inside.iter().any(|around| std::ptr::eq(*around, target)) {
            return Ok(Node::Null);
        }
        self.copying += 1;
        // A reference to a reference must not go round either.
        self.inside.push(node);
        let copy = self.value(target);
        self.inside.pop();
        self.copying -= 1;
        copy
    }
}

fn reference<'n>(object: &'n Object<'_>) -> Option<Cow<'n, str>> {
    match object.members() {
        [only] if only.key == *"$ref" => only.value.as_str(),
        _ => None,
    }
}

/// Objects with more members than this are looked up through a map, lest a list of references into one takes quadratic time.
const WIDE: usize = 16;

/// What paths lead to.
struct Places<'n, 'a> {
    root: &'n Node<'a>,
    wide: HashMap<*const Object<'a>, HashMap<Cow<'n, str>, &'n Node<'a>>>,
}

impl<'n, 'a> Places<'n, 'a> {
    /// The value at `$.a.b[0]`, `$["a.b"]` or `$.a\.b`: a backslash takes the meaning from the character behind it.
    fn find(&mut self, path: &str) -> Option<&'n Node<'a>> {
        let mut node = self.root;
        let mut chars = path.strip_prefix('$')?.chars().peekable();
        while let Some(c) = chars.next() {
            let quote = if c == '[' { chars.next_if(|c| matches!(c, '"' | '\'')) } else { None };
            let mut name = String::new();
            while let Some(c) = chars.next_if(|next| match (c, quote) {
                (_, Some(quote)) => *next != quote,
                ('[', None) => *next != ']',
                _ => !matches!(next, '.' | '['),
            }) {
                name.push(if c == '\\' { chars.next()? } else { c });
            }
            if quote.is_some() {
                chars.next()?;
            }
            match c {
                '.' => {}
                '[' => {
                    chars.next_if_eq(&']')?;
                }
                _ => return None,
            }
            node = match node {
                Node::Object(object) => self.member(object, &name)?,
                Node::Array(elements) if c == '[' && quote.is_none() => elements.get(name.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }

    fn member(&mut self, object: &'n Object<'a>, name: &str) -> Option<&'n Node<'a>> {
        if object.len() <= WIDE {
            return object.get(name);
        }
        let all = || object.members().iter().map(|member| (member.key.decode(), &member.value)).collect();
        self.wide.entry(std::ptr::from_ref(object)).or_insert_with(all).get(name).copied()
    }
}
