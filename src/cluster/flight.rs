//! The flight record: what a worker is at, in memory that outlives it.
//!
//! The master makes it and keeps a descriptor; the worker maps it and notes there what it begins and ends. When the worker
//! dies without a word, the master reads what it was at.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// The size of a record, in bytes.
const SIZE: u64 = 128 * 1024;

/// The master's end of one worker's record.
#[derive(Debug)]
pub(crate) struct Flight {
    file: File,
}

impl Flight {
    /// Makes an empty record of a size that nobody can change.
    pub(crate) fn new() -> std::io::Result<Self> {
        let file = memfd_create("forecourt-flight", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let file = File::from(file);
        file.set_len(SIZE)?;
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Ok(Self { file })
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
