//! The pass that builds a [`Tape`](super::tape::Tape).
//!
//! Members and elements as machines write them, without white space or escapes and with short numbers, go through two loops; all else goes
//! unit by unit.

use std::cell::Cell;
use std::ops::Range;

use super::names::{NAMELESS, Names};
use super::tape::{End, Entry};
use crate::json::{Kind, Name, Reader, Stop, Text};

thread_local! {
    /// Lists that are not in use, for the next document on this thread: memory that was just used is near, what the allocator gives is not.
    static SPARE: Cell<Lists> = const { Cell::new(Lists { open: Vec::new(), pile: Vec::new(), entries: Vec::new() }) };
}

/// How many entries are kept for the next document.
const KEPT: usize = 4096;

#[derive(Default)]
struct Lists {
    open: Vec<Open>,
    /// Entries of the open containers.
    pile: Vec<Entry>,
    entries: Vec<Entry>,
}

/// The entries of a value, the value's own, and where it ends.
pub(super) fn record(text: &str, at: usize, levels: usize, names: &Names) -> Option<(Vec<Entry>, Entry, End)> {
    // Places have 32 bits.
    u32::try_from(text.len()).ok()?;
    let mut reader = Reader::new(text.as_bytes(), at);
    let Lists { open, pile, mut entries } = SPARE.take();
    entries.reserve(text.len() / 32);
    let mut recorder = Recorder { text, names, levels, open, pile, entries };
    let root = recorder.document(&mut reader);
    let Recorder { mut open, mut pile, entries, .. } = recorder;
    open.clear();
    pile.clear();
    pile.shrink_to(KEPT);
    SPARE.set(Lists { open, pile, entries: Vec::new() });
    match root {
        Ok(root) => Some((entries, root, reader.at)),
        Err(_) => {
            recycle(entries);
            None
        }
    }
}

/// Keeps a list that is done with.
pub(super) fn recycle(mut entries: Vec<Entry>) {
    entries.clear();
    entries.shrink_to(KEPT);
    let spare = SPARE.take();
    SPARE.set(Lists { entries, ..spare });
}

/// A container whose end is not seen yet.
struct Open {
    name: u16,
    is_object: bool,
    is_empty: bool,
    /// Whether a template can get there.
    is_read: bool,
    /// Its entries in the pile begin here.
    from: usize,
    /// Its text begins here.
    at: usize,
}

struct Recorder<'b> {
    text: &'b str,
    names: &'b Names,
    levels: usize,
    open: Vec<Open>,
    pile: Vec<Entry>,
    entries: Vec<Entry>,
}

impl Recorder<'_> {
    fn document(&mut self, reader: &mut Reader<'_>) -> Result<Entry, Stop> {
        self.value(reader, Some(NAMELESS))?;
        while !self.open.is_empty() {
            self.easy(reader);
            if !self.open.is_empty() {
                self.unit(reader)?;
            }
        }
        self.pile.pop().ok_or(Stop::Refused)
    }

    /// For as long as there are no surprises.
    #[inline(always)]
    fn easy(&mut self, reader: &mut Reader<'_>) {
        while let Some(open) = self.open.last() {
            let was_object = open.is_object;
            if was_object {
                self.members(reader);
            } else {
                self.elements(reader);
            }
            if self.open.last().is_none_or(|open| open.is_object == was_object) {
                return;
            }
        }
    }

    /// Members, of this object and of those in it and around it.
    #[inline(always)]
    fn members(&mut self, reader: &mut Reader<'_>) {
        let Some(open) = self.open.last() else { return };
        let Open { is_empty: mut opened, mut is_read, .. } = *open;
        // Where the comma or bracket before the name stands.
        let mut lead = reader.at.wrapping_sub(usize::from(opened));
        let mut before = if opened { *b"{\"" } else { *b",\"" };
        loop {
            let Some(Name { from, to, byte, .. }) = reader.name_at(lead, before) else {
                if opened || !self.stands(lead, b'}') {
                    break;
                }
                self.close(false);
                (lead, before) = (lead + 1, *b",\"");
                match self.open.last() {
                    Some(around) if around.is_object => is_read = around.is_read,
                    _ => break,
                }
                continue;
            };
            let id = if is_read { self.names.find(self.text.as_bytes(), from, to) } else { None };
            let value = to + 2;
            if byte == b'{' || byte == b'[' {
                if self.open.len() >= self.levels {
                    break;
                }
                self.not_empty();
                is_read = id.is_some();
                self.open(id, byte == b'{', value);
                (lead, before, opened) = (value, *b"{\"", true);
                if byte == b'{' {
                    continue;
                }
                break;
            }
            let Some((kind, end)) = reader.scalar_at(value, byte) else { break };
            if let Some(id) = id {
                self.scalar(id, kind, value, end);
            }
            (lead, before, opened) = (end, *b",\"", false);
        }
        reader.at = lead.wrapping_add(usize::from(opened));
        if !opened {
            self.not_empty();
        }
    }

    /// Elements, of this list and of those in it and around it.
    #[inline(always)]
    fn elements(&mut self, reader: &mut Reader<'_>) {
        while let Some(Open { is_empty: opened, is_read, is_object: false, .. }) = self.open.last() {
            let (opened, is_read) = (*opened, *is_read);
            if !opened && self.stands(reader.at, b']') {
                reader.at += 1;
                self.close(false);
                continue;
            }
            let value = reader.at + usize::from(!opened);
            if !opened && !self.stands(reader.at, b',') {
                return;
            }
            let Some(byte) = self.text.as_bytes().get(value).copied() else { return };
            if byte == b'{' || byte == b'[' {
                if self.open.len() >= self.levels {
                    return;
                }
                self.not_empty();
                self.open(is_read.then_some(NAMELESS), byte == b'{', value);
                reader.at = value + 1;
                continue;
            }
            let Some((kind, end)) = reader.scalar_at(value, byte) else { return };
            if is_read {
                self.scalar(NAMELESS, kind, value, end);
            }
            reader.at = end;
            self.not_empty();
        }
    }

    #[inline(always)]
    fn stands(&self, at: usize, byte: u8) -> bool {
        self.text.as_bytes().get(at) == Some(&byte)
    }

    /// A member, an element, or the end of the innermost container.
    fn unit(&mut self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let Some(open) = self.open.last() else { return Err(Stop::Refused) };
        let Open { is_object, is_read, is_empty: is_first, .. } = *open;
        reader.space();
        match reader.peek() {
            b',' if !is_first => {
                reader.at += 1;
                reader.space();
            }
            end @ (b'}' | b']') if is_object == (end == b'}') => {
                reader.at += 1;
                self.close(is_first);
                return Ok(());
            }
            _ if is_first => self.not_empty(),
            _ => return Err(reader.wrong()),
        }
        if !is_object {
            return self.value(reader, is_read.then_some(NAMELESS));
        }
        let start = reader.at;
        let is_escaped = reader.string()?;
        let name = start + 1..reader.at - 1;
        reader.space();
        reader.byte(b':')?;
        reader.space();
        let id = match (is_read, is_escaped) {
            (false, _) => None,
            (true, false) => self.names.find(self.text.as_bytes(), name.start, name.end),
            (true, true) => self.decoded(name),
        };
        self.value(reader, id)
    }

    #[cold]
    fn decoded(&self, name: Range<usize>) -> Option<u16> {
        let text = Text::raw(self.text.get(name).unwrap_or_default());
        let name = text.decode();
        self.names.find(name.as_bytes(), 0, name.len())
    }

    /// A scalar, or the start of a container. Nobody reads one without a name.
    fn value(&mut self, reader: &mut Reader<'_>, name: Option<u16>) -> Result<(), Stop> {
        let from = reader.at;
        if let opening @ (b'{' | b'[') = reader.peek() {
            if self.open.len() >= self.levels {
                return Err(Stop::Refused);
            }
            reader.at += 1;
            self.open(name, opening == b'{', from);
            return Ok(());
        }
        let kind = reader.scalar()?;
        if let Some(name) = name {
            self.scalar(name, kind, from, reader.at);
        }
        Ok(())
    }

    /// A scalar that somebody reads.
    #[inline(always)]
    fn scalar(&mut self, name: u16, kind: Kind, from: usize, to: usize) {
        let quote = usize::from(matches!(kind, Kind::String | Kind::Escaped));
        self.pile.push(Entry { name, kind, is_empty: false, from: short(from + quote), to: short(to - quote), at: 0 });
    }

    #[inline(always)]
    fn open(&mut self, name: Option<u16>, is_object: bool, at: usize) {
        let (is_read, name) = (name.is_some(), name.unwrap_or(NAMELESS));
        self.open.push(Open { name, is_object, is_empty: true, is_read, from: self.pile.len(), at });
    }

    /// There is something in the innermost container.
    #[inline(always)]
    fn not_empty(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.is_empty = false;
        }
    }

    /// The end of the innermost container.
    #[inline(always)]
    fn close(&mut self, is_empty: bool) {
        let Some(Open { name, is_object, is_read, from, at, .. }) = self.open.pop() else { return };
        if !is_read {
            return;
        }
        let start = self.entries.len();
        self.entries.extend_from_slice(self.pile.get(from..).unwrap_or_default());
        self.pile.truncate(from);
        let kind = if is_object { Kind::Object } else { Kind::Array };
        self.pile.push(Entry { name, kind, is_empty, from: short(start), to: short(self.entries.len()), at: short(at) });
    }
}

/// A place in a text that is known to be short enough. There are fewer entries than bytes.
#[inline(always)]
fn short(at: usize) -> u32 {
    at as u32
}
