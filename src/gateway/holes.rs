//! What fills the holes of a call: the checked input of a request.

use super::fault::Fault;
use crate::base::hole::{Hole, Template};
use crate::check::{In, Input, Violation};
use crate::json::Node;
use crate::plan::Call;
use crate::upstream::FillError;

/// Whether the request feeds a hole, and not the result of a call.
pub(super) fn of_request(hole: &Hole) -> bool {
    matches!(hole.source(), "path" | "query" | "headers" | "body")
}

/// The hole of a call that an error speaks of.
pub(super) fn at_fault<'c>(call: &'c Call, error: &FillError) -> Option<&'c Hole> {
    let (FillError::Missing(named) | FillError::Empty(named) | FillError::Dots(named) | FillError::Character { hole: named, .. }) =
        error;
    call.target().into_iter().flat_map(Template::holes).find(|hole| hole.to_string() == *named)
}

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
pub(super) fn scalar(node: &Node<'_>) -> Option<String> {
    match node {
        Node::Null | Node::Array(_) | Node::Object(_) => None,
        Node::Bool(truth) => Some(truth.to_string()),
        Node::Number(number) => Some(number.as_raw().to_owned()),
        Node::String(text) => Some(text.decode().into_owned()),
    }
}

/// A value that cannot stand where its hole is, told by the client's own name for it: what a call looks like is nobody's business.
pub(super) fn refused(call: &Call, error: &FillError) -> Fault {
    let hole = at_fault(call, error);
    let place = match hole.map(Hole::source) {
        Some("query") => In::Query,
        Some("headers") => In::Headers,
        Some("body") => In::Body,
        _ => In::Path,
    };
    refused_at(place, hole.map(|hole| hole.path().join(".")).unwrap_or_default(), error)
}

/// As [`refused`], for a value whose place in the request is known.
pub(super) fn refused_at(place: In, path: String, error: &FillError) -> Fault {
    let message = match error {
        FillError::Missing(_) => "is needed here",
        FillError::Empty(_) => "must not be empty",
        FillError::Dots(_) | FillError::Character { .. } => "must not hold `/`, `\\`, `%`, `..` or control characters",
    };
    Fault::Malformed(Violation { place, path, rule: "segment".to_owned(), message: message.to_owned() })
}
