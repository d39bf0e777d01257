//! Values replaced one by one: `{map: {0: draft, 1: published}}`.

use super::Failed;
use crate::json::Node;
use crate::shape::compare::Table;

/// What stands for a value; numbers are compared by value.
pub(super) fn replacement<'a>(node: &Node<'a>, table: &Table<Node<'static>>) -> Result<Option<Node<'a>>, Failed> {
    match table.get(node) {
        Some(value) => Ok(Some(value.clone())),
        None => Err(match node {
            Node::Array(_) | Node::Object(_) => node.kind(),
            _ => "a value that the map does not have",
        }),
    }
}
