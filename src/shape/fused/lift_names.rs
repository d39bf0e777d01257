//! The names of objects that are flattened, kept to see whether they may meet.

use super::lift::{Level, Lift, Quick};

/// How many pairs of names are compared in one object before it is left to the reference.
const PAIRS: usize = 1 << 16;

/// A name: where it stands in the input, and how it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name {
    pub(super) place: (usize, usize),
    /// The first four bytes, with the quote and what is behind it where there are fewer.
    head: u32,
}

impl Name {
    #[inline(always)]
    pub(super) fn new(src: &[u8], place: (usize, usize)) -> Self {
        let rest = src.get(place.0..).unwrap_or_default();
        let head = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut head = [b'"'; 4];
            head.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
            head
        });
        Self { place, head: u32::from_le_bytes(head) }
    }
}

impl Lift {
    /// Whether a name beside a lifted one begins with it and the joiner, as far as it goes.
    #[inline(never)]
    pub(super) fn may_meet(&self, quick: &Quick, src: &[u8], level: &Level) -> bool {
        let names = self.names.get(level.names..).unwrap_or_default();
        let lifts = self.lifts.get(level.lifts..).unwrap_or_default();
        if names.len() * lifts.len() > PAIRS {
            return true;
        }
        lifts.iter().any(|lifted| {
            let Some(Name { place: (from, to), head }) = self.names.get(*lifted) else { return true };
            let own = src.get(*from..*to).unwrap_or_default();
            let mask = u32::MAX.checked_shl(8 * own.len() as u32).map_or(u32::MAX, |above| !above);
            names.iter().enumerate().any(|(at, name)| {
                (name.head ^ head) & mask == 0
                    && level.names + at != *lifted
                    && src
                        .get(name.place.0..name.place.1)
                        .and_then(|name| name.strip_prefix(own))
                        .is_some_and(|rest| rest.starts_with(&quick.joint) || quick.joint.starts_with(rest))
            })
        })
    }
}
