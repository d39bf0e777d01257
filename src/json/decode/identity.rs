//! Jackson's `@JsonIdentityInfo`: an object carries `@id` where it is first written, and is its bare id from then on.
//!
//! Nothing tells a bare id from a number. One is taken for a reference only behind the object that it names, and only where an object with
//! `@id` stands somewhere under the same name (`users: [{"@id": 2, …}]` here, `users: [2]` there). One that names an object around it stays
//! an id: a copy would go round for ever.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::DecodeError;
use super::budget::Budget;
use crate::json::{Member, Node, Object};

const ID: &str = "@id";

/// A document with its bare ids replaced by copies of their objects.
pub(super) fn resolve<'a>(root: &Node<'a>, max_depth: usize) -> Result<Node<'a>, DecodeError> {
    let mut found = Found::default();
    found.collect("", root);
    let Found { names, mut bare, .. } = found;
    bare.retain(|_, reference| names.contains(&reference.name));
    Resolver { bare, budget: Budget::new(max_depth), inside: Vec::new(), copying: 0 }.value(root, 0)
}

/// An id: a number, or a string (a UUID).
#[derive(Clone, PartialEq, Eq, Hash)]
enum Id<'n> {
    Number(&'n str),
    String(Cow<'n, str>),
}

impl<'n> Id<'n> {
    fn of(node: &'n Node<'_>) -> Option<Self> {
        match node {
            Node::Number(number) => Some(Self::Number(number.as_raw())),
            Node::String(text) => Some(Self::String(text.decode())),
            _ => None,
        }
    }
}

/// A scalar that may stand for an object.
struct Reference<'n, 'a> {
    name: String,
    target: &'n Node<'a>,
}

/// What a first pass in the document's order finds.
#[derive(Default)]
struct Found<'n, 'a> {
    /// The objects with an id, so far.
    objects: HashMap<Id<'n>, &'n Node<'a>>,
    /// The names that such objects stand under.
    names: HashSet<String>,
    /// The scalars that are the id of an object before them.
    bare: HashMap<*const Node<'a>, Reference<'n, 'a>>,
}

impl<'n, 'a> Found<'n, 'a> {
    fn collect(&mut self, name: &str, node: &'n Node<'a>) {
        match node {
            // Elements stand under the name of their array.
            Node::Array(elements) => elements.iter().for_each(|element| self.collect(name, element)),
            Node::Object(object) => {
                if let Some(id) = object.get(ID).and_then(Id::of) {
                    self.objects.entry(id).or_insert(node);
                    if !self.names.contains(name) {
                        self.names.insert(name.to_owned());
                    }
                }
                for member in object.members().iter().filter(|member| member.key != *ID) {
                    self.collect(&member.key.decode(), &member.value);
                }
            }
            scalar => {
                if let Some(target) = Id::of(scalar).and_then(|id| self.objects.get(&id)) {
                    self.bare.insert(std::ptr::from_ref(scalar), Reference { name: name.to_owned(), target });
                }
            }
        }
    }
}

struct Resolver<'n, 'a> {
    bare: HashMap<*const Node<'a>, Reference<'n, 'a>>,
    budget: Budget,
    /// The objects around the value.
    inside: Vec<&'n Node<'a>>,
    copying: usize,
}

impl<'n, 'a> Resolver<'n, 'a> {
    fn value(&mut self, node: &'n Node<'a>, depth: usize) -> Result<Node<'a>, DecodeError> {
        if self.copying > 0 {
            self.budget.spend(node, depth)?;
        }
        match node {
            Node::Array(elements) => {
                elements.iter().map(|element| self.value(element, depth + 1)).collect::<Result<_, _>>().map(Node::Array)
            }
            Node::Object(object) => self.object(node, object, depth),
            scalar => match self.bare.get(&std::ptr::from_ref(scalar)).map(|reference| reference.target) {
                Some(target) if !self.inside.iter().any(|around| std::ptr::eq(*around, target)) => {
                    self.copying += 1;
                    let copy = self.value(target, depth);
                    self.copying -= 1;
                    copy
                }
                _ => Ok(scalar.clone()),
            },
        }
    }

    fn object(&mut self, node: &'n Node<'a>, object: &'n Object<'a>, depth: usize) -> Result<Node<'a>, DecodeError> {
        self.inside.push(node);
        let members = object.members().iter();
        let members = members.map(|member| Ok(Member { key: member.key.clone(), value: self.value(&member.value, depth + 1)? }));
        let members = members.collect::<Result<Object<'a>, DecodeError>>();
        self.inside.pop();
        members.map(Node::Object)
    }
}
