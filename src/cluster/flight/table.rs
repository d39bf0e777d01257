//! A table of places that many threads take and give back without a lock.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::place::{BEING_WRITTEN, FREE, NEXT, PHASE, STATE, TAKING, WHOLE};

/// The lower half of the free list's head: a place, plus one. The upper half counts changes, so that a head that was seen
/// before and is there again is not taken for unchanged.
const INDEX: u64 = 0xffff_ffff;

/// Places of a fixed number of words in a row. The one given back last is taken first, so that a worker that does little
/// touches little memory.
#[derive(Debug)]
pub(super) struct Table {
    words: &'static [AtomicU64],
    width: usize,
    /// How many places were ever taken; in the record, for its readers.
    used: &'static AtomicU64,
    free: AtomicU64,
}

/// A place that was taken and is being written. Nobody reads it before [`Taken::publish`].
#[derive(Debug)]
pub(super) struct Taken<'a> {
    /// The place's number.
    pub(super) index: u32,
    place: &'a [AtomicU64],
    state: u64,
}

impl Table {
    pub(super) fn new(words: &'static [AtomicU64], width: usize, used: &'static AtomicU64) -> Self {
        Self { words, width, used, free: AtomicU64::new(0) }
    }

    /// The words of a place.
    pub(super) fn place(&self, index: u32) -> Option<&'static [AtomicU64]> {
        let at = (index as usize).checked_mul(self.width)?;
        self.words.get(at..at + self.width)
    }

    /// Takes a place, if there is one.
    pub(super) fn take(&self) -> Option<Taken<'_>> {
        let index = self.pop().or_else(|| self.fresh())?;
        let place = self.place(index)?;
        let state = place.get(STATE)?;
        // Nobody else writes a place that is taken.
        let taken = ((state.load(Ordering::Relaxed) & !PHASE) + TAKING) | BEING_WRITTEN;
        state.store(taken, Ordering::Relaxed);
        // No word of the entry may be seen before this.
        fence(Ordering::Release);
        Some(Taken { index, place, state: taken })
    }

    /// Gives a place back.
    pub(super) fn give_back(&self, index: u32) {
        let Some((place, state)) = self.place(index).and_then(|place| Some((place, place.get(STATE)?))) else { return };
        state.store((state.load(Ordering::Relaxed) & !PHASE) | FREE, Ordering::Release);
        self.push(index, place);
    }

    fn fresh(&self) -> Option<u32> {
        let capacity = (self.words.len() / self.width) as u64;
        let index = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| (used < capacity).then_some(used + 1));
        index.ok().and_then(|index| u32::try_from(index).ok())
    }

    fn pop(&self) -> Option<u32> {
        let mut head = self.free.load(Ordering::Acquire);
        loop {
            let index = u32::try_from((head & INDEX).checked_sub(1)?).ok()?;
            // Another thread may have taken the place meanwhile; then what stands here is wrong, and the exchange fails.
            let next = self.place(index)?.get(NEXT)?.load(Ordering::Relaxed);
            match self.free.compare_exchange_weak(head, changed(head, next), Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(index),
                Err(now) => head = now,
            }
        }
    }

    fn push(&self, index: u32, place: &[AtomicU64]) {
        let Some(next) = place.get(NEXT) else { return };
        let mut head = self.free.load(Ordering::Relaxed);
        loop {
            next.store(head & INDEX, Ordering::Relaxed);
            let new = changed(head, u64::from(index) + 1);
            match self.free.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

/// The next head of a free list: this place, plus one.
fn changed(head: u64, index: u64) -> u64 {
    ((head & !INDEX).wrapping_add(INDEX + 1)) | (index & INDEX)
}

impl Taken<'_> {
    /// Writes a word.
    pub(super) fn set(&self, word: usize, value: u64) {
        if let Some(word) = self.place.get(word) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// Writes a text, as far as there is room for it, and gives the length of what was written.
    pub(super) fn text(&self, words: std::ops::Range<usize>, text: &[u8]) -> u64 {
        let room = self.place.get(words).unwrap_or_default();
        let (eights, rest) = text.as_chunks();
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        for (word, bytes) in room.iter().zip(eights.iter().chain([&last])) {
            word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
        text.len().min(room.len() * 8) as u64
    }

    /// Says that the entry is whole.
    pub(super) fn publish(self) -> u32 {
        if let Some(state) = self.place.get(STATE) {
            state.store((self.state & !PHASE) | WHOLE, Ordering::Release);
        }
        self.index
    }
}
