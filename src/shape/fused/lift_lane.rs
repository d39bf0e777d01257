//! Members and elements that are flattened, as machines write them: without white space, numbers short, no escapes. All else is left
//! to [`Lift::run`], unit by unit.

use super::super::flatten::NAME_BYTES;
use super::cut::Cut;
use super::lift::Lift;
use super::lift_level::{Level, Quick};
use super::prefix::ONCE;
use crate::json::{Reader, Stop};

impl Lift {
    /// For as long as there are no surprises. An error leaves the place where it came up.
    #[inline(always)]
    pub(super) fn easy<const DROP: bool>(
        &mut self,
        quick: &Quick,
        src: &[u8],
        reader: &mut Reader<'_>,
        cut: &mut Cut,
    ) -> Result<(), Stop> {
        while let Some(level) = self.levels.last() {
            let is_done = match level.in_object {
                true => self.members::<DROP>(quick, src, reader, cut)?,
                false => self.elements(quick, src, reader, cut)?,
            };
            if !is_done {
                break;
            }
        }
        Ok(())
    }

    /// Members of one object, up to another container or its end; whether that is done, too.
    #[inline(always)]
    fn members<const DROP: bool>(
        &mut self,
        quick: &Quick,
        src: &[u8],
        reader: &mut Reader<'_>,
        cut: &mut Cut,
    ) -> Result<bool, Stop> {
        let Some(level) = self.levels.last_mut() else { return Ok(false) };
        let Level { mut opened, mut first, mut kept, is_lifted, prefix_from, .. } = *level;
        let length = self.prefix.len() - prefix_from;
        // Where the comma or bracket before the name stands.
        let mut lead = reader.at.wrapping_sub(usize::from(opened));
        let mut before = if opened { *b"{\"" } else { *b",\"" };
        let mut array = None;
        let surprise = loop {
            let Some(name) = reader.name_at(lead, before) else { break None };
            let value = name.to + 2;
            if DROP && name.byte == b'n' {
                if !reader.stands(value, b"null") {
                    break Some(name);
                }
                cut.skip(src, lead + usize::from(opened), value + 4);
                (lead, before, opened) = (value + 4, *b",\"", false);
                continue;
            }
            let end = if name.byte == b'[' && quick.each {
                let unit = lead + usize::from(opened);
                array = Some((cut.mark(unit), unit));
                value + 1
            } else {
                match reader.scalar_end(value, name.byte) {
                    Some(end) => end,
                    None => break Some(name),
                }
            };
            if is_lifted {
                cut.skip(src, lead + usize::from(opened), name.from);
                // Without its comma where it is the first.
                let missing = usize::from(first);
                match length <= ONCE {
                    true => cut.add_short(self.prefix.chunk(prefix_from + missing), length - missing),
                    false => cut.add(self.prefix.from(prefix_from + missing)),
                }
            } else if first && !opened {
                cut.skip(src, lead, lead + 1);
            }
            self.name_bytes += 2 * (length + name.to - name.from);
            self.names.push(name.head, (name.from, name.to));
            (before, opened, first, kept) = (*b",\"", false, false, true);
            lead = end;
            if array.is_some() {
                break None;
            }
        };
        reader.at = lead.wrapping_add(usize::from(opened));
        (level.opened, level.first, level.kept) = (opened, first, kept);
        if self.name_bytes > NAME_BYTES {
            return Err(Stop::Refused);
        }
        if let Some(place) = array {
            self.open(false, true, false, place)?;
            return Ok(true);
        }
        match surprise {
            Some(name) if name.byte == b'{' => {
                let unit = reader.at;
                self.lift(quick, src, (name.from, name.to), first, (cut.mark(unit), unit))?;
                reader.at = name.to + 3;
                // Its members follow on those before it, as if the bracket and the name were not there.
                cut.skip(src, unit, reader.at);
                Ok(true)
            }
            None if !opened && reader.peek() == b'}' => self.close(quick, src, reader, cut).map(|()| true),
            _ => Ok(false),
        }
    }

    /// Elements of one array, up to a container or its end; whether that is done, too.
    #[inline(always)]
    fn elements(&mut self, quick: &Quick, src: &[u8], reader: &mut Reader<'_>, cut: &mut Cut) -> Result<bool, Stop> {
        let Some(level) = self.levels.last_mut() else { return Ok(false) };
        loop {
            let lead = reader.peek();
            if lead == b']' {
                return self.close(quick, src, reader, cut).map(|()| true);
            }
            let value = reader.at + usize::from(!level.opened);
            let Some(byte) = src.get(value).copied().filter(|_| level.opened || lead == b',') else { return Ok(false) };
            let is_container = byte == b'{' || byte == b'[';
            let end = if is_container { Some(value + 1) } else { reader.scalar_end(value, byte) };
            let Some(end) = end else { return Ok(false) };
            (level.opened, level.first, level.kept) = (false, false, true);
            let unit = std::mem::replace(&mut reader.at, end);
            if is_container {
                let opened = self.open(byte == b'{', true, false, (cut.mark(unit), unit));
                return opened.map(|()| true).inspect_err(|_| reader.at = unit);
            }
        }
    }
}
