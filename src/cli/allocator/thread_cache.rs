//! Blocks that a thread has freed, for the next that it asks for: the last one first.
//!
//! mimalloc hands out the free blocks of a page in the order in which they were freed, so the one that comes is the one that nobody has touched
//! for the longest, and it comes from far: a twentieth of the time of a shaped request went into that (docs/performance.md). What was
//! freed last is in the nearest cache still.

use std::cell::Cell;
use std::ptr::{NonNull, null_mut};

/// The largest block that is kept, in bytes.
const LARGEST: usize = 8 * 1024;
/// How many blocks of a class are kept: what 64 requests at once hold goes round. That is below 6 MiB of all classes together.
const KEPT: usize = 64;

/// Three ranges of classes: how far apart the sizes are, and up to which size, in bytes.
const FINE: (usize, usize) = (16, 1024);
const MIDDLE: (usize, usize) = (256, 4096);
const COARSE: (usize, usize) = (1024, LARGEST);
const FIRST_MIDDLE: usize = FINE.1 / FINE.0;
const FIRST_COARSE: usize = FIRST_MIDDLE + (MIDDLE.1 - FINE.1) / MIDDLE.0;
const CLASSES: usize = FIRST_COARSE + (COARSE.1 - MIDDLE.1) / COARSE.0;

/// Blocks of one size, which serve whatever fits into them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class(usize);

impl Class {
    /// The smallest whose blocks hold so many bytes; none where blocks of the size are not kept.
    #[inline]
    pub(super) const fn of(size: usize) -> Option<Self> {
        let last = size.saturating_sub(1);
        if size <= FINE.1 {
            Some(Self(last / FINE.0))
        } else if size <= MIDDLE.1 {
            Some(Self(FIRST_MIDDLE + (last - FINE.1) / MIDDLE.0))
        } else if size <= COARSE.1 {
            Some(Self(FIRST_COARSE + (last - MIDDLE.1) / COARSE.0))
        } else {
            None
        }
    }

    /// The size of its blocks, in bytes.
    #[inline]
    pub(super) const fn bytes(self) -> usize {
        let index = self.0;
        if index < FIRST_MIDDLE {
            (index + 1) * FINE.0
        } else if index < FIRST_COARSE {
            FINE.1 + (index - FIRST_MIDDLE + 1) * MIDDLE.0
        } else {
            MIDDLE.1 + (index - FIRST_COARSE + 1) * COARSE.0
        }
    }
}

/// The free blocks of a class, each with the address of the one below it in its first bytes.
struct Pile {
    top: Cell<*mut u8>,
    /// How many more are kept.
    room: Cell<usize>,
}

thread_local! {
    // Neither made on the way nor dropped: an allocator that had to do so would ask itself for memory.
    static PILES: [Pile; CLASSES] = const { [const { Pile { top: Cell::new(null_mut()), room: Cell::new(0) } }; CLASSES] };
}

/// From now on this thread keeps blocks. It has to stop ([`stop`]) before it ends, if the process goes on: they are its own.
pub(super) fn start() {
    PILES.with(|piles| {
        for pile in piles.iter().filter(|pile| pile.top.get().is_null()) {
            pile.room.set(KEPT);
        }
    });
}

/// Gives every block to `free`, and keeps none from now on.
pub(super) fn stop(free: impl FnMut(NonNull<u8>)) {
    empty(free);
    PILES.with(|piles| piles.iter().for_each(|pile| pile.room.set(0)));
}

/// Gives every block to `free`.
pub(super) fn empty(mut free: impl FnMut(NonNull<u8>)) {
    for index in 0..CLASSES {
        while let Some(block) = take(Class(index)) {
            free(block);
        }
    }
}

/// The block of this class that was kept last.
#[inline]
#[expect(unsafe_code, reason = "the address of the block below stands in the block")]
pub(super) fn take(class: Class) -> Option<NonNull<u8>> {
    PILES.with(|piles| {
        let pile = piles.get(class.0)?;
        let block = NonNull::new(pile.top.get())?;
        // SAFETY: it was kept, so it is nobody's but the pile's, and its first bytes hold an address.
        pile.top.set(unsafe { block.cast::<*mut u8>().read() });
        pile.room.set(pile.room.get() + 1);
        Some(block)
    })
}

/// Whether the block is kept now.
///
/// # Safety
/// It is free, nobody else's, aligned as two words are, and has room for what its class says.
#[inline]
#[expect(unsafe_code, reason = "whoever calls answers for the block")]
pub(super) unsafe fn keep(class: Class, block: NonNull<u8>) -> bool {
    PILES.with(|piles| {
        let Some(pile) = piles.get(class.0).filter(|pile| pile.room.get() > 0) else { return false };
        // SAFETY: the caller gave it up, and no class is smaller than two words.
        unsafe { block.cast::<*mut u8>().write(pile.top.get()) };
        pile.top.set(block.as_ptr());
        pile.room.set(pile.room.get() - 1);
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Free blocks, aligned and large enough for the class.
    fn blocks(class: Class, count: usize) -> (Vec<Vec<u128>>, Vec<NonNull<u8>>) {
        let mut memory = vec![vec![0_u128; class.bytes() / 16]; count];
        let blocks = memory.iter_mut().filter_map(|block| NonNull::new(block.as_mut_ptr().cast())).collect();
        (memory, blocks)
    }

    #[expect(unsafe_code, reason = "the test answers for its blocks")]
    fn kept(class: Class, block: NonNull<u8>) -> bool {
        // SAFETY: blocks of `blocks` are used for nothing else.
        unsafe { keep(class, block) }
    }

    #[test]
    fn a_class_is_the_smallest_whose_blocks_hold_the_size() {
        let classes: Vec<Class> = (0..CLASSES).map(Class).collect();
        for pair in classes.windows(2) {
            assert!(pair[0].bytes() < pair[1].bytes());
        }
        assert_eq!(classes.last().map(|class| class.bytes()), Some(LARGEST));
        for size in 1..=LARGEST {
            let class = Class::of(size).unwrap();
            assert!(class.bytes() >= size && class.bytes().is_multiple_of(16), "{size}");
            assert!(class.0 == 0 || Class(class.0 - 1).bytes() < size, "{size}");
        }
        assert_eq!((Class::of(0), Class::of(LARGEST + 1)), (Some(Class(0)), None));
        assert!(classes.iter().map(|class| KEPT * class.bytes()).sum::<usize>() < 6 << 20);
    }

    #[test]
    fn what_was_kept_last_comes_first_and_no_more_is_kept_than_there_is_room_for() {
        for class in [Class(0), Class::of(456).unwrap(), Class::of(2000).unwrap(), Class::of(LARGEST).unwrap()] {
            let (_memory, blocks) = blocks(class, KEPT + 1);
            assert!(!kept(class, blocks[0]) && take(class).is_none(), "before it is asked for");
            start();
            let places: Vec<bool> = blocks.iter().map(|block| kept(class, *block)).collect();
            assert_eq!(places.iter().filter(|is_kept| **is_kept).count(), KEPT);
            for block in blocks.iter().rev().skip(1) {
                assert_eq!(take(class), Some(*block));
            }
            assert_eq!(take(class), None);
            assert!(kept(class, blocks[0]) && kept(class, blocks[1]));
            // A second time, it changes nothing.
            start();
            let mut freed = Vec::new();
            empty(|block| freed.push(block));
            assert_eq!(freed, [blocks[1], blocks[0]]);
            assert!(kept(class, blocks[0]), "it goes on keeping");
            stop(|block| assert_eq!(block, blocks[0]));
            assert!(!kept(class, blocks[0]) && take(class).is_none(), "it is over");
        }
    }
}
