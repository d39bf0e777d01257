//! The output: stretches of the input as they came, with cuts and insertions.

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
        if let Some(kept) = src.get(self.from..at) {
            self.out.extend_from_slice(kept);
        }
        self.from = to;
    }

    /// Writes in place of the input from `at` to `to`.
    #[inline(always)]
    pub(super) fn write(&mut self, src: &[u8], at: usize, bytes: &[u8], to: usize) {
        self.skip(src, at, to);
        self.out.extend_from_slice(bytes);
    }

    /// Takes back everything from a mark on; the output goes on with the input's byte `to`.
    #[inline(always)]
    pub(super) fn back(&mut self, src: &[u8], mark: usize, to: usize) {
        match mark.checked_sub(self.out.len()) {
            None => self.out.truncate(mark),
            Some(kept) => {
                if let Some(kept) = src.get(self.from..self.from + kept) {
                    self.out.extend_from_slice(kept);
                }
            }
        }
        self.from = to;
    }
}
