//! What values are, and which of them are open.

use super::Limits;
use super::reader::Stop;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    /// A string without escapes.
    String,
    /// A string with escapes.
    Escaped,
    Array,
    Object,
}

/// The open containers: one bit each, set for an object. By default there may be none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nest {
    bits: [u64; Limits::DEEPEST / 64],
    depth: usize,
    deepest: usize,
}

impl Nest {
    /// None open yet, and at most so many, or [`Limits::DEEPEST`] where that is less.
    pub(crate) fn new(deepest: usize) -> Self {
        Self { bits: [0; Limits::DEEPEST / 64], depth: 0, deepest: deepest.min(Limits::DEEPEST) }
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// How many more there may be.
    pub(crate) fn left(&self) -> usize {
        self.deepest - self.depth
    }

    /// Opens one more.
    #[inline(always)]
    pub(crate) fn open(&mut self, is_object: bool) -> Result<(), Stop> {
        if self.depth >= self.deepest {
            return Err(Stop::Refused);
        }
        let bit = 1 << (self.depth % 64);
        if let Some(bits) = self.bits.get_mut(self.depth / 64) {
            *bits = if is_object { *bits | bit } else { *bits & !bit };
        }
        self.depth += 1;
        Ok(())
    }

    /// Closes the innermost one.
    #[inline(always)]
    pub(crate) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Whether the open one with so many around it is an object.
    pub(crate) fn is_object(&self, around: usize) -> bool {
        around < self.depth && self.bits.get(around / 64).is_some_and(|bits| bits >> (around % 64) & 1 == 1)
    }

    /// Whether the innermost open one is an object.
    #[inline(always)]
    pub(crate) fn in_object(&self) -> bool {
        let at = self.depth.wrapping_sub(1);
        self.bits.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }
}
