//! A record's memory as words that a worker may write: the only `unsafe` of this crate.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU64;

use nix::sys::mman::{MapFlags, ProtFlags, mmap};
use rustix::fs::fcntl_get_seals;

use super::SEALS;
use super::place::{BYTES, WORDS};

/// Maps the record in `file`. The mapping is never undone: a worker has one record, for life.
///
/// # Errors
/// It is not a record: too small, or not sealed against being cut short. Or there is no room for it.
pub(super) fn map(file: &File) -> Result<&'static [AtomicU64], Error> {
    let sealed = fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS));
    let length = usize::try_from(BYTES).ok().and_then(NonZeroUsize::new);
    let (true, true, Some(length)) = (sealed, file.metadata()?.len() == BYTES, length) else {
        return Err(Error::new(ErrorKind::InvalidData, "this memory is no flight record"));
    };
    let flags = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    #[expect(unsafe_code, reason = "shared memory has no safe interface")]
    // SAFETY: the kernel chooses the place, so that nothing else is mapped there. It is aligned to a page, `WORDS` words long,
    // zero at first, and every bit pattern is an `AtomicU64`. The file's seals keep it that long, so that no access can fault
    // for its size, and it is never unmapped, so `'static` holds. Other processes may change it at any time, which atomics
    // allow.
    let words = unsafe {
        let place = mmap(None, length, flags, MapFlags::MAP_SHARED, file, 0)?;
        std::slice::from_raw_parts(place.cast::<AtomicU64>().as_ptr(), WORDS)
    };
    Ok(words)
}
