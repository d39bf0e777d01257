//! What fills the holes of a call: the checked input of a request.

use crate::base::hole::Hole;
use crate::check::Input;
use crate::json::Node;

/// The text for a hole, or none when the request has no such value.
pub(super) fn value(input: &Input<'_>, hole: &Hole) -> Option<String> {
    let name = hole.path().first()?;
    let among = |fields: &[(String, Node<'_>)]| {
        fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, node)| scalar(node))
    };
    match hole.source() {
        "path" => among(&input.path),
        "query" => among(&input.query),
        "headers" => among(&input.headers),
        "body" => {
            let mut node = input.body.as_ref()?;
            for name in hole.path() {
                node = node.as_object()?.get(name)?;
            }
            scalar(node)
        }
        _ => None,
    }
}

/// A scalar as text; lists and objects have no place in a URL.
fn scalar(node: &Node<'_>) -> Option<String> {
    match node {
        Node::Null | Node::Array(_) | Node::Object(_) => None,
        Node::Bool(truth) => Some(truth.to_string()),
        Node::Number(number) => Some(number.as_raw().to_owned()),
        Node::String(text) => Some(text.decode().into_owned()),
    }
}
