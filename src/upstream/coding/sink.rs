//! Where decoded bytes go, and where bombs end.

use super::super::Error;
use super::MAX_RATIO;

/// Below this many decoded bytes the ratio says nothing: a short body of blanks is not a bomb.
const RATIO_FLOOR: u64 = 64 * 1024;
/// Decoded at a time.
const STEP: usize = 16 * 1024;

/// The decoded body, bounded in size and in its ratio to what was fed.
pub(super) struct Sink {
    bytes: Vec<u8>,
    /// How many were taken out before.
    taken: u64,
    scratch: Box<[u8]>,
    fed: u64,
    limit: u64,
}

impl Sink {
    pub(super) fn new(limit: u64) -> Self {
        Self { bytes: Vec::new(), taken: 0, scratch: vec![0; STEP].into_boxed_slice(), fed: 0, limit }
    }

    pub(super) fn fed(&mut self, bytes: usize) {
        self.fed = self.fed.saturating_add(bytes as u64);
    }

    pub(super) fn is_untouched(&self) -> bool {
        self.fed == 0
    }

    /// What was decoded since the last time; all limits count it further on.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let taken = std::mem::take(&mut self.bytes);
        self.taken = self.taken.saturating_add(taken.len() as u64);
        taken
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Lets `decode` fill a buffer of [`STEP`] bytes, keeps as many as it says, and hands those to `seen`.
    pub(super) fn fill<T>(
        &mut self,
        decode: impl FnOnce(&mut [u8]) -> Result<(usize, T), Error>,
        seen: impl FnOnce(&[u8]),
    ) -> Result<(usize, T), Error> {
        let (written, rest) = decode(&mut self.scratch)?;
        let written = written.min(self.scratch.len());
        let decoded = self.scratch.get(..written).unwrap_or_default();
        seen(decoded);
        let total = self.taken + self.bytes.len() as u64 + written as u64;
        if total > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        if total > RATIO_FLOOR && total > self.fed.saturating_mul(MAX_RATIO) {
            return Err(Error::Ratio { limit: MAX_RATIO });
        }
        if self.bytes.capacity() - self.bytes.len() < written {
            // Doubling alone could take twice the limit.
            let doubled = (self.bytes.capacity() * 2).max(STEP);
            let capped = usize::try_from(self.limit).map_or(doubled, |limit| doubled.min(limit));
            let wanted = capped.max(self.bytes.len() + written);
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(decoded);
        Ok((written, rest))
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
