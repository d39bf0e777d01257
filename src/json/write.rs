//! The writer: compact JSON, every token as it is held.

use super::Node;

/// Appends a document to a buffer. Numbers that are not finite, which JSON has no word for, are written as `null`.
pub fn write(node: &Node<'_>, out: &mut Vec<u8>) {
    match node {
        Node::Null => out.extend_from_slice(b"null"),
        Node::Bool(true) => out.extend_from_slice(b"true"),
        Node::Bool(false) => out.extend_from_slice(b"false"),
        Node::Number(number) if number.is_finite() => out.extend_from_slice(number.as_raw().as_bytes()),
        Node::Number(_) => out.extend_from_slice(b"null"),
        Node::String(text) => quoted(text.as_raw(), out),
        Node::Array(elements) => {
            out.push(b'[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(element, out);
            }
            out.push(b']');
        }
        Node::Object(object) => {
            out.push(b'{');
            for (at, member) in object.members().iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                quoted(member.key.as_raw(), out);
                out.push(b':');
                write(&member.value, out);
            }
            out.push(b'}');
        }
    }
}

fn quoted(raw: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(raw.as_bytes());
    out.push(b'"');
}

impl Node<'_> {
    /// The document as compact JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        write(self, &mut out);
        out
    }
}
