//! The access log.

use std::io::{self, Write};
use std::time::Duration;

use super::access::Entry;
use super::clock::Clock;
use super::outbox::Outbox;

/// Bytes that may wait for a slow reader of the log; beyond it lines are dropped and counted.
const BOUND: usize = 1 << 20;

/// How long the writer gathers after the first line, so that a busy worker wakes it fifty times a second, not ten
/// thousand times.
const GATHER: Duration = Duration::from_millis(20);

/// The access log. Clones write into the same one.
///
/// A request appends its line to a buffer in memory and goes on; a thread writes it. A reader that does not keep up costs
/// lines, never requests: what is beyond the bound is dropped, counted, and the count is logged.
#[derive(Debug, Clone)]
pub struct AccessLog {
    worker: u32,
    outbox: Outbox<Clock>,
}

impl AccessLog {
    /// Starts the thread that writes to `out`, as a rule standard output.
    ///
    /// # Errors
    /// The system will not give another thread.
    pub fn start(worker: u32, out: impl Write + Send + 'static) -> io::Result<Self> {
        Ok(Self { worker, outbox: Outbox::start("access log", BOUND, GATHER, out)? })
    }

    /// Appends one line. Never waits for the reader of the log.
    pub fn record(&self, entry: &Entry<'_>) {
        self.outbox.push(|clock, lines| entry.write(self.worker, clock, lines));
    }

    /// How many lines were dropped since the process began.
    pub fn dropped(&self) -> u64 {
        self.outbox.dropped()
    }

    /// Waits until every line recorded so far is written, at most for `patience`. Blocks the thread: for the end of the
    /// process. Tells whether all was written.
    pub fn flush(&self, patience: Duration) -> bool {
        self.outbox.flush(patience)
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::tests::entry;
    use super::super::log::tests::Kept;
    use super::*;

    #[test]
    fn every_entry_is_a_line() {
        let kept = Kept::default();
        let log = AccessLog::start(1, kept.clone()).unwrap();
        for _ in 0..10 {
            log.record(&entry());
        }
        assert!(log.flush(Duration::from_secs(20)));
        let text = kept.text();
        assert_eq!((text.matches('\n').count(), text.matches("\"worker\":1").count()), (10, 10));
        assert_eq!(log.dropped(), 0);
    }
}
