//! `flatten` on its usual way: names joined by a text, all levels, no exceptions, null members dropped before or not at all.
//!
//! That names cannot meet is told as the reference tells it first, by looking at lifted names and those beside them; where they
//! might, the document is left to the reference.

use super::super::flatten::NAME_BYTES;
use super::cut::Cut;
use super::machine::GONE;
use super::plain::{Plain, space};
use crate::json::{Kind, Nest, Reader, Stop};

/// How many pairs of names are compared in one object before it is left to the reference.
const PAIRS: usize = 1 << 16;

/// What such a flattening needs to know.
#[derive(Debug, Clone)]
pub(super) struct Quick {
    pub(super) drops: bool,
    pub(super) each: bool,
    pub(super) joint: Box<[u8]>,
}

/// An open container that is flattened, or an array of such.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) in_object: bool,
    /// Nothing of it is read yet.
    pub(super) opened: bool,
    /// Nothing is written yet where its members go.
    pub(super) first: bool,
    /// It has a member that stays.
    pub(super) kept: bool,
    /// Its members go to the object around it.
    pub(super) is_lifted: bool,
    /// Where its names begin, and those that are lifted.
    pub(super) names: usize,
    pub(super) lifts: usize,
    /// How long the prefix was outside.
    pub(super) prefix: usize,
    /// How much was written before it, and where it begins in the input; [`GONE`] when those bytes are let go.
    pub(super) mark: usize,
    pub(super) start: usize,
}

/// A flattening under way; it goes on where the bytes ended.
#[derive(Debug, Clone)]
pub(super) struct Lift {
    pub(super) nest: Nest,
    pub(super) levels: Vec<Level>,
    /// The names of open objects, as places in the input, and which of them are lifted.
    pub(super) names: Vec<(usize, usize)>,
    pub(super) lifts: Vec<usize>,
    pub(super) prefix: Vec<u8>,
    /// Where the prefix of the innermost flattening begins.
    pub(super) prefix_from: Vec<usize>,
    pub(super) name_bytes: usize,
    pub(super) passing: Option<Plain>,
}

impl Lift {
    /// A flattening that begins behind the bracket of an object, or of an array of such.
    pub(super) fn new(around: &Nest, is_object: bool) -> Result<Self, Stop> {
        let mut lift = Self {
            nest: around.clone(),
            levels: Vec::with_capacity(16),
            names: Vec::with_capacity(64),
            lifts: Vec::new(),
            prefix: Vec::new(),
            prefix_from: Vec::new(),
            name_bytes: 0,
            passing: None,
        };
        lift.open(is_object, true, false, (GONE, GONE))?;
        Ok(lift)
    }

    /// Reads to the end of the container. When the bytes end before, everything stands as before the unit that is not whole.
    pub(super) fn run<const DROP: bool>(&mut self, quick: &Quick, src: &[u8], at: &mut usize, cut: &mut Cut) -> Result<(), Stop> {
        loop {
            if let Some(plain) = &mut self.passing {
                plain.run::<DROP>(src, at, cut)?;
                self.passing = None;
            }
            let mut reader = Reader::new(src, *at);
            loop {
                let unit = reader.at;
                let mark = cut.mark(unit);
                if let Err(stop) = self.unit::<DROP>(quick, src, &mut reader, cut, mark) {
                    cut.back(src, mark, unit);
                    *at = unit;
                    return Err(stop);
                }
                if self.levels.is_empty() {
                    *at = reader.at;
                    return Ok(());
                }
                if self.passing.is_some() {
                    break;
                }
            }
            *at = reader.at;
        }
    }

    #[inline(always)]
    fn unit<const DROP: bool>(
        &mut self,
        quick: &Quick,
        src: &[u8],
        reader: &mut Reader<'_>,
        cut: &mut Cut,
        mark: usize,
    ) -> Result<(), Stop> {
        let unit = reader.at;
        let Some(&Level { in_object, opened, first, is_lifted, .. }) = self.levels.last() else { return Err(Stop::Refused) };
        let (from, to, escaped);
        if in_object && !opened && reader.close_name() {
            if first {
                cut.skip(src, unit, unit + 1);
            }
            (from, to, escaped) = (unit + 1, reader.at - 1, false);
        } else {
            space(src, reader, cut);
            match reader.peek() {
                b',' if !opened => {
                    if first {
                        cut.skip(src, reader.at, reader.at + 1);
                    }
                    reader.at += 1;
                    space(src, reader, cut);
                }
                end @ (b'}' | b']') => {
                    if in_object != (end == b'}') {
                        return Err(Stop::Refused);
                    }
                    return self.close(quick, src, reader, cut);
                }
                _ if opened => {
                    if !first {
                        cut.write(src, reader.at, b",", reader.at);
                    }
                }
                _ => return Err(reader.wrong()),
            }
            if !in_object {
                return self.element(quick, src, reader, (mark, unit));
            }
            let start = reader.at;
            let has_escape = reader.string()?;
            (from, to, escaped) = (start, reader.at, has_escape);
            reader.space();
            reader.byte(b':')?;
        }
        reader.space();
        let value = reader.at;
        match reader.peek() {
            b'{' => {
                // A name with an escape needs a closer look at what it meets.
                if escaped {
                    return Err(Stop::Refused);
                }
                reader.at += 1;
                let name = src.get(from + 1..to - 1).unwrap_or_default();
                self.spend(name.len())?;
                self.names.push((from + 1, to - 1));
                self.lifts.push(self.names.len() - 1);
                self.open(true, first, true, (mark, unit))?;
                self.prefix.extend_from_slice(name);
                self.prefix.extend_from_slice(&quick.joint);
                // Its members follow on those before it, as if the bracket and the name were not there.
                cut.back(src, mark, reader.at);
                return Ok(());
            }
            b'[' => {
                reader.at += 1;
                self.member(src, cut, (from, to, value), is_lifted, escaped)?;
                if let Some(level) = self.levels.last_mut() {
                    (level.opened, level.first, level.kept) = (false, false, true);
                }
                if quick.each {
                    return self.open(false, true, false, (mark, unit));
                }
                self.passing = Some(Plain::new(&self.nest, false)?);
                return Ok(());
            }
            _ => {}
        }
        let kind = reader.scalar()?;
        if kind == Kind::Number && reader.at == src.len() {
            return Err(Stop::End);
        }
        if DROP && kind == Kind::Null {
            cut.back(src, mark, reader.at);
            if let Some(level) = self.levels.last_mut() {
                level.opened = false;
            }
            return Ok(());
        }
        self.member(src, cut, (from, to, value), is_lifted, escaped)?;
        if let Some(level) = self.levels.last_mut() {
            (level.opened, level.first, level.kept) = (false, false, true);
        }
        Ok(())
    }

    /// A member that stays: its name, which stands at `from` to `to`, with its value behind it.
    #[inline(always)]
    fn member(
        &mut self,
        src: &[u8],
        cut: &mut Cut,
        (from, to, value): (usize, usize, usize),
        is_lifted: bool,
        escaped: bool,
    ) -> Result<(), Stop> {
        if escaped {
            return Err(Stop::Refused);
        }
        if is_lifted {
            cut.write(src, from + 1, self.prefix.get(self.prefix_from()..).unwrap_or_default(), from + 1);
        }
        self.spend(to - from)?;
        if value != to + 1 {
            cut.write(src, to, b":", value);
        }
        self.names.push((from + 1, to - 1));
        Ok(())
    }

    /// An element of an array whose objects are flattened.
    fn element(&mut self, quick: &Quick, src: &[u8], reader: &mut Reader<'_>, place: (usize, usize)) -> Result<(), Stop> {
        let opening = reader.peek();
        if opening != b'{' && opening != b'[' {
            let kind = reader.scalar()?;
            if kind == Kind::Number && reader.at == src.len() {
                return Err(Stop::End);
            }
        }
        if let Some(level) = self.levels.last_mut() {
            (level.opened, level.first, level.kept) = (false, false, true);
        }
        if opening == b'{' || opening == b'[' {
            debug_assert!(quick.each, "other arrays are walked through");
            reader.at += 1;
            self.open(opening == b'{', true, false, place)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn open(&mut self, is_object: bool, first: bool, is_lifted: bool, (mark, start): (usize, usize)) -> Result<(), Stop> {
        self.nest.open(is_object)?;
        if !is_lifted {
            self.prefix_from.push(self.prefix.len());
        }
        self.levels.push(Level {
            in_object: is_object,
            opened: true,
            first,
            kept: false,
            is_lifted,
            names: self.names.len(),
            lifts: self.lifts.len(),
            prefix: self.prefix.len(),
            mark,
            start,
        });
        Ok(())
    }

    #[inline(always)]
    fn close(&mut self, quick: &Quick, src: &[u8], reader: &mut Reader<'_>, cut: &mut Cut) -> Result<(), Stop> {
        let Some(level) = self.levels.last().copied() else { return Err(Stop::Refused) };
        if self.lifts.len() > level.lifts && self.may_meet(quick, src, &level) {
            return Err(Stop::Refused);
        }
        self.levels.pop();
        let mut first = false;
        if level.is_lifted {
            cut.skip(src, reader.at, reader.at + 1);
            first = level.first;
            if !level.kept {
                // Nothing stood in it, so it is a member itself.
                let end = self.prefix.len() - quick.joint.len();
                let name = self.prefix.get(self.prefix_from()..end).unwrap_or_default();
                cut.out.extend_from_slice(if first { b"\"" } else { b",\"" });
                cut.out.extend_from_slice(name);
                cut.out.extend_from_slice(b"\":{}");
                first = false;
            }
        } else {
            self.prefix_from.pop();
        }
        reader.at += 1;
        self.nest.close();
        self.names.truncate(level.names);
        self.lifts.truncate(level.lifts);
        self.prefix.truncate(level.prefix);
        if let Some(around) = self.levels.last_mut() {
            (around.opened, around.first, around.kept) = (false, first, true);
        }
        Ok(())
    }

    fn prefix_from(&self) -> usize {
        self.prefix_from.last().copied().unwrap_or(0)
    }

    /// Whether a name beside a lifted one begins with it and the joiner, as far as it goes.
    fn may_meet(&self, quick: &Quick, src: &[u8], level: &Level) -> bool {
        let names = self.names.get(level.names..).unwrap_or_default();
        let lifts = self.lifts.get(level.lifts..).unwrap_or_default();
        if names.len() * lifts.len() > PAIRS {
            return true;
        }
        lifts.iter().any(|lifted| {
            let Some(own) = self.names.get(*lifted).and_then(|(from, to)| src.get(*from..*to)) else { return true };
            names.iter().enumerate().any(|(at, (from, to))| {
                to - from >= own.len()
                    && own.first().is_none_or(|first| src.get(*from) == Some(first))
                    && level.names + at != *lifted
                    && src
                        .get(*from..*to)
                        .and_then(|name| name.strip_prefix(own))
                        .is_some_and(|rest| rest.starts_with(&quick.joint) || quick.joint.starts_with(rest))
            })
        })
    }

    /// Bytes of names, counted so high that the reference counts no higher.
    #[inline(always)]
    fn spend(&mut self, own: usize) -> Result<(), Stop> {
        self.name_bytes += 2 * (self.prefix.len() - self.prefix_from() + own);
        if self.name_bytes > NAME_BYTES { Err(Stop::Refused) } else { Ok(()) }
    }
}
