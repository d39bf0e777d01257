//! What the tests of the steps share: documents from text, one step on them.

use super::{Error, Notes};
use crate::json::{self, Duplicates, Limits, Node, Path};

/// A document, free of its text.
pub(super) fn document(text: &str) -> Node<'static> {
    let limits = Limits { depth: 4096, nodes: usize::MAX, duplicates: Duplicates::Allow };
    json::parse(text, &limits).unwrap_or_else(|error| panic!("{text}: {error}")).into_owned()
}

pub(super) fn path(text: &str) -> Path {
    Path::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(super) fn text(node: &Node<'_>) -> String {
    String::from_utf8(node.to_json()).expect("JSON is UTF-8")
}

/// One step on a document.
pub(super) fn shaped(doc: &str, step: impl FnOnce(&mut Node<'static>, &mut Notes) -> Result<(), Error>) -> String {
    let mut node = document(doc);
    step(&mut node, &mut Notes::new()).expect("the step does not fail");
    text(&node)
}

/// What one step says about a document.
pub(super) fn told(doc: &str, step: impl FnOnce(&mut Node<'static>, &mut Notes) -> Result<(), Error>) -> Notes {
    let mut notes = Notes::new();
    step(&mut document(doc), &mut notes).expect("the step does not fail");
    notes
}
