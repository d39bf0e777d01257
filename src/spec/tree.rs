//! The tree of a YAML file: every value with the text it was read from.

use super::At;
use super::scalar::{self, Odd, Scalar};

/// A piece of the text, in bytes: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A value and the text it was read from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    /// The scalar with its quotes, or the container from its first to its last byte.
    pub(super) span: Span,
    pub(super) content: Content,
    /// A problem was reported for this value already; what follows from it is not worth telling.
    pub(super) broken: bool,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Tree>),
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Tree,
}

/// A place that was found in a tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'t> {
    /// The key, when the place is a mapping's member.
    pub(super) key: Option<&'t Entry>,
    pub(super) tree: &'t Tree,
    /// Whether the whole place was found, or only what is around it.
    pub(super) exact: bool,
    /// Whether something on the way was reported already.
    pub(super) broken: bool,
}

impl Tree {
    /// A value that was reported already and stands in for whatever was meant.
    pub(super) fn broken(span: Span) -> Self {
        Self { span, content: Content::Scalar(Scalar::empty()), broken: true }
    }

    /// The members, if it is a mapping.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The entries, if it is a list.
    pub(super) fn elements(&self) -> &[Self] {
        match &self.content {
            Content::List(elements) => elements,
            _ => &[],
        }
    }

    /// The text of a scalar, whatever it means.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The first key in it, in its first entry when it is a list.
    pub(super) fn first_key(&self) -> Option<Span> {
        match &self.content {
            Content::Mapping(entries) => entries.first().map(|entry| entry.key_span),
            Content::List(elements) => elements.first().and_then(Self::first_key),
            Content::Scalar(_) => None,
        }
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The place, or the nearest thing around it.
    pub(super) fn find(&self, at: &At) -> Found<'_> {
        let mut found = Found { key: None, tree: self, exact: true, broken: self.broken };
        for step in at.steps() {
            let (key, next) = match &found.tree.content {
                Content::Mapping(_) => {
                    let entry = found.tree.entry(step);
                    (entry, entry.map(|entry| &entry.value))
                }
                Content::List(elements) => (None, step.parse().ok().and_then(|position: usize| elements.get(position))),
                Content::Scalar(_) => (None, None),
            };
            let Some(tree) = next else { return Found { exact: false, ..found } };
            found = Found { key, tree, exact: true, broken: found.broken || tree.broken };
        }
        found
    }

    /// Marks a place as reported already; the whole file is not marked for what only points into it.
    pub(super) fn mark_broken(&mut self, at: &At) {
        let mut tree = self;
        for step in at.steps() {
            let next = match &mut tree.content {
                Content::Mapping(entries) => entries.iter_mut().find(|entry| entry.key == *step).map(|entry| &mut entry.value),
                Content::List(elements) => step.parse().ok().and_then(|position: usize| elements.get_mut(position)),
                Content::Scalar(_) => None,
            };
            let Some(next) = next else { return };
            tree = next;
        }
        tree.broken |= !at.steps().is_empty();
    }

    /// Calls `see` with every mapping key and its value, outermost first.
    pub(super) fn each_entry<'t>(&'t self, see: &mut dyn FnMut(&'t Entry)) {
        for element in self.elements() {
            element.each_entry(see);
        }
        for entry in self.entries() {
            see(entry);
            entry.value.each_entry(see);
        }
    }

    /// The same document as JSON. Numbers are what a `f64` or a 64-bit integer can hold: [`super::Source::literal`] has their digits.
    ///
    /// `odd` hears of every scalar that JSON has no form for, and gets null in its place.
    pub(super) fn to_json(&self, at: &At, odd: &mut dyn FnMut(At, Odd)) -> serde_json::Value {
        use serde_json::Value;
        match &self.content {
            Content::Scalar(scalar) => match scalar.meaning() {
                Ok(scalar::Meaning::Null) => Value::Null,
                Ok(scalar::Meaning::Bool(truth)) => Value::Bool(truth),
                Ok(scalar::Meaning::Number(digits)) => number(&digits),
                Ok(scalar::Meaning::Text(text)) => Value::String(text.to_owned()),
                Err(fault) => {
                    odd(at.clone(), fault);
                    Value::Null
                }
            },
            Content::List(elements) => {
                elements.iter().enumerate().map(|(position, element)| element.to_json(&at.index(position), odd)).collect()
            }
            Content::Mapping(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json(&at.key(&entry.key), odd))).collect(),
            ),
        }
    }
}

/// A JSON number from its digits. Whole numbers are integers however they are written (`2.0`, `1e3`), as JSON Schema sees them.
fn number(digits: &str) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let parsed: Option<serde_json::Number> = serde_json::from_str(digits).ok();
    let parsed = parsed.or_else(|| {
        // `1e400` is a number too, only a `f64` cannot hold it.
        serde_json::Number::from_f64(if digits.starts_with('-') { f64::MIN } else { f64::MAX })
    });
    let Some(number) = parsed else { return serde_json::Value::Null };
    match number.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "the value is whole and below 2^53")]
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => (float as i64).into(),
        _ => serde_json::Value::Number(number),
    }
}
