//! What became of the calls of one request, for its line in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts the calls of one request while they are made. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    made: AtomicU32,
    again: AtomicU32,
    refused: AtomicU32,
}

/// What a [`Tally`] has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// Tries, of all calls together.
    pub made: u32,
    /// Of which another one of the same call had failed before, or took long.
    pub again: u32,
    /// Calls that a breaker or a bulkhead refused.
    pub refused: u32,
}

impl Tally {
    /// What it has counted so far.
    pub fn calls(&self) -> Calls {
        let read = |count: &AtomicU32| count.load(Ordering::Relaxed);
        Calls { made: read(&self.0.made), again: read(&self.0.again), refused: read(&self.0.refused) }
    }

    /// A try begins.
    pub(super) fn made(&self) {
        self.0.made.fetch_add(1, Ordering::Relaxed);
    }

    /// The next try is not the first one.
    pub(super) fn again(&self) {
        self.0.again.fetch_add(1, Ordering::Relaxed);
    }

    /// A call was refused.
    pub(super) fn refused(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }
}
