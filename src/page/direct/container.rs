//! What is in lists, maps and texts: elements, members, slices.

use std::borrow::Cow;

use tera::value::{Key, ValueKind};
use unicode_segmentation::UnicodeSegmentation;

use super::expression::{Item, Step, Which};
use super::run::{Halt, Run};
use super::tape::Tape;
use super::value::Value;
use crate::json::Kind;

impl<'r> Value<'r> {
    /// How many elements a list has. `None` for what is no list.
    pub(super) fn elements(&self, tape: &Tape<'r>) -> Option<usize> {
        match self {
            Self::Container(entry) if entry.kind == Kind::Array => Some(tape.entries(*entry).len()),
            Self::List(values) => Some(values.len()),
            Self::Range(range) => Some(range.length),
            Self::Engine(value) => value.as_array().map(<[_]>::len),
            _ => None,
        }
    }

    /// An element of a list. `None` beyond its end; what is no list is the engine's.
    pub(super) fn element(&self, at: usize, tape: &Tape<'r>) -> Result<Option<Self>, Halt> {
        match self {
            Self::Container(entry) if entry.kind == Kind::Array => {
                Ok(tape.entries(*entry).get(at).map(|entry| Value::of(*entry, tape)))
            }
            Self::List(values) => Ok(values.get(at).cloned()),
            Self::Range(range) => Ok((at < range.length).then(|| Value::Whole(range.at(at)))),
            Self::Engine(value) => Ok(value.as_array().ok_or(Halt::Back)?.get(at).cloned().map(Value::Engine)),
            _ => Err(Halt::Back),
        }
    }

    /// How many elements, members or letters there are.
    pub(super) fn length(&self, tape: &Tape<'r>) -> Result<usize, Halt> {
        match (self.elements(tape), self.text()) {
            (Some(elements), _) => Ok(elements),
            (None, Some((text, _))) if text.is_ascii() && !text.contains('\r') => Ok(text.len()),
            (None, Some((text, _))) => Ok(text.graphemes(true).count()),
            _ => self.of_engine(tape)?.len().ok_or(Halt::Back),
        }
    }

    /// A member of a map; nothing of anything else, which is no error.
    pub(super) fn member(&self, id: u16, name: &str, tape: &Tape<'r>) -> Self {
        match self {
            Self::Container(entry) => tape.member(*entry, id).map_or(Value::Undefined, |entry| Value::of(entry, tape)),
            Self::Engine(value) => of_map(value, name),
            _ => Value::Undefined,
        }
    }

    /// The member of a map that has a name which is not known before.
    fn member_named(&self, name: &str, tape: &Tape<'r>) -> Result<Self, Halt> {
        Ok(of_map(&self.of_engine(tape)?, name))
    }

    fn is_map(&self) -> bool {
        match self {
            Self::Container(entry) => entry.kind == Kind::Object,
            Self::Engine(value) => value.is_map(),
            _ => false,
        }
    }

    /// What stands at a place of it.
    fn at(&self, place: &Self, tape: &Tape<'r>) -> Result<Self, Halt> {
        if place.is_undefined() {
            return Err(Halt::Back);
        }
        if self.is_map() {
            if let Some((name, _)) = place.text() {
                return self.member_named(name, tape);
            }
            // Members of a document have texts for names; what can be no name is an error.
            return match place.of_engine(tape)? {
                place if place.as_i128().is_some() || place.is_bool() => match self {
                    Self::Engine(_) => Err(Halt::Back),
                    _ => Ok(Value::Undefined),
                },
                _ => Err(Halt::Back),
            };
        }
        if let Some(length) = self.elements(tape) {
            let Some(at) = index(place, length, tape)? else { return Ok(Value::Undefined) };
            return Ok(self.element(at, tape)?.unwrap_or(Value::Undefined));
        }
        if let Some((text, is_safe)) = self.text() {
            let letters: Vec<&str> = text.graphemes(true).collect();
            let letter = index(place, letters.len(), tape)?.and_then(|at| letters.get(at));
            return Ok(letter.map_or(Value::Undefined, |letter| of_text((*letter).to_owned(), is_safe)));
        }
        Ok(Value::Undefined)
    }

    /// A slice of a list or a text, as Python has it.
    fn slice(&self, range: [Option<i64>; 3], tape: &Tape<'r>) -> Result<Self, Halt> {
        if let Some(length) = self.elements(tape) {
            let elements = places(range, length)?.into_iter().map(|at| self.element(at, tape)?.ok_or(Halt::Back));
            return Ok(Value::List(elements.collect::<Result<_, _>>()?));
        }
        let (text, is_safe) = self.text().ok_or(Halt::Back)?;
        let letters: Vec<&str> = text.graphemes(true).collect();
        let kept = places(range, letters.len())?.into_iter().filter_map(|at| letters.get(at).copied()).collect();
        Ok(of_text(kept, is_safe))
    }

    /// Whether something is in it.
    pub(super) fn contains(&self, needle: &Self, tape: &Tape<'r>) -> Result<bool, Halt> {
        if let Some(length) = self.elements(tape) {
            let needle = needle.of_engine(tape)?;
            for at in 0..length {
                if self.element(at, tape)?.ok_or(Halt::Back)?.of_engine(tape)? == needle {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if let Some((text, _)) = self.text() {
            return Ok(needle.text().is_some_and(|(needle, _)| text.contains(needle)));
        }
        match (self.is_map(), needle.text()) {
            (true, Some((name, _))) => Ok(self.of_engine(tape)?.as_map().is_some_and(|map| map.contains_key(&Key::Str(name)))),
            _ => Err(Halt::Back),
        }
    }
}

impl<'r> Run<'r> {
    pub(super) fn member(&self, value: &Value<'r>, step: Step) -> Result<Value<'r>, Halt> {
        if value.is_undefined() {
            return if step.is_optional { Ok(Value::Undefined) } else { Err(Halt::Back) };
        }
        Ok(value.member(step.name, self.names.name(step.name), self.tape))
    }

    pub(super) fn item(&mut self, item: &'r Item) -> Result<Value<'r>, Halt> {
        let tape = self.tape;
        let of = self.value(&item.of)?;
        let is_nothing = item.is_optional && (of.is_undefined() || of.is_none());
        match &item.which {
            _ if !is_nothing && of.is_undefined() => Err(Halt::Back),
            Which::Name(_) if is_nothing => Ok(Value::Undefined),
            Which::Name(id) => {
                // A name is no place in a list or a text, which is an error; elsewhere it leads to nothing.
                if of.elements(tape).is_some() || of.text().is_some() {
                    return Err(Halt::Back);
                }
                Ok(of.member(*id, self.names.name(*id), tape))
            }
            Which::At(place) => {
                let place = self.value(place)?;
                if is_nothing { Ok(Value::Undefined) } else { of.at(&place, tape) }
            }
            Which::Range(range) => {
                let mut places = [None; 3];
                for (place, expression) in places.iter_mut().zip(range) {
                    if let Some(expression) = expression {
                        let value = self.value(expression)?;
                        *place = if value.is_none() { None } else { Some(value.small().ok_or(Halt::Back)?) };
                    }
                }
                if is_nothing { Ok(Value::Undefined) } else { of.slice(places, tape) }
            }
        }
    }
}

fn of_map<'r>(value: &tera::Value, name: &str) -> Value<'r> {
    value.as_map().and_then(|map| map.get(&Key::Str(name))).cloned().map_or(Value::Undefined, Value::Engine)
}

fn of_text<'r>(text: String, is_safe: bool) -> Value<'r> {
    let text = Cow::Owned(text);
    if is_safe { Value::Markup(text) } else { Value::Text(text) }
}

/// Which element a place is; a negative one counts from the end.
fn index(place: &Value<'_>, length: usize, tape: &Tape<'_>) -> Result<Option<usize>, Halt> {
    let Some(at) = place.small() else {
        let place = place.of_engine(tape)?;
        let is_whole = matches!(place.kind(), ValueKind::I64 | ValueKind::I128 | ValueKind::U64);
        let at = place.as_i128().filter(|_| is_whole).ok_or(Halt::Back)?;
        return Ok(usize::try_from(at).ok().filter(|at| *at < length));
    };
    let Ok(length) = i64::try_from(length) else { return Err(Halt::Back) };
    let at = if at < 0 { at + length } else { at };
    Ok(usize::try_from(at).ok().filter(|_| at < length))
}

/// The places of a slice.
fn places([from, to, step]: [Option<i64>; 3], length: usize) -> Result<Vec<usize>, Halt> {
    let length = i64::try_from(length).map_err(|_| Halt::Back)?;
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Halt::Back);
    }
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let settled = |place: Option<i64>, otherwise| match place {
        None => otherwise,
        Some(place) if place < 0 => place.saturating_add(length).clamp(low, high),
        Some(place) => place.clamp(low, high),
    };
    let (from, to) = if step > 0 { (settled(from, low), settled(to, high)) } else { (settled(from, high), settled(to, low)) };
    let mut places = Vec::new();
    let mut at = from;
    while if step > 0 { at < to } else { at > to } {
        places.extend(usize::try_from(at));
        at = at.saturating_add(step);
    }
    Ok(places)
}
