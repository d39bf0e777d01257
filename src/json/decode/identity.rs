//! Jackson's `@JsonIdentityInfo`: an object carries `@id` where it is first written, and is its bare id from then on.
//!
//! Nothing tells a bare id from a number. One is taken for a reference only where an object with `@id` stands elsewhere under the same
//! name (`users: [{"@id": 2, …}]` here, `users: [2]` there). One that names an object around it stays an id: a copy would go round for ever.

use std::collections::{HashMap, HashSet};

use super::{Budget, DecodeError};
use crate::json::{Member, Node, Object};

const ID: &str = "@id";

/// A document with its bare ids replaced by copies of their objects.
pub(super) fn resolve<'a>(root: &Node<'a>, max_depth: usize) -> Result<Node<'a>, DecodeError> {
    let mut found = Found::default();
    found.collect("", root);
    Resolver { found, budget: Budget::new(max_depth), inside: Vec::new(), copying: 0 }.value("", root, 0)
}

/// All objects with an id, and the names they stand under.
#[derive(Default)]
struct Found<'n, 'a> {
    objects: HashMap<String, &'n Node<'a>>,
    names: HashSet<String>,
}

impl<'n, 'a> Found<'n, 'a> {
    fn collect(&mut self, name: &str, node: &'n Node<'a>) {
        match node {
            // Elements stand under the name of their array.
            Node::Array(elements) => elements.iter().for_each(|element| self.collect(name, element)),
            Node::Object(object) => {
                if let Some(id) = object.get(ID).and_then(key) {
                    self.objects.entry(id).or_insert(node);
                    self.names.insert(name.to_owned());
                }
                for member in object.members() {
                    self.collect(&member.key.decode(), &member.value);
                }
            }
            _ => {}
        }
    }
}

/// An id as text: a number or a string (a UUID).
fn key(node: &Node<'_>) -> Option<String> {
    match node {
        Node::Number(number) => Some(number.as_raw().to_owned()),
        Node::String(text) => Some(text.decode().into_owned()),
        _ => None,
    }
}

struct Resolver<'n, 'a> {
    found: Found<'n, 'a>,
    budget: Budget,
    /// The ids of the objects around the value.
    inside: Vec<String>,
    copying: usize,
}

impl<'n, 'a> Resolver<'n, 'a> {
    fn value(&mut self, name: &str, node: &'n Node<'a>, depth: usize) -> Result<Node<'a>, DecodeError> {
        if self.copying > 0 {
            self.budget.spend(depth)?;
        }
        match node {
            Node::Array(elements) => {
                elements.iter().map(|element| self.value(name, element, depth + 1)).collect::<Result<_, _>>().map(Node::Array)
            }
            Node::Object(object) => self.object(object, depth),
            scalar => match self.referred(name, scalar) {
                None => Ok(scalar.clone()),
                Some(target) => {
                    self.copying += 1;
                    let copy = self.value(name, target, depth);
                    self.copying -= 1;
                    copy
                }
            },
        }
    }

    fn object(&mut self, object: &'n Object<'a>, depth: usize) -> Result<Node<'a>, DecodeError> {
        let id = object.get(ID).and_then(key);
        self.inside.extend(id.clone());
        let members = object.members().iter().map(|member| {
            let value = if member.key == *ID {
                member.value.clone()
            } else {
                self.value(&member.key.decode(), &member.value, depth + 1)?
            };
            Ok(Member { key: member.key.clone(), value })
        });
        let members = members.collect::<Result<Object<'a>, DecodeError>>();
        if id.is_some() {
            self.inside.pop();
        }
        members.map(Node::Object)
    }

    fn referred(&self, name: &str, scalar: &Node<'a>) -> Option<&'n Node<'a>> {
        let id = key(scalar).filter(|id| self.found.names.contains(name) && !self.inside.contains(id))?;
        self.found.objects.get(&id).copied()
    }
}
