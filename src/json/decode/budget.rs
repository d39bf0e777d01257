//! What the references of a document may cost, whatever they say.

use super::DecodeError;
use crate::json::Node;

/// How many values references may add to a document.
const MOST_VALUES: usize = 200_000;

/// How many bytes of text references may add to a document, names included.
const MOST_BYTES: usize = 32 << 20;

/// What copying may still cost.
pub(super) struct Budget {
    values: usize,
    bytes: usize,
    depth: usize,
}

impl Budget {
    /// For a document that may be so deep.
    pub(super) fn new(depth: usize) -> Self {
        Self { values: MOST_VALUES, bytes: MOST_BYTES, depth }
    }

    /// One more value that a reference added, at a depth.
    pub(super) fn spend(&mut self, node: &Node<'_>, depth: usize) -> Result<(), DecodeError> {
        let text = match node {
            Node::String(text) => text.as_raw().len(),
            Node::Number(number) => number.as_raw().len(),
            Node::Object(object) => object.members().iter().map(|member| member.key.as_raw().len()).sum(),
            Node::Null | Node::Bool(_) | Node::Array(_) => 0,
        };
        if depth > self.depth {
            return Err(DecodeError::Expansion);
        }
        self.values = self.values.checked_sub(1).ok_or(DecodeError::Expansion)?;
        self.spend_text(text)
    }

    /// So many bytes more.
    pub(super) fn spend_text(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(DecodeError::Expansion)?;
        Ok(())
    }
}
