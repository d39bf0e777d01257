//! The standard streams without a buffer of our own, so that what could not be written is known to the byte.

use std::io::{self, Write};

use rustix::stdio::{stderr, stdout};

/// Standard output or standard error, as they are at the moment of each write: log files may be put there meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// The access log.
    Out,
    /// The program's log.
    Error,
}

impl Write for Standard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let stream = match self {
            Self::Out => stdout(),
            Self::Error => stderr(),
        };
        Ok(rustix::io::write(stream, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
