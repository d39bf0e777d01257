//! Memory that nobody uses, given back to the system.

/// Gives back what has been free for as long as the master told the allocator to wait (`MIMALLOC_PURGE_DELAY`). By itself the allocator
/// looks when it is asked for more, and a worker that has nothing to do asks for nothing.
#[expect(unsafe_code, reason = "the allocator's own library has no safe interface to it")]
pub(super) fn give_back() {
    // SAFETY: it may be called at any time on any thread, and touches nothing that is in use. Where another allocator serves the
    // process, as in tests, it finds nothing to do.
    unsafe { libmimalloc_sys::mi_collect(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
