//! The access log's buffer and the thread that writes it.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::access::Entry;
use super::clock::Clock;

/// Bytes that may wait for a slow reader of the log; beyond it lines are dropped and counted.
const BOUND: usize = 1 << 20;

/// How long the writer gathers after the first line, so that a busy worker wakes it fifty times a second, not ten
/// thousand times.
const GATHER: Duration = Duration::from_millis(20);

/// The access log. Clones write into the same one.
///
/// A request appends its line to a buffer in memory and goes on; a thread swaps that buffer for an empty one and writes it.
/// A reader that does not keep up costs lines, never requests: what is beyond the bound is dropped, counted, and the count
/// is logged.
#[derive(Clone)]
pub struct AccessLog {
    desk: Arc<Desk>,
}

struct Desk {
    worker: u32,
    bound: usize,
    tray: Mutex<Tray>,
    /// There is something to write, or a reason to hurry.
    work: Condvar,
    /// A buffer has been written.
    written: Condvar,
}

#[derive(Default)]
struct Tray {
    lines: Vec<u8>,
    /// Lines dropped since the process began, and how many of them the log has been told of.
    dropped: u64,
    told: u64,
    clock: Clock,
    hurry: bool,
    writing: bool,
    closed: bool,
}

impl AccessLog {
    /// Starts the thread that writes to `out`, as a rule standard output.
    ///
    /// # Errors
    /// The system will not give another thread.
    pub fn start(worker: u32, out: impl Write + Send + 'static) -> io::Result<Self> {
        Self::with_bound(worker, BOUND, out)
    }

    fn with_bound(worker: u32, bound: usize, out: impl Write + Send + 'static) -> io::Result<Self> {
        let (work, written) = (Condvar::new(), Condvar::new());
        let desk = Arc::new(Desk { worker, bound, tray: Mutex::default(), work, written });
        let writer = Arc::clone(&desk);
        thread::Builder::new().name("access-log".to_owned()).spawn(move || writer.write(out))?;
        Ok(Self { desk })
    }

    /// Appends one line. Never waits for the reader of the log.
    pub fn record(&self, entry: &Entry<'_>) {
        let mut tray = self.desk.lock();
        let before = tray.lines.len();
        if before >= self.desk.bound {
            tray.dropped += 1;
            return;
        }
        let Tray { lines, clock, .. } = &mut *tray;
        entry.write(self.desk.worker, clock, lines);
        let half = self.desk.bound / 2;
        if before == 0 || (before < half && lines.len() >= half) {
            drop(tray);
            self.desk.work.notify_one();
        }
    }

    /// How many lines were dropped since the process began.
    pub fn dropped(&self) -> u64 {
        self.desk.lock().dropped
    }

    /// Waits until every line recorded so far is written, at most for `patience`. Blocks the thread: for the end of the
    /// process. Tells whether all was written.
    pub fn flush(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut tray = self.desk.lock();
        tray.hurry = true;
        self.desk.work.notify_one();
        while !tray.lines.is_empty() || tray.writing {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else { return false };
            tray = self.desk.written.wait_timeout(tray, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        // This one and the writer's: the last clone is going.
        if Arc::strong_count(&self.desk) <= 2 {
            self.desk.lock().closed = true;
            self.desk.work.notify_one();
        }
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog").field("worker", &self.desk.worker).finish_non_exhaustive()
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Tray> {
        // A line is appended whole or the thread is gone: what a panic left behind is still a list of lines.
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut out: impl Write) {
        let mut back = Vec::new();
        let mut broken = false;
        loop {
            let mut tray = self.lock();
            while tray.lines.is_empty() && !tray.closed {
                tray = self.work.wait(tray).unwrap_or_else(PoisonError::into_inner);
            }
            if tray.lines.is_empty() {
                return;
            }
            if !tray.hurry && !tray.closed && tray.lines.len() < self.bound / 2 {
                tray = self.work.wait_timeout(tray, GATHER).unwrap_or_else(PoisonError::into_inner).0;
            }
            std::mem::swap(&mut tray.lines, &mut back);
            let dropped = tray.dropped - tray.told;
            tray.told = tray.dropped;
            tray.hurry = false;
            tray.writing = true;
            drop(tray);
            if let Err(error) = out.write_all(&back).and_then(|()| out.flush())
                && !std::mem::replace(&mut broken, true)
            {
                tracing::warn!(%error, "the access log cannot be written: its lines are lost until it can be again");
            }
            back.clear();
            if dropped > 0 {
                tracing::warn!(dropped, "access log lines were dropped: whoever reads standard output does not keep up");
            }
            self.lock().writing = false;
            self.written.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::tests::entry;
    use super::*;
    use std::sync::mpsc;

    /// Hands over what it is given; with no buffer in between it blocks until somebody takes it.
    struct Pipe(mpsc::SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flush_waits_for_the_lines_before_it() {
        let (sender, receiver) = mpsc::sync_channel(64);
        let log = AccessLog::start(1, Pipe(sender)).unwrap();
        for _ in 0..10 {
            log.record(&entry());
        }
        assert!(log.flush(Duration::from_secs(20)));
        let text: Vec<u8> = receiver.try_iter().flatten().collect();
        assert_eq!(text.iter().filter(|b| **b == b'\n').count(), 10);
    }

    #[test]
    fn a_blocked_reader_costs_lines_and_never_a_request() {
        let (sender, receiver) = mpsc::sync_channel(0);
        let log = AccessLog::with_bound(1, 4096, Pipe(sender)).unwrap();
        for _ in 0..1000 {
            log.record(&entry());
        }
        assert!(!log.flush(Duration::from_millis(1)));
        let dropped = log.dropped();
        let reader = thread::spawn(move || receiver.iter().flatten().filter(|b| *b == b'\n').count());
        assert!(log.flush(Duration::from_secs(20)));
        drop(log);
        let read = reader.join().unwrap();
        assert!(read < 100, "{read}");
        assert_eq!(dropped, 1000 - read as u64);
    }

    #[test]
    fn a_reader_that_is_gone_stops_nothing() {
        let (sender, receiver) = mpsc::sync_channel(0);
        drop(receiver);
        let log = AccessLog::start(1, Pipe(sender)).unwrap();
        log.record(&entry());
        assert!(log.flush(Duration::from_secs(20)));
        log.record(&entry());
        assert!(log.flush(Duration::from_secs(20)));
    }
}
