//! `flatten` on its usual way: names joined by a text, all levels, no exceptions, null members dropped before or not at all.
//!
//! That names cannot meet is told as the reference tells it first, by looking at lifted names and those beside them; where they
//! might, a whole document is left to the reference. In one that comes in pieces, which cannot be, all names of the object are kept until
//! its end, and compared then as they are made.

use super::super::flatten::NAME_BYTES;
use super::cut::Cut;
use super::frame::GONE;
use super::lift_level::{Level, Quick};
use super::lift_names::{Names, head};
use super::machine::empty;
use super::plain::{Plain, space};
use super::plain_lane::Patience;
use super::prefix::{ONCE, Prefix};
use crate::json::{Kind, Nest, Reader, Stop};

/// A flattening under way; it goes on where the bytes ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Lift {
    pub(super) nest: Nest,
    pub(super) levels: Vec<Level>,
    /// The names of open objects, and which of them are lifted.
    pub(super) names: Names,
    pub(super) lifts: Vec<usize>,
    /// What stands before the names in each flattening, comma and quote included.
    pub(super) prefix: Prefix,
    pub(super) name_bytes: usize,
    pub(super) passing: Option<Plain>,
    /// How much there is to say so far.
    pub(super) noted: usize,
    /// Names that may meet are compared here, since nobody else can.
    pub(super) exact: bool,
    /// What there is to say of those that do.
    pub(super) clash: Option<String>,
}

impl Lift {
    /// Begins behind the bracket of an object, or of an array of such.
    pub(super) fn start(&mut self, around: &Nest, is_object: bool, exact: bool, noted: usize) -> Result<(), Stop> {
        self.rest();
        self.exact = exact;
        self.noted = noted;
        self.clash = None;
        self.nest = around.clone();
        self.name_bytes = 0;
        self.passing = None;
        self.open(is_object, true, false, (GONE, GONE))
    }

    /// Forgets everything, and keeps some room for what comes next.
    pub(super) fn rest(&mut self) {
        empty(&mut self.levels);
        self.names.rest();
        empty(&mut self.lifts);
        self.prefix.clear();
    }

    /// Reads to the end of the container. When the bytes end before, everything stands as before the unit that is not whole.
    pub(super) fn run<const DROP: bool>(&mut self, quick: &Quick, src: &[u8], at: &mut usize, cut: &mut Cut) -> Result<(), Stop> {
        loop {
            if let Some(plain) = &mut self.passing {
                plain.run::<DROP>(src, at, cut)?;
                self.passing = None;
            }
            let mut reader = Reader::new(src, *at);
            let mut patience = Patience::default();
            loop {
                if patience.tries() {
                    let before = reader.at;
                    let done = self.easy::<DROP>(quick, src, &mut reader, cut);
                    patience.learn(reader.at > before);
                    *at = reader.at;
                    done?;
                }
                if self.levels.is_empty() {
                    *at = reader.at;
                    return Ok(());
                }
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
                self.look_at(escaped)?;
                reader.at += 1;
                self.lift(quick, src, (from + 1, to - 1), first, (mark, unit))?;
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
        self.look_at(escaped)?;
        if is_lifted {
            let prefix = self.prefix.from(self.prefix_from());
            cut.write(src, from + 1, prefix.get(2..).unwrap_or_default(), from + 1);
        }
        self.spend(to - from)?;
        if value != to + 1 {
            cut.write(src, to, b":", value);
        }
        self.names.push(head(src, from + 1), (from + 1, to - 1));
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

    /// A name with an escape needs a closer look at what it meets.
    #[inline(always)]
    fn look_at(&mut self, escaped: bool) -> Result<(), Stop> {
        if escaped {
            match self.levels.last_mut().filter(|_| self.exact) {
                Some(level) => level.may_meet = true,
                None => return Err(Stop::Refused),
            }
        }
        Ok(())
    }

    /// Into an object whose members go to the one around it, and whose name stands there.
    #[inline(always)]
    pub(super) fn lift(
        &mut self,
        quick: &Quick,
        src: &[u8],
        (from, to): (usize, usize),
        first: bool,
        place: (usize, usize),
    ) -> Result<(), Stop> {
        self.spend(to - from)?;
        self.names.push(head(src, from), (from, to));
        self.lifts.push(self.names.len() - 1);
        self.open(true, first, true, place)?;
        match src.get(from..).and_then(|rest| rest.first_chunk()) {
            Some(chunk) if to - from <= ONCE => self.prefix.push_short(chunk, to - from),
            _ => self.prefix.push(src.get(from..to).unwrap_or_default()),
        }
        match quick.joint.len() <= ONCE {
            true => self.prefix.push_short(&quick.short_joint, quick.joint.len()),
            false => self.prefix.push(&quick.joint),
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn open(
        &mut self,
        is_object: bool,
        first: bool,
        is_lifted: bool,
        (mark, start): (usize, usize),
    ) -> Result<(), Stop> {
        self.nest.open(is_object)?;
        let prefix = self.prefix.len();
        let prefix_from = if is_lifted { self.prefix_from() } else { prefix };
        if !is_lifted {
            self.prefix.push(b",\"");
        }
        self.levels.push(Level {
            in_object: is_object,
            opened: true,
            first,
            kept: false,
            is_lifted,
            may_meet: false,
            names: self.names.len(),
            lifts: self.lifts.len(),
            prefix,
            prefix_from,
            mark,
            start,
            noted: self.noted,
        });
        Ok(())
    }

    #[inline(always)]
    pub(super) fn close(&mut self, quick: &Quick, src: &[u8], reader: &mut Reader<'_>, cut: &mut Cut) -> Result<(), Stop> {
        let Some(level) = self.levels.last() else { return Err(Stop::Refused) };
        let mut may_meet = level.may_meet;
        if self.lifts.len() > level.lifts && self.may_meet(quick, src, level) {
            if !self.exact {
                return Err(Stop::Refused);
            }
            may_meet = true;
        }
        if may_meet && !level.is_lifted {
            self.clash = self.clash(quick, src, level.names);
            if self.clash.is_some() {
                return Err(Stop::Refused);
            }
        }
        let mut first = false;
        if level.is_lifted {
            cut.skip(src, reader.at, reader.at + 1);
            first = level.first;
            if !level.kept {
                // Nothing stood in it, so it is a member itself.
                let name = self.prefix.from(level.prefix_from + usize::from(first));
                cut.add(name.get(..name.len() - quick.joint.len()).unwrap_or_default());
                cut.add(b"\":{}");
                first = false;
            }
        }
        reader.at += 1;
        self.nest.close();
        if self.exact && level.is_lifted {
            // They stay until the end of the object that they go to.
            let inside = self.names.len() - level.names;
            if let Some(own) = level.names.checked_sub(1).and_then(|own| self.names.get_mut(own)) {
                own.inside = inside;
            }
        } else {
            self.names.truncate(level.names);
        }
        self.lifts.truncate(level.lifts);
        self.prefix.truncate(level.prefix);
        let is_lifted = level.is_lifted;
        self.levels.pop();
        if let Some(around) = self.levels.last_mut() {
            (around.opened, around.first, around.kept) = (false, first, true);
            around.may_meet |= may_meet && is_lifted;
        }
        Ok(())
    }

    fn prefix_from(&self) -> usize {
        self.levels.last().map_or(0, |level| level.prefix_from)
    }

    /// Bytes of names, counted so high that the reference counts no higher.
    #[inline(always)]
    fn spend(&mut self, own: usize) -> Result<(), Stop> {
        // The comma and the quote of the prefix are counted, too.
        self.name_bytes += 2 * (self.prefix.len() - self.prefix_from() + own);
        if self.name_bytes > NAME_BYTES { Err(Stop::Refused) } else { Ok(()) }
    }
}
