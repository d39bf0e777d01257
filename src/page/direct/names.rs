//! The names of members that a template can read, each with a number.

/// No name of a template: an element of a list has it.
pub(super) const NAMELESS: u16 = u16::MAX;

/// Names by number, and numbers by name.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<Box<str>>,
    /// Where a name would stand, found by [`place`]; whoever finds the place taken looks at the next one. Never more than half full.
    table: Vec<u16>,
}

impl Names {
    /// The number of a name, a new one where it has none. `None` when there are too many.
    pub(super) fn id(&mut self, name: &str) -> Option<u16> {
        if let Some(id) = self.find(name) {
            return Some(id);
        }
        let id = u16::try_from(self.known.len()).ok().filter(|id| *id != NAMELESS)?;
        self.known.push(name.into());
        if self.table.len() < 2 * self.known.len() {
            self.table = vec![NAMELESS; (4 * self.known.len()).next_power_of_two()];
            for id in 0..=id {
                self.put(id);
            }
        } else {
            self.put(id);
        }
        Some(id)
    }

    fn put(&mut self, id: u16) {
        let Some(name) = self.known.get(usize::from(id)) else { return };
        let size = self.table.len();
        let mut at = place(name.as_bytes(), size);
        while let Some(taken) = self.table.get_mut(at) {
            if *taken == NAMELESS {
                *taken = id;
                return;
            }
            at = (at + 1) & (size - 1);
        }
    }

    /// The number of a name that a template can read.
    #[inline(always)]
    pub(super) fn find(&self, name: &str) -> Option<u16> {
        let mut at = place(name.as_bytes(), self.table.len());
        loop {
            let id = *self.table.get(at)?;
            if id == NAMELESS {
                return None;
            }
            if self.known.get(usize::from(id)).is_some_and(|known| **known == *name) {
                return Some(id);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }
}

/// Where a name begins to be looked for in a table of this size, a power of two or 0.
#[inline(always)]
fn place(name: &[u8], size: usize) -> usize {
    let first = name.first().copied().unwrap_or(0);
    let last = name.last().copied().unwrap_or(0);
    let middle = name.get(name.len() / 2).copied().unwrap_or(0);
    let mixed = usize::from(first) ^ (usize::from(last) << 3) ^ (usize::from(middle) << 6) ^ (name.len() << 1);
    (mixed ^ (mixed >> 7)) & size.wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_under_its_number_and_no_other_is() {
        let mut names = Names::default();
        assert_eq!(names.find("a"), None);
        let all: Vec<String> = (0..500).map(|n| format!("n{n}")).chain(["".to_owned(), "é".to_owned()]).collect();
        let ids: Vec<u16> = all.iter().map(|name| names.id(name).unwrap()).collect();
        for (name, id) in all.iter().zip(ids) {
            assert_eq!(names.find(name), Some(id));
            assert_eq!(names.id(name), Some(id));
        }
        for name in ["n500", "n", "N1", "e"] {
            assert_eq!(names.find(name), None, "{name}");
        }
    }
}
