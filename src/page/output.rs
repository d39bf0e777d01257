//! Where a page is written: a buffer with a limit in bytes and in time.

use std::io;
use std::time::Instant;

/// How often the clock is read: after that many bytes, or writes.
const BYTES_BETWEEN_LOOKS: usize = 4096;
const WRITES_BETWEEN_LOOKS: usize = 256;

/// Why writing stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The limit in bytes.
    Size,
    /// The deadline.
    Time,
}

/// The buffer.
#[derive(Debug)]
pub(super) struct Output {
    bytes: Vec<u8>,
    limit: usize,
    deadline: Option<Instant>,
    looked_at: usize,
    writes: usize,
    stopped: Option<Stop>,
}

impl Output {
    pub(super) fn new(limit: usize, deadline: Option<Instant>) -> Self {
        Self { bytes: Vec::new(), limit, deadline, looked_at: 0, writes: WRITES_BETWEEN_LOOKS, stopped: None }
    }

    /// Why writing stopped, if it did.
    pub(super) fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// The page. `None` if it is not UTF-8.
    pub(super) fn into_text(self) -> Option<String> {
        String::from_utf8(self.bytes).ok()
    }

    fn look(&mut self) -> Option<Stop> {
        self.writes += 1;
        let deadline = self.deadline?;
        if self.writes < WRITES_BETWEEN_LOOKS && self.bytes.len() - self.looked_at < BYTES_BETWEEN_LOOKS {
            return None;
        }
        self.writes = 0;
        self.looked_at = self.bytes.len();
        (Instant::now() >= deadline).then_some(Stop::Time)
    }
}

impl io::Write for Output {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let too_large = piece.len() > self.limit.saturating_sub(self.bytes.len());
        self.stopped = if too_large { Some(Stop::Size) } else { self.look() };
        if self.stopped.is_some() {
            return Err(io::Error::other("the page ends here"));
        }
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_page_may_be_as_large_as_its_limit_and_no_larger() {
        let mut output = Output::new(4, None);
        assert!(output.write_all(b"1234").is_ok());
        assert!(output.write_all(b"5").is_err());
        assert_eq!(output.stopped(), Some(Stop::Size));
    }

    #[test]
    fn a_deadline_that_passed_stops_the_first_write() {
        let mut output = Output::new(1000, Some(Instant::now()));
        assert!(output.write_all(b"a").is_err());
        assert_eq!(output.stopped(), Some(Stop::Time));
    }
}
