//! A document as a template can read it: the members that have a name of the template's, as slices of the text. Built in one pass,
//! without a tree; what nobody reads is passed over.

use std::ops::Range;

use super::names::{NAMELESS, Names};
use crate::json::{Kind, Limits, Reader, Stop, Text, parse};
use crate::page::value::value_of;

/// A value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The number of its name, or [`NAMELESS`].
    name: u16,
    pub(super) kind: Kind,
    /// A container in which there is nothing, read or not.
    pub(super) is_empty: bool,
    /// Of a scalar, where its text is, quotes left out; of a container, where its entries are.
    from: u32,
    to: u32,
    /// Of a container, where its text begins.
    at: u32,
}

/// The document.
#[derive(Debug)]
pub(super) struct Tape<'d> {
    text: &'d str,
    entries: Vec<Entry>,
    pub(super) root: Entry,
}

/// A container whose end is not seen yet.
struct Open {
    name: u16,
    is_object: bool,
    is_empty: bool,
    /// Its entries in the pile begin here.
    from: usize,
    /// Its text begins here.
    at: usize,
}

impl<'d> Tape<'d> {
    /// `None` for a text that is no JSON.
    pub(super) fn of(text: &'d str, names: &Names) -> Option<Self> {
        let mut building = Building {
            text,
            names,
            reader: Reader::new(text.as_bytes(), 0),
            open: Vec::with_capacity(8),
            pile: Vec::with_capacity(64),
            entries: Vec::with_capacity(text.len() / 32),
        };
        let root = building.document().ok()?;
        Some(Self { text, entries: building.entries, root })
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

    /// The text of a scalar as it stands in the document.
    #[inline(always)]
    pub(super) fn raw(&self, of: Entry) -> &'d str {
        self.text.get(span(of)).unwrap_or_default()
    }
}

fn span(of: Entry) -> Range<usize> {
    of.from as usize..of.to as usize
}

struct Building<'b> {
    text: &'b str,
    names: &'b Names,
    reader: Reader<'b>,
    open: Vec<Open>,
    /// Entries of the open containers.
    pile: Vec<Entry>,
    entries: Vec<Entry>,
}

impl Building<'_> {
    fn document(&mut self) -> Result<Entry, Stop> {
        self.reader.space();
        self.value(NAMELESS)?;
        while !self.open.is_empty() {
            self.unit()?;
        }
        self.reader.space();
        match (self.reader.at == self.text.len(), self.pile.pop()) {
            (true, Some(root)) => Ok(root),
            _ => Err(Stop::Refused),
        }
    }

    /// A member, an element, or the end of the innermost container.
    #[inline(always)]
    fn unit(&mut self) -> Result<(), Stop> {
        let Some(open) = self.open.last_mut() else { return Err(Stop::Refused) };
        let (is_object, is_first) = (open.is_object, open.is_empty);
        let start = self.reader.at;
        if is_object && !is_first && self.reader.close_name() {
            return self.member(start + 2..self.reader.at - 2, false);
        }
        self.reader.space();
        match self.reader.peek() {
            b',' if !is_first => {
                self.reader.at += 1;
                self.reader.space();
            }
            b'}' if is_object => return self.close(),
            b']' if !is_object => return self.close(),
            _ if is_first => open.is_empty = false,
            _ => return Err(self.reader.wrong()),
        }
        if !is_object {
            return self.value(NAMELESS);
        }
        let start = self.reader.at;
        let is_escaped = self.reader.string()?;
        let name = start + 1..self.reader.at - 1;
        self.reader.space();
        self.reader.byte(b':')?;
        self.member(name, is_escaped)
    }

    #[inline(always)]
    fn member(&mut self, name: Range<usize>, is_escaped: bool) -> Result<(), Stop> {
        let id = if is_escaped { self.decoded(name) } else { self.names.find(self.text, name) };
        self.reader.space();
        match id {
            Some(id) => self.value(id),
            None => pass(&mut self.reader),
        }
    }

    #[cold]
    fn decoded(&self, name: Range<usize>) -> Option<u16> {
        let text = Text::raw(self.text.get(name).unwrap_or_default());
        let name = text.decode();
        self.names.find(&name, 0..name.len())
    }

    #[inline(always)]
    fn value(&mut self, name: u16) -> Result<(), Stop> {
        let from = self.reader.at;
        if let opening @ (b'{' | b'[') = self.reader.peek() {
            self.reader.at += 1;
            self.open.push(Open { name, is_object: opening == b'{', is_empty: true, from: self.pile.len(), at: from });
            return Ok(());
        }
        let kind = self.reader.scalar()?;
        let quote = usize::from(matches!(kind, Kind::String | Kind::Escaped));
        let entry = Entry { name, kind, is_empty: false, from: short(from + quote)?, to: short(self.reader.at - quote)?, at: 0 };
        self.pile.push(entry);
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self) -> Result<(), Stop> {
        self.reader.at += 1;
        let Some(Open { name, is_object, is_empty, from, at }) = self.open.pop() else { return Err(Stop::Refused) };
        let start = self.entries.len();
        self.entries.extend_from_slice(self.pile.get(from..).unwrap_or_default());
        self.pile.truncate(from);
        let kind = if is_object { Kind::Object } else { Kind::Array };
        let (from, to, at) = (short(start)?, short(self.entries.len())?, short(at)?);
        self.pile.push(Entry { name, kind, is_empty, from, to, at });
        Ok(())
    }
}

/// Passes over a value. Inside of a container it looks for no more than the end.
#[inline(always)]
fn pass(reader: &mut Reader<'_>) -> Result<(), Stop> {
    if !matches!(reader.peek(), b'{' | b'[') {
        return reader.scalar().map(|_| ());
    }
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

/// A place in a document: none has 4 GiB.
#[inline(always)]
fn short(at: usize) -> Result<u32, Stop> {
    u32::try_from(at).map_err(|_| Stop::Refused)
}
