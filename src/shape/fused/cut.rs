//! The output: stretches of the input as they came, with cuts and insertions.

/// What is copied whole, and cut, where less is wanted.
const SHORT: usize = 64;

/// What is written so far, and from where on the input belongs to it as it stands.
#[derive(Debug, Default)]
pub(super) struct Cut {
    pub(super) out: Vec<u8>,
    /// Input from here to where the reader is belongs to the output, and is copied when something else comes in between.
    pub(super) from: usize,
}

impl Cut {
    /// The place in the output of the input's byte `at`, which is not read over yet.
    #[inline(always)]
    pub(super) fn mark(&self, at: usize) -> usize {
        (self.out.len() + at).saturating_sub(self.from)
    }

    /// Leaves out the input from `at` to `to`.
    #[inline(always)]
    pub(super) fn skip(&mut self, src: &[u8], at: usize, to: usize) {
        self.keep(src, at);
        self.from = to;
    }

    /// Copies the input up to `at`.
    #[inline(always)]
    fn keep(&mut self, src: &[u8], at: usize) {
        let kept = at.wrapping_sub(self.from);
        match src.get(self.from..).and_then(|rest| rest.first_chunk::<SHORT>()) {
            // A copy of a known length is a few moves, one of any length a call.
            Some(more) if kept <= SHORT => self.add_short(more, kept),
            _ => self.keep_more(src, at),
        }
    }

    #[inline(never)]
    fn keep_more(&mut self, src: &[u8], at: usize) {
        // What is behind `at` already is not kept.
        self.out.extend_from_slice(src.get(self.from..at).unwrap_or_default());
    }

    /// Writes in place of the input from `at` to `to`.
    #[inline(always)]
    pub(super) fn write(&mut self, src: &[u8], at: usize, bytes: &[u8], to: usize) {
        self.skip(src, at, to);
        self.out.extend_from_slice(bytes);
    }

    /// Writes behind what is written.
    #[inline(always)]
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Writes the first of these bytes.
    #[inline(always)]
    pub(super) fn add_short<const N: usize>(&mut self, bytes: &[u8; N], length: usize) {
        let length = self.out.len() + length;
        self.out.extend_from_slice(bytes);
        self.out.truncate(length);
    }

    /// Takes back everything from a mark on; the output goes on with the input's byte `to`.
    #[inline(always)]
    pub(super) fn back(&mut self, src: &[u8], mark: usize, to: usize) {
        match mark.checked_sub(self.out.len()) {
            None => self.out.truncate(mark),
            Some(kept) => self.keep(src, self.from + kept),
        }
        self.from = to;
    }
}
