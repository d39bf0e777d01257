//! Fastjson's references: `{"$ref": "$.data[0].dept"}` stands for a value that was written before.
//!
//! They fire for whatever is met twice, not only for cycles. A target that is no ancestor is copied; one that is would go round for ever,
//! so it becomes null. `@`, `..`, `../..` and `$` always name an ancestor.

use super::{Budget, DecodeError};
use crate::json::{Member, Node, Object};

/// A document with its references resolved.
pub(super) fn resolve<'a>(root: &Node<'a>, max_depth: usize) -> Result<Node<'a>, DecodeError> {
    Resolver { root, budget: Budget::new(max_depth), inside: Vec::new(), copying: 0 }.value(root)
}

struct Resolver<'n, 'a> {
    root: &'n Node<'a>,
    budget: Budget,
    /// The containers around the value, those that a reference led into included.
    inside: Vec<&'n Node<'a>>,
    /// How many references led here.
    copying: usize,
}

impl<'n, 'a> Resolver<'n, 'a> {
    fn value(&mut self, node: &'n Node<'a>) -> Result<Node<'a>, DecodeError> {
        if self.copying > 0 {
            self.budget.spend(self.inside.len())?;
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
        // What leads nowhere is not ours to judge: it stays.
        let Some(target) = target(self.root, path) else { return Ok(node.clone()) };
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

fn reference(object: &Object<'_>) -> Option<String> {
    match object.members() {
        [only] if only.key == *"$ref" => only.value.as_str().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// The value at `$.a.b[0]`; a backslash takes the meaning from the character behind it.
fn target<'n, 'a>(root: &'n Node<'a>, path: &str) -> Option<&'n Node<'a>> {
    let mut node = root;
    let mut chars = path.strip_prefix('$')?.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '.' => {
                let mut name = String::new();
                while let Some(c) = chars.next_if(|c| !matches!(c, '.' | '[')) {
                    name.push(if c == '\\' { chars.next()? } else { c });
                }
                node = node.as_object()?.get(&name)?;
            }
            '[' => {
                let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                node = match inner.parse::<usize>() {
                    Ok(at) => node.as_array()?.get(at)?,
                    Err(_) => node.as_object()?.get(inner.trim_matches(['"', '\'']))?,
                };
            }
            _ => return None,
        }
    }
    Some(node)
}
