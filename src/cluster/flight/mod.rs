//! The flight record: what a worker is at, in memory that outlives it.
//!
//! The master makes it and keeps a descriptor; the worker maps it and notes there which connections are open and which
//! requests are under way. When the worker dies without a word, or its event loop is stuck, the master reads what it was at.
//!
//! Writing takes no lock and no memory: a free place is taken from a list, the words are stored, one word says that they are
//! whole. Whoever reads takes whole entries alone; one that was being written when the worker died counts as torn.

mod map;
mod place;
mod read;
mod recorder;
mod report;
mod table;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::time::{ClockId, clock_gettime};

pub(crate) use read::Marks;
pub use recorder::{Asked, Entry, Recorder};
pub use report::{FlightReport, InFlight};

/// What keeps the record's size as it is: a mapping of a file that shrinks would kill the process.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// The master's end of one worker's record.
#[derive(Debug)]
pub struct Flight {
    file: File,
}

impl Flight {
    /// Makes an empty record of a size that nobody can change. It takes memory only as far as it is used.
    ///
    /// # Errors
    /// The system has no descriptor or no memory for it.
    pub fn new() -> std::io::Result<Self> {
        let file = memfd_create("forecourt-flight", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let file = File::from(file);
        file.set_len(place::BYTES)?;
        fcntl_add_seals(&file, SEALS)?;
        Ok(Self { file })
    }

    /// What the worker is given.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// What the worker is at, or was at when it died. Takes no part of the worker to be alive, and stops none of it.
    ///
    /// # Errors
    /// The memory cannot be read, or a worker of another version wrote it.
    pub fn read(&self) -> std::io::Result<FlightReport> {
        read::read(&self.file)
    }

    /// Which connections the worker has marked as read, by now.
    pub(crate) fn marks(&self) -> Marks {
        Marks::read(&self.file)
    }
}

/// The time on a clock that all processes of a machine share and nobody sets, in nanoseconds.
fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let now = Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default());
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}
