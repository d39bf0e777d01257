//! An element of a list that a pass cannot do on its own is done once more, by the reference.
//!
//! What is odd about it (names that meet, a value of the wrong type) concerns nothing beside it, so the reference is given the
//! element in place: in containers of the same names and kinds, with nothing else in them.

use super::super::{Notes, Shape};
use super::cut::Cut;
use super::envelope::text;
use super::frame::{Frame, GONE, Scope};
use super::machine::{Machine, Phase};
use super::plain::Plain;
use super::program::Program;
use crate::json::{Kind, Limits, Nest, Node, Reader, Stop, parse};

impl Machine<&Program> {
    /// Back to the start of the innermost element of a list that is still within reach; false when none is.
    pub(super) fn step_back(&mut self, src: &[u8]) -> bool {
        if !self.program.may_redo() || self.frames.iter().any(|frame| frame.doomed.is_some()) {
            return false;
        }
        if let Phase::Lift(lift) = &mut self.phase
            && let Some((mark, start, noted)) = lift.step_back(src, self.at)
        {
            self.notes.back_to(noted);
            // At the element itself nothing is written yet.
            self.cut.back(src, mark.unwrap_or(self.cut.mark(start)), start);
            self.at = start;
            return true;
        }
        let is_list = |frame: &Frame| !frame.is_object && matches!(frame.scope, Scope::Off | Scope::List);
        let is_open = matches!(self.phase, Phase::Value);
        let Some(list) = self.frames.iter().rposition(is_list).filter(|list| is_open || list + 1 < self.frames.len()) else {
            return false;
        };
        let walked = usize::from(!is_open);
        let element = self.frames.get(list + 1).copied();
        let (mark, start) = element.map_or((self.cut.mark(self.at), self.at), |element| (element.mark, element.start));
        if start == GONE {
            return false;
        }
        for _ in list + 1 + walked..self.frames.len() {
            self.nest.close();
        }
        if let Some(element) = element {
            self.names.truncate(element.names);
            self.lifted.truncate(element.lifted);
            self.origins.truncate(element.lifted);
            self.notes.back_to(element.noted);
            self.prefix.truncate(element.prefix_before);
        }
        self.frames.truncate(list + 1);
        if let Some(list) = self.frames.last_mut().filter(|_| element.is_some()) {
            list.opened = is_first(src, start);
        }
        self.states.truncate(self.frames.len() * self.program.ops.len());
        self.cut.back(src, mark, start);
        self.at = start;
        self.phase = Phase::Value;
        true
    }

    /// Does the next element of the innermost list by the reference. At the end of the bytes nothing has happened.
    pub(super) fn redo(&mut self, src: &[u8], shape: &Shape) -> Result<(), Stop> {
        let mut reader = Reader::new(src, self.at);
        reader.space();
        let (nest, opened) = match &self.phase {
            Phase::Lift(lift) => (lift.nest(), lift.is_opened()),
            _ => (&self.nest, self.frames.last().is_some_and(|frame| frame.opened)),
        };
        if !opened {
            reader.byte(b',')?;
            reader.space();
        }
        let from = reader.at;
        let to = end(src, from, nest)?;
        let json = self.by_reference(src, None, text(src, from, to)?, shape)?;
        self.cut.write(src, self.at, if opened { b"" } else { b"," }, from);
        self.cut.write(src, from, &json, to);
        self.at = to;
        if let Phase::Lift(lift) = &mut self.phase {
            lift.element_done(self.notes.warnings());
        } else {
            self.count(None);
            if let Some(frame) = self.frames.last_mut() {
                (frame.opened, frame.first) = (false, false);
                frame.kept += 1;
            }
        }
        Ok(())
    }

    /// What a shape makes of a value, in containers of the same names and kinds as those that are open; `key` is its own name with its
    /// quotes. What there is to say about the containers is said where they are.
    pub(super) fn by_reference(
        &mut self,
        src: &[u8],
        key: Option<(usize, usize, bool)>,
        value: &str,
        shape: &Shape,
    ) -> Result<Vec<u8>, Stop> {
        let mut own = Notes::new();
        let made = self.in_place(src, key, value, shape, &mut own)?;
        if own.warnings() > 0 {
            let mut known = Notes::new();
            self.in_place(src, key, "null", shape, &mut known)?;
            self.notes.add(&own, &known);
        }
        Ok(made)
    }

    fn in_place(
        &mut self,
        src: &[u8],
        key: Option<(usize, usize, bool)>,
        value: &str,
        shape: &Shape,
        notes: &mut Notes,
    ) -> Result<Vec<u8>, Stop> {
        let mut around: Vec<(bool, (usize, usize))> = self.frames.iter().map(|frame| (frame.is_object, frame.key)).collect();
        let mut levels = self.frames.iter().filter(|frame| frame.scope != Scope::Lifted).count();
        if let Phase::Lift(lift) = &self.phase {
            levels += lift.around(&mut around);
        }
        let mut document = String::with_capacity(value.len() + 32 * around.len());
        let mut in_object = false;
        for (is_object, (from, to)) in &around {
            if in_object {
                document.push('"');
                document.push_str(text(src, *from, *to)?);
                document.push_str("\":");
            }
            document.push(if *is_object { '{' } else { '[' });
            in_object = *is_object;
        }
        if let Some((from, to, _)) = key {
            document.push_str(text(src, from, to)?);
            document.push(':');
        }
        document.push_str(value);
        document.extend(around.iter().rev().map(|(is_object, _)| if *is_object { '}' } else { ']' }));
        let limits = Limits { depth: Limits::DEEPEST, ..Limits::default() };
        let mut tree = parse(&document, &limits).map_err(|_| Stop::Refused)?;
        if let Err(error) = shape.run(&mut tree, notes) {
            return self.fail(|| error);
        }
        // What steps add to an object stands behind what was in it.
        let mut found = &tree;
        for _ in 0..levels {
            let first = match found {
                Node::Array(elements) => elements.first(),
                Node::Object(object) => object.members().first().map(|member| &member.value),
                _ => None,
            };
            found = first.ok_or(Stop::Refused)?;
        }
        Ok(found.to_json())
    }
}

/// Whether the element that begins here, its comma included, is the first of its list.
pub(super) fn is_first(src: &[u8], start: usize) -> bool {
    let mut reader = Reader::new(src, start);
    reader.space();
    reader.peek() != b','
}

/// Where a value ends.
pub(super) fn end(src: &[u8], from: usize, around: &Nest) -> Result<usize, Stop> {
    let mut reader = Reader::new(src, from);
    let opening = reader.peek();
    if opening == b'{' || opening == b'[' {
        let (mut at, mut cut) = (from + 1, Cut { out: Vec::new(), from: from + 1 });
        Plain::new(around, opening == b'{')?.run::<false>(src, &mut at, &mut cut)?;
        return Ok(at);
    }
    let kind = reader.scalar()?;
    if kind == Kind::Number && reader.at == src.len() {
        return Err(Stop::End);
    }
    Ok(reader.at)
}
