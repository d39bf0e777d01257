//! A document as a template can read it: the members that have a name of the template's, as slices of the text. Built in one pass,
//! without a tree; what nobody reads is passed over.

use std::ops::Range;

use super::names::Names;
use super::recorder;
use super::value::Value;
use crate::json::{Kind, Limits, Reader, Stop, parse};
use crate::page::value::value_of;

/// A value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The number of its name, or [`NAMELESS`](super::names::NAMELESS).
    pub(super) name: u16,
    pub(super) kind: Kind,
    /// A container in which there is nothing, read or not.
    pub(super) is_empty: bool,
    /// Of a scalar, where its text is, quotes left out; of a container, where its entries are.
    pub(super) from: u32,
    pub(super) to: u32,
    /// Of a container, where its text begins.
    pub(super) at: u32,
}

/// The document.
#[derive(Debug)]
pub(super) struct Tape<'d> {
    text: &'d str,
    entries: Vec<Entry>,
    pub(super) root: Entry,
}

impl Drop for Tape<'_> {
    fn drop(&mut self) {
        recorder::recycle(std::mem::take(&mut self.entries));
    }
}

/// Where a document ends in the text that it stands in.
pub(super) type End = usize;

impl<'d> Tape<'d> {
    /// `None` for a text that is no JSON, or nests deeper than anything may.
    pub(super) fn of(text: &'d str, names: &Names) -> Option<Self> {
        let mut reader = Reader::new(text.as_bytes(), 0);
        reader.space();
        let (tape, end) = Self::at(text, reader.at, Limits::DEEPEST, names)?;
        reader.at = end;
        reader.space();
        (reader.at == text.len()).then_some(tape)
    }

    /// Of the value that stands at a place of a text and has at most so many levels; and where it ends. Nothing in it goes unchecked, whether
    /// it is read or not. `None` as above.
    pub(super) fn at(text: &'d str, at: usize, levels: usize, names: &Names) -> Option<(Self, End)> {
        let (entries, root, end) = recorder::record(text, at, levels, names)?;
        Some((Self { text, entries, root }, end))
    }

    /// The last member of that name.
    #[inline(always)]
    pub(super) fn member(&self, of: Entry, name: u16) -> Option<Entry> {
        if of.kind != Kind::Object {
            return None;
        }
        self.entries(of).iter().rfind(|entry| entry.name == name).copied()
    }

    /// The elements of a list, or the members of an object that have a name of the template's.
    #[inline(always)]
    pub(super) fn entries(&self, of: Entry) -> &[Entry] {
        self.entries.get(span(of)).unwrap_or_default()
    }

    /// A container as the engine has it, with all that nobody else reads. `None` for what the engine would not read.
    pub(super) fn whole(&self, of: Entry) -> Option<tera::Value> {
        let mut reader = Reader::new(self.text.as_bytes(), of.at as usize);
        pass(&mut reader).ok()?;
        let text = self.text.get(of.at as usize..reader.at)?;
        let limits = Limits { depth: Limits::DEEPEST, ..Limits::default() };
        Some(value_of(&parse(text, &limits).ok()?))
    }

    /// Whether a condition with it holds: as [`Value::is_true`] has it, without a value.
    pub(super) fn is_true(&self, of: Entry) -> bool {
        match of.kind {
            Kind::Null => false,
            Kind::String => of.from < of.to,
            // An escape stands for a letter.
            Kind::Escaped => true,
            Kind::Array | Kind::Object => !of.is_empty,
            Kind::Bool | Kind::Number => Value::of(of, self).is_true(),
        }
    }

    /// The text of a scalar as it stands in the document.
    #[inline(always)]
    pub(super) fn raw(&self, of: Entry) -> &'d str {
        self.text.get(span(of)).unwrap_or_default()
    }
}

fn span(of: Entry) -> Range<usize> {
    of.from as usize..of.to as usize
}

/// Passes over a container, in which it looks for no more than the end.
fn pass(reader: &mut Reader<'_>) -> Result<(), Stop> {
    let mut depth = 0_usize;
    loop {
        match reader.peek() {
            b'"' => {
                reader.string()?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            0 => return Err(reader.wrong()),
            _ => {}
        }
        reader.at += 1;
        if depth == 0 {
            return Ok(());
        }
    }
}
