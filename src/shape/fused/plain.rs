//! The shortest way through a value: white space goes, and members that are null when the pass drops them. No path names anything in it.

use super::cut::Cut;
use super::plain_lane::Patience;
use crate::json::{Kind, Nest, Reader, Stop};

/// A container that is being walked through; it goes on where the bytes ended.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    pub(super) nest: Nest,
    /// How deep it was when this walk began.
    pub(super) floor: usize,
    /// Nothing of the innermost container is read yet.
    opened: bool,
    /// Nothing of it is kept yet.
    first: bool,
}

impl Plain {
    /// A walk that begins behind the bracket of a container. `around` are the containers that are open already.
    pub(super) fn new(around: &Nest, is_object: bool) -> Result<Self, Stop> {
        let mut nest = around.clone();
        let floor = nest.depth();
        nest.open(is_object)?;
        Ok(Self { nest, floor, opened: true, first: true })
    }

    /// Reads to the end of the container. When the bytes end before, everything stands as before the unit that is not whole.
    pub(super) fn run<const DROP: bool>(&mut self, src: &[u8], at: &mut usize, cut: &mut Cut) -> Result<(), Stop> {
        let mut reader = Reader::new(src, *at);
        let mut place = Place { in_object: self.nest.in_object(), opened: self.opened, first: self.first };
        let mut patience = Patience::default();
        let done = loop {
            if patience.tries() {
                let before = reader.at;
                self.easy::<DROP>(&mut place, src, &mut reader, cut);
                patience.learn(reader.at > before);
            }
            let unit = reader.at;
            let mark = cut.mark(unit);
            match self.unit::<DROP>(&mut place, src, &mut reader, cut, mark) {
                Ok(false) => {}
                Ok(true) => break Ok(()),
                Err(stop) => {
                    cut.back(src, mark, unit);
                    reader.at = unit;
                    break Err(stop);
                }
            }
        };
        *at = reader.at;
        (self.opened, self.first) = (place.opened, place.first);
        done
    }

    /// One member, element or end; whether it was the last end.
    #[inline(always)]
    fn unit<const DROP: bool>(
        &mut self,
        place: &mut Place,
        src: &[u8],
        reader: &mut Reader<'_>,
        cut: &mut Cut,
        mark: usize,
    ) -> Result<bool, Stop> {
        let unit = reader.at;
        if place.in_object && !place.opened && reader.close_name() {
            if DROP && place.first {
                cut.skip(src, unit, unit + 1);
            }
            space(src, reader, cut);
        } else {
            space(src, reader, cut);
            match reader.peek() {
                b',' if !place.opened => {
                    if DROP && place.first {
                        cut.skip(src, reader.at, reader.at + 1);
                    }
                    reader.at += 1;
                    space(src, reader, cut);
                }
                end @ (b'}' | b']') => {
                    if place.in_object != (end == b'}') {
                        return Err(Stop::Refused);
                    }
                    reader.at += 1;
                    self.nest.close();
                    *place = Place { in_object: self.nest.in_object(), opened: false, first: false };
                    return Ok(self.nest.depth() == self.floor);
                }
                _ if place.opened => {}
                _ => return Err(reader.wrong()),
            }
            if place.in_object {
                reader.string()?;
                space(src, reader, cut);
                reader.byte(b':')?;
                space(src, reader, cut);
            }
        }
        let kind = match reader.peek() {
            opening @ (b'{' | b'[') => {
                reader.at += 1;
                self.nest.open(opening == b'{')?;
                *place = Place { in_object: opening == b'{', opened: true, first: true };
                return Ok(false);
            }
            _ => reader.scalar()?,
        };
        if kind == Kind::Number && reader.at == src.len() {
            // A container is open, so this is no whole document, and the number may go on.
            return Err(Stop::End);
        }
        place.opened = false;
        if DROP && place.in_object && kind == Kind::Null {
            cut.back(src, mark, reader.at);
        } else {
            place.first = false;
        }
        Ok(false)
    }
}

/// Where a walk is in the innermost container.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) in_object: bool,
    pub(super) opened: bool,
    pub(super) first: bool,
}

/// Passes over white space, which is not kept.
#[inline(always)]
pub(super) fn space(src: &[u8], reader: &mut Reader<'_>, cut: &mut Cut) {
    let at = reader.at;
    if reader.space() {
        cut.skip(src, at, reader.at);
    }
}
