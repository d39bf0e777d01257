//! A generation's bytes in a sealed memfd: written once by the master, read by every worker, changed by nobody.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, memfd_create};

/// The largest generation, in bytes: what the configuration floor reads at most, with room to spare.
const LARGEST: u64 = 64 * 1024 * 1024;

const SEALS: SealFlags = SealFlags::SEAL.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::WRITE);

/// Bytes that no process can change any more.
#[derive(Debug)]
pub(crate) struct Sealed {
    file: File,
    length: u64,
}

/// Why a descriptor does not hold a generation.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// It is not sealed, so it might change while it is read.
    #[error("the generation is not sealed")]
    Open,
    /// It is not as long as the message said, or longer than any may be.
    #[error("the generation has {found} bytes where {expected} were expected")]
    Length {
        /// What the message said.
        expected: u64,
        /// What the file has.
        found: u64,
    },
    /// It cannot be made or read.
    #[error("the generation cannot be kept in memory: {0}")]
    Io(#[from] std::io::Error),
}

impl Sealed {
    /// Writes and seals.
    ///
    /// # Errors
    /// More bytes than a generation may have, or the kernel has no memory for them.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, SealedError> {
        let length = bytes.len() as u64;
        if length > LARGEST {
            return Err(SealedError::Length { expected: LARGEST, found: length });
        }
        let file = memfd_create("forecourt-generation", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING);
        let mut file = File::from(file.map_err(std::io::Error::from)?);
        file.write_all(bytes)?;
        fcntl_add_seals(&file, SEALS).map_err(std::io::Error::from)?;
        Ok(Self { file, length })
    }

    /// The same bytes once more, in the same memory.
    pub(crate) fn again(&self) -> std::io::Result<Self> {
        Ok(Self { file: self.file.try_clone()?, length: self.length })
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Reads what a descriptor holds. The file's position is shared by all workers and is not used.
    ///
    /// # Errors
    /// The file is not sealed or not `length` bytes long.
    pub(crate) fn read(descriptor: OwnedFd, length: u64) -> Result<Vec<u8>, SealedError> {
        let file = File::from(descriptor);
        if !fcntl_get_seals(&file).is_ok_and(|seals| seals.contains(SEALS)) {
            return Err(SealedError::Open);
        }
        let found = file.metadata()?.len();
        if found != length || length > LARGEST {
            return Err(SealedError::Length { expected: length, found });
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_read_by_many_and_written_by_none() {
        let sealed = Sealed::new(b"routes").unwrap();
        for _ in 0..2 {
            let copy = sealed.as_fd().try_clone_to_owned().unwrap();
            assert_eq!(Sealed::read(copy, 6).unwrap(), b"routes");
        }
        assert!(sealed.file.write_at(b"x", 0).is_err());
        assert!(sealed.file.set_len(0).is_err());
        assert!(Sealed::read(Sealed::new(b"").unwrap().file.into(), 0).unwrap().is_empty());
    }

    #[test]
    fn an_unsealed_file_or_a_wrong_length_is_refused() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"routes").unwrap();
        assert!(matches!(Sealed::read(file.into(), 6), Err(SealedError::Open)));
        let sealed = Sealed::new(b"routes").unwrap();
        assert!(matches!(Sealed::read(sealed.file.into(), 7), Err(SealedError::Length { expected: 7, found: 6 })));
    }
}
