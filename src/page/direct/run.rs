//! The steps at work on a document.

use std::borrow::Cow;
use std::ops::Range;

use super::expression::{Expression, Path};
use super::names::Names;
use super::program::{Do, For, Keep};
use super::sheet::Sheet;
use super::tape::{Entry, Tape};
use super::value::{Value, decoded};
use crate::json::Kind;
use crate::page::Around;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// The engine has to render it, or to say what is wrong.
    Back,
    /// It is over its limit in bytes.
    Size,
    /// A value on it nests too deep.
    Depth,
    /// Its deadline passed.
    Time,
    /// A loop ends here.
    Break,
    /// The next turn of a loop begins here.
    Continue,
}

/// A page at work.
pub(super) struct Run<'r> {
    pub(super) tape: &'r Tape<'r>,
    pub(super) names: &'r Names,
    pub(super) around: &'r Around<'r>,
    pub(super) head: Option<&'r str>,
    /// The loops around the step at work, the outermost first.
    pub(super) loops: Vec<Loop<'r>>,
    /// What the template set.
    pub(super) slots: Vec<Option<Value<'r>>>,
    pub(super) sheet: Sheet,
    /// The block that is wanted, and where it was written last.
    wanted: Option<usize>,
    begun: usize,
    shown: Range<usize>,
}

/// Where a loop is.
pub(super) struct Loop<'r> {
    pub(super) element: Element<'r>,
    pub(super) key: Value<'r>,
    pub(super) index: usize,
    pub(super) length: usize,
}

/// What a loop is at.
pub(super) enum Element<'r> {
    /// Something of the document.
    Entry(Entry),
    Value(Value<'r>),
}

/// What a page is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'r> {
    pub(super) tape: &'r Tape<'r>,
    pub(super) names: &'r Names,
    pub(super) around: &'r Around<'r>,
    pub(super) head: Option<&'r str>,
}

impl<'r> Run<'r> {
    pub(super) fn new(seen: Seen<'r>, slots: usize, sheet: Sheet) -> Self {
        let Seen { tape, names, around, head } = seen;
        let (loops, slots) = (Vec::with_capacity(4), vec![None; slots]);
        Self { tape, names, around, head, loops, slots, sheet, wanted: None, begun: 0, shown: 0..0 }
    }

    /// The whole page.
    pub(super) fn page(mut self, steps: &'r [Do]) -> Result<String, Halt> {
        self.whole(steps)?;
        Ok(self.sheet.into_text())
    }

    /// One block of the page: all of it is made, as the engine does, for what is wrong elsewhere is wrong here.
    pub(super) fn block(mut self, steps: &'r [Do], block: usize) -> Result<String, Halt> {
        self.wanted = Some(block);
        self.whole(steps)?;
        let shown = self.shown;
        self.sheet.into_text().get(shown).map(str::to_owned).ok_or(Halt::Back)
    }

    fn whole(&mut self, steps: &'r [Do]) -> Result<(), Halt> {
        self.sheet.look()?;
        self.steps(steps)?;
        self.sheet.look()
    }

    fn steps(&mut self, steps: &'r [Do]) -> Result<(), Halt> {
        for step in steps {
            match step {
                Do::Text(text) => self.sheet.write(text),
                Do::Write(Expression::Path(path)) => self.write_path(path)?,
                Do::Write(value) => {
                    let value = self.value(value)?;
                    self.write(&value)?;
                }
                Do::If(condition, then, otherwise) => {
                    let way = if self.holds(condition)? { then } else { otherwise };
                    self.steps(way)?;
                }
                Do::For(each) => self.each(each)?,
                step => self.rare(step)?,
            }
        }
        Ok(())
    }

    fn rare(&mut self, step: &'r Do) -> Result<(), Halt> {
        match step {
            Do::Set(place, value) => {
                let value = self.value(value)?;
                self.set(*place, Some(value));
            }
            Do::Clear(places) => places.iter().for_each(|place| self.set(*place, None)),
            Do::Keep(keep) => self.keep(keep)?,
            Do::Choose(ways, otherwise) => {
                for (condition, way) in ways {
                    if self.holds(condition)? {
                        return self.steps(way);
                    }
                }
                self.steps(otherwise)?;
            }
            Do::Begin(block) if self.wanted == Some(*block) => self.begun = self.sheet.place().ok_or(Halt::Back)?,
            Do::End(block) if self.wanted == Some(*block) => {
                self.shown = self.begun..self.sheet.place().ok_or(Halt::Back)?;
            }
            Do::Break => return Err(Halt::Break),
            Do::Continue => return Err(Halt::Continue),
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, place: usize, value: Option<Value<'r>>) {
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = value;
        }
    }

    fn keep(&mut self, keep: &'r Keep) -> Result<(), Halt> {
        self.sheet.keep();
        self.steps(&keep.steps)?;
        let kept = Cow::Owned(self.sheet.kept());
        let mut value = if self.sheet.escapes { Value::Markup(kept) } else { Value::Text(kept) };
        for filter in &keep.filters {
            value = self.filtered(filter, value)?;
        }
        match keep.place {
            Some(place) => self.set(place, Some(value)),
            None => self.write(&value)?,
        }
        Ok(())
    }

    fn each(&mut self, each: &'r For) -> Result<(), Halt> {
        let list = self.value(&each.list)?;
        let tape = self.tape;
        let length = match &list {
            Value::Container(entry) if entry.kind == Kind::Array && !each.has_key => {
                let elements = tape.entries(*entry);
                for (index, element) in elements.iter().enumerate() {
                    if !self.turn_of(each, Element::Entry(*element), Value::None, index, elements.len())? {
                        break;
                    }
                }
                elements.len()
            }
            list if list.elements(tape).is_some() && !each.has_key => {
                let length = list.elements(tape).unwrap_or_default();
                for index in 0..length {
                    let element = list.element(index, tape)?.ok_or(Halt::Back)?;
                    if !self.turn_of(each, Element::Value(element), Value::None, index, length)? {
                        break;
                    }
                }
                length
            }
            list => self.each_member(each, list)?,
        };
        if length == 0 { self.steps(&each.otherwise) } else { Ok(()) }
    }

    /// A way for every member of a map.
    fn each_member(&mut self, each: &'r For, list: &Value<'r>) -> Result<usize, Halt> {
        // Letters of a text are the engine's, as is everything that has no elements.
        if list.text().is_some() {
            return Err(Halt::Back);
        }
        let list = list.of_engine(self.tape)?;
        let members = list.as_map().ok_or(Halt::Back)?;
        for (index, (key, value)) in members.iter().enumerate() {
            let (key, value) = (Value::Engine(key.clone().into()), Element::Value(Value::Engine(value.clone())));
            if !self.turn_of(each, value, key, index, members.len())? {
                break;
            }
        }
        Ok(members.len())
    }

    /// One turn of a loop; whether there may be another one.
    #[inline(always)]
    fn turn_of(
        &mut self,
        each: &'r For,
        element: Element<'r>,
        key: Value<'r>,
        index: usize,
        length: usize,
    ) -> Result<bool, Halt> {
        self.sheet.look()?;
        each.clears.iter().for_each(|place| self.set(*place, None));
        let depth = self.loops.len();
        self.loops.push(Loop { element, key, index, length });
        let done = self.steps(&each.body);
        self.loops.truncate(depth);
        match done {
            Ok(()) | Err(Halt::Continue) => Ok(true),
            Err(Halt::Break) => Ok(false),
            Err(halt) => Err(halt),
        }
    }

    /// Writes what a path leads to, without a value in between where it is in the document.
    #[inline(always)]
    fn write_path(&mut self, path: &'r Path) -> Result<(), Halt> {
        let Some(entry) = self.there(path) else {
            let value = self.path(path)?;
            return self.write(&value);
        };
        self.sheet.look()?;
        let raw = self.tape.raw(entry);
        match entry.kind {
            Kind::String => self.sheet.value(raw),
            Kind::Escaped => self.sheet.value(&decoded(raw)),
            Kind::Number | Kind::Bool => self.sheet.write(raw),
            Kind::Null => {}
            Kind::Array | Kind::Object => return self.write(&Value::Container(entry)),
        }
        Ok(())
    }

    fn write(&mut self, value: &Value<'r>) -> Result<(), Halt> {
        self.sheet.look()?;
        match value {
            value if value.is_undefined() => return Err(Halt::Back),
            Value::Text(text) => self.sheet.value(text),
            Value::Engine(engine) if engine.is_safe() => self.sheet.write(&value.shown(self.tape)?),
            Value::Engine(_) | Value::Container(_) | Value::List(_) | Value::Range(_) => {
                self.sheet.value(&value.shown(self.tape)?);
            }
            value => self.sheet.write(&value.shown(self.tape)?),
        }
        Ok(())
    }
}
