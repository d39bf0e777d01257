//! Memory: where it comes from, and what nobody uses given back to the system.

mod thread_cache;

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::NonNull;

use thread_cache::Class;

/// What the allocator aligns to without being told, as `malloc` has to, where the size is no less.
const BY_ITSELF: usize = 2 * size_of::<usize>();

/// The allocator of the program: mimalloc, asked as `malloc` is wherever that will do, behind a cache of the threads that serve.
///
/// The interface that mimalloc has for Rust names an alignment every time, and then whatever is large or odd in size is cut out of a larger
/// block, which takes several times as long (docs/performance.md).
#[derive(Debug, Clone, Copy, Default)]
pub struct Allocator;

impl Allocator {
    /// From now on this thread keeps what it frees for what it asks for next. For a thread that serves, and does not end before the
    /// process does unless it says so ([`Allocator::forget`]).
    pub fn remember(self) {
        thread_cache::start();
    }

    /// This thread keeps nothing any more.
    pub fn forget(self) {
        thread_cache::stop(free);
    }
}

/// How a block is asked for, and given back.
enum Way {
    /// As one of a class, which has the room of the class.
    Class(Class),
    /// Alone, aligned without a word about that.
    Alone,
    /// Alone, and with more than the usual alignment.
    Aligned,
}

impl Way {
    #[inline]
    fn of(size: usize, align: usize) -> Self {
        if align > BY_ITSELF {
            return Self::Aligned;
        }
        Class::of(size).map_or(Self::Alone, Self::Class)
    }
}

#[expect(unsafe_code, reason = "the allocator's own library has no safe interface to it")]
fn free(block: NonNull<u8>) {
    // SAFETY: what the cache kept is nobody's, and came from the library.
    unsafe { libmimalloc_sys::mi_free(block.as_ptr().cast()) }
}

// SAFETY: the library's functions keep the contract of `malloc` and of its siblings: null or a block of its own of at least the size, aligned
// to what was asked for, or by itself for every type that fits; and each takes back what any of them gave. No class is smaller than the usual
// alignment. A layout of a class is always served with a block that has the room of the class, so that any other of the class can have it.
// Each stands in the program once: at every place that asks for memory it would be a seventh of the program's text.
#[expect(unsafe_code, reason = "the allocator's own library has no safe interface to it")]
unsafe impl GlobalAlloc for Allocator {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: any size and every power of two may be asked for.
        unsafe {
            match Way::of(size, align) {
                Way::Class(class) => match thread_cache::take(class) {
                    Some(block) => block.as_ptr(),
                    None => libmimalloc_sys::mi_malloc(class.bytes()).cast(),
                },
                Way::Alone => libmimalloc_sys::mi_malloc(size).cast(),
                Way::Aligned => libmimalloc_sys::mi_malloc_aligned(size, align).cast(),
            }
        }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        // SAFETY: as above.
        unsafe {
            match Way::of(size, align) {
                Way::Class(class) => libmimalloc_sys::mi_zalloc(class.bytes()).cast(),
                Way::Alone => libmimalloc_sys::mi_zalloc(size).cast(),
                Way::Aligned => libmimalloc_sys::mi_zalloc_aligned(size, align).cast(),
            }
        }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        if let (Way::Class(class), Some(block)) = (Way::of(layout.size(), layout.align()), NonNull::new(place)) {
            // SAFETY: the caller gives up what one of these gave for a layout of this class.
            if unsafe { thread_cache::keep(class, block) } {
                return;
            }
        }
        // SAFETY: the caller gives back what one of these gave.
        unsafe { libmimalloc_sys::mi_free(place.cast()) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let align = layout.align();
        // SAFETY: the caller gives back what one of these gave.
        unsafe {
            match (Way::of(size, align), Way::of(layout.size(), align)) {
                (Way::Class(class), Way::Class(before)) if class == before => place,
                (Way::Class(class), _) => libmimalloc_sys::mi_realloc(place.cast(), class.bytes()).cast(),
                (Way::Alone, _) => libmimalloc_sys::mi_realloc(place.cast(), size).cast(),
                (Way::Aligned, _) => libmimalloc_sys::mi_realloc_aligned(place.cast(), size, align).cast(),
            }
        }
    }
}

/// Gives back what this thread keeps, and what has been free for as long as the master told the allocator to wait
/// (`MIMALLOC_PURGE_DELAY`). By itself the allocator looks when it is asked for more, and a worker that has nothing to do asks for nothing.
#[expect(unsafe_code, reason = "the allocator's own library has no safe interface to it")]
pub(super) fn give_back() {
    thread_cache::empty(free);
    // SAFETY: it may be called at any time on any thread, and touches nothing that is in use. Where another allocator serves the
    // process, as in tests, it finds nothing to do.
    unsafe { libmimalloc_sys::mi_collect(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_is_aligned_and_keeps_its_bytes_when_it_grows() {
        const SMALL: [usize; 17] = [1, 3, 8, 15, 16, 17, 24, 31, 40, 100, 456, 1000, 1024, 1025, 3112, 4097, 8192];
        every_block(&[70_000, 5 << 20]);
        every_block(&SMALL);
        Allocator.remember();
        (0..3).for_each(|_| every_block(&SMALL));
        give_back();
        every_block(&SMALL);
        Allocator.forget();
        every_block(&SMALL);
    }

    /// What `alloc` gives, grown and shrunk, of all sizes and alignments that a program asks for and some that none does.
    #[expect(unsafe_code, reason = "an allocator is called so")]
    fn every_block(sizes: &[usize]) {
        for align in [1, 2, 4, 8, 16, 32, 64, 128, 4096] {
            for &size in sizes {
                let (layout, larger) = (Layout::from_size_align(size, align).unwrap(), size * 2 + 1);
                // SAFETY: no size is zero, every block is used within its size and freed once with the layout that it has.
                unsafe {
                    let place = Allocator.alloc(layout);
                    assert!(!place.is_null() && place.addr().is_multiple_of(align), "{layout:?}");
                    place.write_bytes(0xa5, size);
                    let place = Allocator.realloc(place, layout, larger);
                    assert!(!place.is_null() && place.addr().is_multiple_of(align), "{layout:?}, grown");
                    assert!((0..size).all(|at| place.add(at).read() == 0xa5), "{layout:?}, grown");
                    let grown = Layout::from_size_align(larger, align).unwrap();
                    let place = Allocator.realloc(place, grown, size.div_ceil(2));
                    assert!(!place.is_null() && place.addr().is_multiple_of(align), "{layout:?}, shrunk");
                    assert!((0..size.div_ceil(2)).all(|at| place.add(at).read() == 0xa5), "{layout:?}, shrunk");
                    Allocator.dealloc(place, Layout::from_size_align(size.div_ceil(2), align).unwrap());
                    let zeroed = Allocator.alloc_zeroed(layout);
                    assert!(!zeroed.is_null() && zeroed.addr().is_multiple_of(align), "{layout:?}, zeroed");
                    assert!((0..size).all(|at| zeroed.add(at).read() == 0), "{layout:?}, zeroed");
                    Allocator.dealloc(zeroed, layout);
                }
            }
        }
    }

    #[test]
    fn what_is_in_use_stays_as_it_was() {
        let held: Vec<Vec<u8>> = (0..200_u8).map(|byte| vec![byte; 1 << 14]).collect();
        let (kept, dropped): (Vec<_>, Vec<_>) =
            held.into_iter().partition(|piece| piece.first().is_some_and(|byte| byte % 2 == 0));
        drop(dropped);
        give_back();
        let taken: Vec<Vec<u8>> = (0..200_u8).map(|byte| vec![!byte; 1 << 14]).collect();
        give_back();
        assert!(kept.iter().zip((0..200_u8).step_by(2)).all(|(piece, byte)| piece.iter().all(|b| *b == byte)));
        assert!(taken.iter().zip(0..200_u8).all(|(piece, byte)| piece.iter().all(|b| *b == !byte)));
    }
}
