//! What stands before the names of lifted members: `,"` and the names on the way, each with its joiner.

/// How many bytes are copied at once.
pub(super) const ONCE: usize = 32;

/// How many bytes are kept for the next document.
const KEPT: usize = 4096;

/// Prefixes, one behind the other: each flattening has its own, and adds to it on the way down.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefix {
    /// Behind the prefixes there are always [`ONCE`] bytes more, so that short ones can be copied without a look at their length.
    text: Vec<u8>,
    length: usize,
}

impl Prefix {
    /// Without any, and without the room of very long ones.
    pub(super) fn clear(&mut self) {
        self.text.resize(8 * ONCE, 0);
        self.text.shrink_to(KEPT);
        self.length = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.length = length;
    }

    #[inline(always)]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        // What stands behind a short name does not matter, as long as it is there.
        let to = self.length + bytes.len();
        if self.text.len() < to + ONCE {
            self.text.resize(2 * (to + ONCE), 0);
        }
        if let Some(place) = self.text.get_mut(self.length..to) {
            place.copy_from_slice(bytes);
        }
        self.length = to;
    }

    /// The first of some bytes.
    #[inline(always)]
    pub(super) fn push_short(&mut self, bytes: &[u8; ONCE], length: usize) {
        if self.text.len() < self.length + 3 * ONCE {
            self.text.resize(2 * self.text.len(), 0);
        }
        if let Some(place) = self.text.get_mut(self.length..).and_then(|text| text.first_chunk_mut()) {
            *place = *bytes;
        }
        self.length += length;
    }

    /// What begins at a place.
    pub(super) fn from(&self, from: usize) -> &[u8] {
        self.text.get(from..self.length).unwrap_or_default()
    }

    /// The bytes at a place, however many of them belong to a prefix.
    #[inline(always)]
    pub(super) fn chunk(&self, from: usize) -> &[u8; ONCE] {
        self.text.get(from..).and_then(|text| text.first_chunk()).unwrap_or(&[0; ONCE])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_bytes_to_spare_behind_it() {
        let mut prefix = Prefix::default();
        prefix.clear();
        prefix.push(b",\"");
        prefix.push(b"a_name_of_more_than_thirty_two_bytes.");
        let len = prefix.len();
        prefix.push(b"b.");
        assert_eq!(prefix.from(2), b"a_name_of_more_than_thirty_two_bytes.b.");
        assert!(prefix.chunk(len).starts_with(b"b."));
        prefix.truncate(len);
        assert_eq!(prefix.from(len), b"");
        prefix.push(b"c.");
        assert_eq!(prefix.from(2), b"a_name_of_more_than_thirty_two_bytes.c.");
        assert!(prefix.chunk(len).starts_with(b"c."));
    }
}
