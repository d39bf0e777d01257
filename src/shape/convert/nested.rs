//! What is folded up in a string: a document, a list.

use super::Failed;
use crate::json::{self, Limits, Node};

/// The most parts that a string is cut into.
const MOST_PARTS: usize = 100_000;

/// The document inside of a string.
pub(super) fn document<'a>(node: &Node<'a>, limits: &Limits) -> Result<Option<Node<'a>>, Failed> {
    let Node::String(text) = node else { return Err(node.kind()) };
    let text = text.decode();
    match json::parse(&text, limits) {
        Ok(inner) => Ok(Some(inner.into_owned())),
        Err(_) => Err("a string that is no JSON document"),
    }
}

/// The parts of a string; the empty string has none. A list stays a list.
pub(super) fn list<'a>(node: &Node<'a>, split: &str) -> Result<Option<Node<'a>>, Failed> {
    let text = match node {
        Node::Array(_) => return Ok(None),
        Node::String(text) => text,
        other => return Err(other.kind()),
    };
    if text.as_raw().is_empty() {
        return Ok(Some(Node::Array(Vec::new())));
    }
    let parts = text.split(split, MOST_PARTS + 1);
    if parts.len() > MOST_PARTS {
        return Err("a string with more parts than a list may have");
    }
    Ok(Some(Node::Array(parts.into_iter().map(Node::String).collect())))
}
