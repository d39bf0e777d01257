//! A file that was read: its text, its tree, and the places of both.

use std::fmt;
use std::sync::Arc;

use super::lines::Lines;
use super::tree::{Content, Found, Span, Tree};
use super::{Aim, At, Problem};

/// What opens and closes a tag of a template.
const PAIRS: [(&str, &str); 3] = [("{%", "%}"), ("{{", "}}"), ("{#", "#}")];

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

    /// A file that is no YAML: places in it are lines and columns alone.
    pub fn of_text(file: String, text: String) -> Self {
        let lines = Lines::of(&text);
        Self::new(file, text, lines, Tree::broken(Span { start: 0, end: 0 }))
    }

    /// Whether something that stood at this place, or further down, was reported and taken out.
    pub fn lacks_within(&self, at: &At) -> bool {
        let found = self.find(at);
        found.exact && found.tree.lacks_within()
    }

    /// Whether a problem with this place may only be the echo of one that was reported: what it misses was taken out.
    pub fn in_doubt(&self, at: &At) -> bool {
        let found = self.find(at);
        if found.exact {
            return found.tree.lacks_within();
        }
        let lost = &found.tree.lost;
        lost.anything || at.steps().get(found.depth).is_some_and(|missing| lost.keys.contains(missing))
    }

    /// What a message about the value at `at` speaks of: the member of that name, else the first scalar in it with that text, else the member
    /// of that name one level further down.
    pub fn locate(&self, at: &At, word: &str) -> Option<At> {
        let found = self.find(at);
        if !found.exact {
            return None;
        }
        if found.tree.entries().iter().any(|entry| entry.key == word) {
            return Some(at.key(word));
        }
        let further = || found.tree.entries().iter().find(|entry| entry.value.entries().iter().any(|inner| inner.key == word));
        found.tree.scalar_of(at, word).or_else(|| further().map(|entry| at.key(&entry.key).key(word)))
    }

    /// The last member of the mapping at `at` with this name, in whatever case it was typed.
    pub fn locate_key(&self, at: &At, name: &str) -> Option<At> {
        let found = self.find(at);
        let mut entries = found.tree.entries().iter().rev().filter(|_| found.exact);
        entries.find(|entry| entry.key.eq_ignore_ascii_case(name)).map(|entry| at.key(&entry.key))
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
        let span = match (&problem.span, problem.aim) {
            (Some(span), _) => return **span,
            (None, Aim::Value) => self.value_span(&problem.at),
            (None, Aim::Key) => self.find(&problem.at).key.map_or_else(|| self.value_span(&problem.at), |entry| entry.key_span),
        };
        let typed = self.inner.text.get(span.start..span.end).unwrap_or_default();
        match problem.part.as_ref().and_then(|part| part.within(typed)) {
            Some((start, end)) => Span { start: span.start + start, end: span.start + end },
            None => span,
        }
    }

    /// The word, the quoted text or the tag at a line and a column, both from 1; one character where neither stands.
    pub(super) fn word_at(&self, line: usize, column: usize) -> Span {
        let (from, to) = self.inner.lines.range(&self.inner.text, line);
        let text = self.inner.text.get(from..to).unwrap_or_default();
        let start = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
        let rest = text.get(start..).unwrap_or_default();
        let first = rest.chars().next();
        let word: usize = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
        let quoted = first.filter(|c| matches!(c, '"' | '\'')).and_then(|quote| Some(rest.get(1..)?.find(quote)? + 2));
        let tag = PAIRS.iter().find(|(open, _)| rest.starts_with(open)).map(|(_, close)| rest.find(close).map_or(2, |at| at + 2));
        let length = quoted.or(tag).unwrap_or(word).max(first.map_or(0, char::len_utf8));
        Span { start: from + start, end: from + start + length }
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
