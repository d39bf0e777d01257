//! The tree of a YAML file: every value with the text it was read from.

use super::At;
use super::scalar::{self, Odd, Scalar};
use crate::json::Number;

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
    /// What stood right in it, was reported, and is gone.
    pub(super) lost: Lost,
}

/// What is gone from a list or a mapping.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lost {
    /// Something that might have meant anything: an unknown key, a key that is none, an entry of a list.
    pub(super) anything: bool,
    /// Keys of the grammar, whose values were broken.
    pub(super) keys: Vec<String>,
}

impl Lost {
    pub(super) fn is_nothing(&self) -> bool {
        !self.anything && self.keys.is_empty()
    }
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
    /// How many steps of the place were found.
    pub(super) depth: usize,
    /// Whether something on the way was reported already.
    pub(super) broken: bool,
}

impl Tree {
    /// A sound value.
    pub(super) fn new(span: Span, content: Content) -> Self {
        Self { span, content, broken: false, lost: Lost::default() }
    }

    /// A value that was reported already and stands in for whatever was meant.
    pub(super) fn broken(span: Span) -> Self {
        Self { broken: true, ..Self::new(span, Content::Scalar(Scalar::empty())) }
    }

    /// Takes out everything in it that is broken.
    pub(super) fn sweep(&mut self) {
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::List(elements) => {
                let before = elements.len();
                elements.retain(|element| !element.broken);
                self.lost.anything |= elements.len() < before;
                elements.iter_mut().for_each(Self::sweep);
            }
            Content::Mapping(entries) => {
                let broken = entries.iter().filter(|entry| entry.value.broken);
                self.lost.keys.extend(broken.map(|entry| entry.key.clone()));
                entries.retain(|entry| !entry.value.broken);
                entries.iter_mut().for_each(|entry| entry.value.sweep());
            }
        }
    }

    /// Whether something is gone, right in it or further down.
    pub(super) fn lacks_within(&self) -> bool {
        !self.lost.is_nothing()
            || self.elements().iter().any(Self::lacks_within)
            || self.entries().iter().any(|entry| entry.value.lacks_within())
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

    /// The first scalar in it with this text.
    pub(super) fn scalar_of(&self, at: &At, text: &str) -> Option<At> {
        match &self.content {
            Content::Scalar(scalar) => (scalar.text == text).then(|| at.clone()),
            Content::List(elements) => {
                let mut elements = elements.iter().enumerate();
                elements.find_map(|(position, element)| element.scalar_of(&at.index(position), text))
            }
            Content::Mapping(entries) => entries.iter().find_map(|entry| entry.value.scalar_of(&at.key(&entry.key), text)),
        }
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The place, or the nearest thing around it.
    pub(super) fn find(&self, at: &At) -> Found<'_> {
        let mut found = Found { key: None, tree: self, exact: true, depth: 0, broken: self.broken };
        for (depth, step) in at.steps().iter().enumerate() {
            let (key, next) = match &found.tree.content {
                Content::Mapping(_) => {
                    let entry = found.tree.entry(step);
                    (entry, entry.map(|entry| &entry.value))
                }
                Content::List(elements) => (None, step.parse().ok().and_then(|position: usize| elements.get(position))),
                Content::Scalar(_) => (None, None),
            };
            let Some(tree) = next else { return Found { exact: false, ..found } };
            found = Found { key, tree, exact: true, depth: depth + 1, broken: found.broken || tree.broken };
        }
        found
    }

    /// Marks a key as one that the grammar does not have: what it was meant to be is anybody's guess.
    pub(super) fn mark_stranger(&mut self, at: &At) {
        self.mark_broken(at);
        let Some(around) = at.parent() else { return };
        if let Some(tree) = self.find_mut(&around) {
            tree.lost.anything = true;
        }
    }

    /// Marks a place as reported already; the whole file is not marked for what only points into it.
    pub(super) fn mark_broken(&mut self, at: &At) {
        if let Some(tree) = self.find_mut(at) {
            tree.broken |= !at.steps().is_empty();
        }
    }

    fn find_mut(&mut self, at: &At) -> Option<&mut Self> {
        let mut tree = self;
        for step in at.steps() {
            tree = match &mut tree.content {
                Content::Mapping(entries) => entries.iter_mut().find(|entry| entry.key == *step).map(|entry| &mut entry.value)?,
                Content::List(elements) => step.parse().ok().and_then(|position: usize| elements.get_mut(position))?,
                Content::Scalar(_) => return None,
            };
        }
        Some(tree)
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

    /// The first number that [`Tree::to_json`] would make another one of.
    pub(super) fn unheld(&self, at: &At) -> Option<(At, Odd)> {
        match &self.content {
            Content::Scalar(scalar) => match scalar.meaning() {
                Ok(scalar::Meaning::Number(digits)) => changed(&digits).map(|odd| (at.clone(), odd)),
                _ => None,
            },
            Content::List(elements) => {
                elements.iter().enumerate().find_map(|(position, element)| element.unheld(&at.index(position)))
            }
            Content::Mapping(entries) => entries.iter().find_map(|entry| entry.value.unheld(&at.key(&entry.key))),
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

/// What would become of a number that neither a `f64` nor a 64-bit integer can hold.
fn changed(digits: &str) -> Option<Odd> {
    if is_lost(digits) {
        return Some(Odd::TooSmall(digits.to_owned()));
    }
    if serde_json::from_str::<serde_json::Number>(digits).is_err() {
        return Some(Odd::TooLarge(digits.to_owned()));
    }
    let held = number(digits).to_string();
    let is_same = Number::raw(digits).same_value(&Number::raw(held.as_str()));
    (!is_same).then(|| Odd::Inexact { typed: digits.to_owned(), held })
}

/// Whether a number would become 0 without being 0.
fn is_lost(digits: &str) -> bool {
    let mantissa = digits.split(['e', 'E']).next().unwrap_or_default();
    digits.parse() == Ok(0.0_f64) && mantissa.contains(|digit: char| ('1'..='9').contains(&digit))
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
