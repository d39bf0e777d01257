//! Members and elements as machines write them: without white space, numbers short, no escapes. All else is left to
//! [`Plain::run`], unit by unit.

use super::cut::Cut;
use super::plain::{Place, Plain};
use crate::json::Reader;

/// How often it is tried: less and less where it never goes on, because a person wrote the document, or a machine for one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Patience {
    wait: u8,
    pause: u8,
}

impl Patience {
    /// Whether it is time.
    #[inline(always)]
    pub(super) fn tries(&mut self) -> bool {
        let is_time = self.wait == 0;
        self.wait = self.wait.saturating_sub(1);
        is_time
    }

    /// Whether it went on.
    #[inline(always)]
    pub(super) fn learn(&mut self, went_on: bool) {
        self.pause = if went_on { 0 } else { (2 * self.pause + 1).min(31) };
        self.wait = self.pause;
    }
}

impl Plain {
    /// For as long as there are no surprises. The last end is one.
    #[inline(always)]
    pub(super) fn easy<const DROP: bool>(&mut self, place: &mut Place, src: &[u8], reader: &mut Reader<'_>, cut: &mut Cut) {
        loop {
            let in_object = place.in_object;
            if in_object {
                self.members::<DROP>(place, src, reader, cut);
            } else {
                self.elements(place, src, reader);
            }
            if place.in_object == in_object {
                return;
            }
        }
    }

    #[inline(always)]
    fn members<const DROP: bool>(&mut self, place: &mut Place, src: &[u8], reader: &mut Reader<'_>, cut: &mut Cut) {
        let Place { mut opened, mut first, .. } = *place;
        // Where the comma or bracket before the name stands.
        let mut lead = reader.at.wrapping_sub(usize::from(opened));
        let mut before = if opened { *b"{\"" } else { *b",\"" };
        loop {
            let Some(name) = reader.name_at(lead, before) else {
                if opened || src.get(lead) != Some(&b'}') || !self.close(place) {
                    break;
                }
                (lead, first) = (lead + 1, false);
                if place.in_object {
                    continue;
                }
                break;
            };
            let value = name.to + 2;
            if DROP && name.byte == b'n' {
                if !reader.stands(value, b"null") {
                    break;
                }
                cut.skip(src, lead + usize::from(opened), value + 4);
                (lead, before, opened) = (value + 4, *b",\"", false);
                continue;
            }
            if name.byte == b'{' || name.byte == b'[' {
                place.in_object = name.byte == b'{';
                if self.nest.open(place.in_object).is_err() {
                    place.in_object = true;
                    break;
                }
                if DROP && first && !opened {
                    cut.skip(src, lead, lead + 1);
                }
                (lead, before, opened, first) = (value, *b"{\"", true, true);
                if place.in_object {
                    continue;
                }
                break;
            }
            let Some(end) = reader.scalar_end(value, name.byte) else { break };
            if DROP && first && !opened {
                cut.skip(src, lead, lead + 1);
            }
            (lead, before, opened, first) = (end, *b",\"", false, false);
        }
        reader.at = lead.wrapping_add(usize::from(opened));
        (place.opened, place.first) = (opened, first);
    }

    #[inline(always)]
    fn elements(&mut self, place: &mut Place, src: &[u8], reader: &mut Reader<'_>) {
        while !place.in_object {
            let lead = reader.peek();
            if lead == b']' && self.close(place) {
                reader.at += 1;
                (place.opened, place.first) = (false, false);
                continue;
            }
            let value = reader.at + usize::from(!place.opened);
            let Some(byte) = src.get(value).copied().filter(|_| place.opened || lead == b',') else { return };
            if byte == b'{' || byte == b'[' {
                if self.nest.open(byte == b'{').is_err() {
                    return;
                }
                *place = Place { in_object: byte == b'{', opened: true, first: true };
                reader.at = value + 1;
                continue;
            }
            let Some(end) = reader.scalar_end(value, byte) else { return };
            reader.at = end;
            (place.opened, place.first) = (false, false);
        }
    }

    /// Out of the innermost container, unless it is the last one.
    #[inline(always)]
    fn close(&mut self, place: &mut Place) -> bool {
        if self.nest.depth() <= self.floor + 1 {
            return false;
        }
        self.nest.close();
        place.in_object = self.nest.in_object();
        true
    }
}
