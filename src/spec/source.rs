//! A file that was read: its text, its tree, and the places of both.

use std::fmt;
use std::sync::Arc;

use super::lines::Lines;
use super::tree::{Content, Found, Span, Tree};
use super::{Aim, At, Problem};

/// A file as it was read, holes filled: where everything stands, and every scalar as it was typed. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    inner: Arc<Inner>,
}

struct Inner {
    file: String,
    text: String,
    lines: Lines,
    tree: Tree,
}

impl Source {
    pub(super) fn new(file: String, text: String, lines: Lines, tree: Tree) -> Self {
        Self { inner: Arc::new(Inner { file, text, lines, tree }) }
    }

    /// The file's name, as it was given.
    pub fn file(&self) -> &str {
        &self.inner.file
    }

    /// Whether the file has something at this very place.
    pub fn has(&self, at: &At) -> bool {
        self.find(at).exact
    }

    /// Line and column of a value, both from 1; columns count characters. What is not there has the place of what is around it.
    pub fn line_column(&self, at: &At) -> (usize, usize) {
        self.place(self.value_span(at).start)
    }

    /// A scalar as it stands in the file: quotes off, holes as holes, so that it may be shown. `None` for lists and mappings.
    pub fn shown(&self, at: &At) -> Option<&str> {
        let found = self.find(at);
        match &found.tree.content {
            Content::Scalar(scalar) if found.exact && scalar.filled => {
                let Span { start, end } = found.tree.span;
                self.inner.text.get(start..end).map(|typed| typed.trim_matches(['"', '\'']))
            }
            Content::Scalar(scalar) if found.exact => Some(&scalar.text),
            _ => None,
        }
    }

    /// Whether the scalar at a place has a `${…}` hole in it: what fills it may be a secret, and is not to be shown.
    pub fn is_filled(&self, at: &At) -> bool {
        matches!(&self.find(at).tree.content, Content::Scalar(scalar) if scalar.filled)
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.inner.tree
    }

    pub(super) fn find(&self, at: &At) -> Found<'_> {
        self.inner.tree.find(at)
    }

    pub(super) fn text(&self) -> &str {
        &self.inner.text
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.inner.lines
    }

    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        self.inner.lines.place(&self.inner.text, offset)
    }

    /// The text that a problem is about.
    pub(super) fn span_of(&self, problem: &Problem) -> Span {
        match (&problem.span, problem.aim) {
            (Some(span), _) => **span,
            (None, Aim::Value) => self.value_span(&problem.at),
            (None, Aim::Key) => self.find(&problem.at).key.map_or_else(|| self.value_span(&problem.at), |entry| entry.key_span),
        }
    }

    /// The text of a value that a reader would point at: a scalar itself, a `[…]` or `{…}` itself, but of a container in block form its key,
    /// or its first key when it has none.
    fn value_span(&self, at: &At) -> Span {
        let found = self.find(at);
        let span = found.tree.span;
        let typed = self.inner.text.get(span.start..span.end).unwrap_or_default();
        let inline = match found.tree.content {
            Content::Scalar(_) => !typed.is_empty(),
            _ => typed.starts_with(['[', '{']) && found.exact,
        };
        match found.key {
            _ if inline => span,
            Some(entry) => entry.key_span,
            None => found.tree.first_key().unwrap_or(span),
        }
    }
}

impl fmt::Debug for Source {
    /// The name alone: what fills the holes may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("file", &self.inner.file).finish_non_exhaustive()
    }
}
