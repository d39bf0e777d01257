//! The names of members that a template can read, each with a number.

/// No name of a template: an element of a list has it.
pub(super) const NAMELESS: u16 = u16::MAX;

/// Names by number, and numbers by name.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<Box<str>>,
    /// Where a name would stand, found by its looks; whoever finds the place taken looks at the next one. Never more than a fourth of it is full.
    table: Vec<(Looks, u16)>,
    /// For each length, up to multiples of [`LENGTHS`], with which bytes such names begin, up to multiples of 64: most names that nobody reads
    /// are told apart by that.
    firsts: [u64; LENGTHS],
}

const LENGTHS: usize = 32;

/// A name at a glance: all of one that has 16 bytes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Looks {
    first: u64,
    last: u64,
    length: usize,
}

impl Looks {
    const NONE: Self = Self { first: 0, last: 0, length: usize::MAX };

    /// Those of a name, which is a piece of a text.
    #[inline(always)]
    fn of(text: &[u8], from: usize, to: usize) -> Self {
        let length = to.wrapping_sub(from);
        let word = |at: usize| match text.get(at..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => near_end(text, at),
        };
        let first = word(from);
        if length >= 8 {
            return Self { first, last: word(to - 8), length };
        }
        Self { first: first & ((1 << (8 * length)) - 1), last: 0, length }
    }

    /// Where it begins to be looked for in a table of this size, a power of two.
    #[inline(always)]
    fn place(self, size: usize) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(29) ^ self.length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 40) as usize & size.wrapping_sub(1)
    }
}

/// Where a name stands in [`Names::firsts`].
#[inline(always)]
fn first(text: &[u8], from: usize, to: usize) -> (usize, u64) {
    let first = text.get(from).copied().unwrap_or_default();
    (to.wrapping_sub(from) % LENGTHS, 1 << (first % 64))
}

/// The last bytes of a text, and zeros.
#[cold]
fn near_end(text: &[u8], at: usize) -> u64 {
    text.get(at..).unwrap_or_default().iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

impl Names {
    /// The number of a name, a new one where it has none. `None` when there are too many.
    pub(super) fn id(&mut self, name: &str) -> Option<u16> {
        if let Some(id) = self.find(name.as_bytes(), 0, name.len()) {
            return Some(id);
        }
        let id = u16::try_from(self.known.len()).ok().filter(|id| *id != NAMELESS)?;
        self.known.push(name.into());
        let (at, bit) = first(name.as_bytes(), 0, name.len());
        if let Some(firsts) = self.firsts.get_mut(at) {
            // Behind an empty name anything may stand.
            *firsts |= if name.is_empty() { u64::MAX } else { bit };
        }
        if self.table.len() < 4 * self.known.len() {
            self.table = vec![(Looks::NONE, NAMELESS); (8 * self.known.len()).next_power_of_two()];
            for id in 0..=id {
                self.put(id);
            }
        } else {
            self.put(id);
        }
        Some(id)
    }

    /// The name of a number.
    pub(super) fn name(&self, id: u16) -> &str {
        self.known.get(usize::from(id)).map_or("", |name| name)
    }

    fn put(&mut self, id: u16) {
        let Some(name) = self.known.get(usize::from(id)) else { return };
        let size = self.table.len();
        let looks = Looks::of(name.as_bytes(), 0, name.len());
        let mut at = looks.place(size);
        while let Some(taken) = self.table.get_mut(at) {
            if taken.1 == NAMELESS {
                *taken = (looks, id);
                return;
            }
            at = (at + 1) & (size - 1);
        }
    }

    /// The number of a name that a template can read. The name is a piece of a text.
    #[inline(always)]
    pub(super) fn find(&self, text: &[u8], from: usize, to: usize) -> Option<u16> {
        let (at, bit) = first(text, from, to);
        if self.firsts.get(at).is_none_or(|firsts| firsts & bit == 0) {
            return None;
        }
        let looks = Looks::of(text, from, to);
        let at = looks.place(self.table.len());
        let (known, id) = *self.table.get(at)?;
        if known == looks && looks.length <= 16 {
            return Some(id);
        }
        // What is not read is told apart here, but for few names.
        if id == NAMELESS { None } else { self.find_on(text, from, to) }
    }

    #[inline(never)]
    fn find_on(&self, text: &[u8], from: usize, to: usize) -> Option<u16> {
        let looks = Looks::of(text, from, to);
        let mut at = looks.place(self.table.len());
        loop {
            let (known, id) = *self.table.get(at)?;
            if id == NAMELESS {
                return None;
            }
            if known == looks && (looks.length <= 16 || self.is(id, text.get(from..to))) {
                return Some(id);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    #[cold]
    fn is(&self, id: u16, name: Option<&[u8]>) -> bool {
        self.known.get(usize::from(id)).map(|known| known.as_bytes()) == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_under_its_number_wherever_it_stands_and_no_other_is() {
        let mut names = Names::default();
        assert_eq!(names.find(b"a", 0, 1), None);
        let long = |n: usize| format!("{}{n}{}", "x".repeat(n % 30), "y".repeat(n % 7));
        let all: Vec<String> =
            (0..500).map(long).chain(["".to_owned(), "é".to_owned(), "\0".to_owned(), "\0\0".to_owned()]).collect();
        let ids: Vec<u16> = all.iter().map(|name| names.id(name).unwrap()).collect();
        for (name, id) in all.iter().zip(ids) {
            assert_eq!(names.id(name), Some(id));
            for (before, behind) in [("", ""), ("é", ""), ("", "0123456789"), ("abcdefghijk", "\0")] {
                let text = format!("{before}{name}{behind}");
                assert_eq!(names.find(text.as_bytes(), before.len(), before.len() + name.len()), Some(id), "{text:?}");
            }
        }
        for name in ["x", "y", "x1yy", "e", "xxxxxxxxxxxxxxxxxxx19yyyyz", "xxxxxxxxxxxxxxxxxzx19yyyyy"] {
            assert_eq!(names.find(name.as_bytes(), 0, name.len()), None, "{name}");
        }
    }
}
