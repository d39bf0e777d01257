//! Lines on their way out of the process, written by a thread of their own.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A buffer in memory and the thread that writes it. Clones fill the same one.
///
/// A line is appended and the caller goes on; the thread swaps the buffer for an empty one and writes it. A reader that does
/// not keep up, or is gone, costs lines and nothing else: what is beyond the bound is dropped, counted, and the count is
/// logged. `S` is what the callers need to write a line, and share.
pub(super) struct Outbox<S> {
    desk: Arc<Desk<S>>,
}

struct Desk<S> {
    /// What messages about it begin with.
    name: &'static str,
    bound: usize,
    gather: Duration,
    tray: Mutex<Tray<S>>,
    /// There is something to write, or a reason to hurry.
    work: Condvar,
    /// A buffer has been written.
    written: Condvar,
}

#[derive(Default)]
struct Tray<S> {
    lines: Vec<u8>,
    state: S,
    /// Lines dropped since the process began, for want of room or because they could not be written; and how many of them
    /// the log has been told of.
    dropped: u64,
    told: u64,
    hurry: bool,
    writing: bool,
    closed: bool,
}

impl<S: Default + Send + 'static> Outbox<S> {
    /// Starts the thread that writes to `out`. `bound` is how many bytes may wait for a slow reader, `gather` how long the
    /// thread waits for more after a first line.
    ///
    /// # Errors
    /// The system will not give another thread.
    pub(super) fn start(
        name: &'static str,
        bound: usize,
        gather: Duration,
        out: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let (work, written) = (Condvar::new(), Condvar::new());
        let desk = Arc::new(Desk { name, bound, gather, tray: Mutex::default(), work, written });
        let writer = Arc::clone(&desk);
        thread::Builder::new().name(name.replace(' ', "-")).spawn(move || writer.write(out))?;
        Ok(Self { desk })
    }

    /// Has `line` append one line. Never waits for whoever reads it.
    pub(super) fn push(&self, line: impl FnOnce(&mut S, &mut Vec<u8>)) {
        let mut tray = self.desk.lock();
        let before = tray.lines.len();
        if before >= self.desk.bound {
            tray.dropped += 1;
            return;
        }
        let Tray { lines, state, .. } = &mut *tray;
        line(state, lines);
        let half = self.desk.bound / 2;
        if before == 0 || (before < half && lines.len() >= half) {
            drop(tray);
            self.desk.work.notify_one();
        }
    }
}

impl<S> Outbox<S> {
    /// How many lines were dropped since the process began.
    pub(super) fn dropped(&self) -> u64 {
        self.desk.lock().dropped
    }

    /// Waits until every line so far is written, at most for `patience`. Blocks the thread. Tells whether all was written.
    pub(super) fn flush(&self, patience: Duration) -> bool {
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

impl<S> Clone for Outbox<S> {
    fn clone(&self) -> Self {
        Self { desk: Arc::clone(&self.desk) }
    }
}

impl<S> Drop for Outbox<S> {
    fn drop(&mut self) {
        // This one and the writer's: the last clone is going.
        if Arc::strong_count(&self.desk) <= 2 {
            self.desk.lock().closed = true;
            self.desk.work.notify_one();
        }
    }
}

impl<S> fmt::Debug for Outbox<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("name", &self.desk.name).finish_non_exhaustive()
    }
}

impl<S> Desk<S> {
    fn lock(&self) -> MutexGuard<'_, Tray<S>> {
        // A line is appended whole or the thread is gone: what a panic left behind is still a list of lines.
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut out: impl Write) {
        let mut back = Vec::new();
        let mut pen = Pen::default();
        loop {
            let mut tray = self.lock();
            while tray.lines.is_empty() && !tray.closed {
                tray = self.work.wait(tray).unwrap_or_else(PoisonError::into_inner);
            }
            if tray.lines.is_empty() {
                return;
            }
            if !tray.hurry && !tray.closed && !self.gather.is_zero() && tray.lines.len() < self.bound / 2 {
                tray = self.work.wait_timeout(tray, self.gather).unwrap_or_else(PoisonError::into_inner).0;
            }
            std::mem::swap(&mut tray.lines, &mut back);
            let dropped = tray.dropped - tray.told;
            tray.told = tray.dropped;
            tray.hurry = false;
            tray.writing = true;
            drop(tray);
            let lost = pen.write(self.name, &mut out, &back);
            back.clear();
            if dropped > 0 {
                tracing::warn!(dropped, "lines of the {} were dropped: whoever reads it does not keep up", self.name);
            }
            let mut tray = self.lock();
            tray.dropped += lost;
            tray.told += lost;
            tray.writing = false;
            drop(tray);
            self.written.notify_all();
        }
    }
}

/// What is remembered from one write to the next.
#[derive(Default)]
struct Pen {
    /// Lines lost since writing began to fail; none while it works.
    lost: Option<u64>,
    /// The last byte that was written is in the middle of a line.
    torn: bool,
}

impl Pen {
    /// Writes whole lines. Gives how many could not be written: the disk is full, or nobody reads any more. The line in whose
    /// middle that happens is ended when writing works again, so that it spoils no other.
    fn write(&mut self, name: &str, out: &mut impl Write, lines: &[u8]) -> u64 {
        let mut rest = lines;
        let result = self.mend(out).and_then(|()| {
            while !rest.is_empty() {
                match out.write(rest) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            out.flush()
        });
        let written = lines.len() - rest.len();
        self.torn = if written == 0 { self.torn } else { lines.get(written - 1) != Some(&b'\n') };
        let lost = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        match result {
            Ok(()) => {
                if let Some(lost) = self.lost.take().filter(|lost| *lost > 0) {
                    tracing::warn!(dropped = lost, "the {name} can be written again: so many lines of it were lost");
                }
            }
            Err(error) => {
                if self.lost.is_none() {
                    tracing::warn!(%error, "the {name} cannot be written: its lines are lost until it can be again");
                }
                self.lost = Some(self.lost.unwrap_or_default() + lost);
            }
        }
        lost
    }

    fn mend(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.torn {
            out.write_all(b"\n")?;
            self.torn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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

    fn outbox(bound: usize, room: usize) -> (Outbox<()>, mpsc::Receiver<Vec<u8>>) {
        let (sender, receiver) = mpsc::sync_channel(room);
        (Outbox::start("test", bound, Duration::from_millis(20), Pipe(sender)).unwrap(), receiver)
    }

    fn line(outbox: &Outbox<()>) {
        outbox.push(|(), lines| lines.extend_from_slice(&[b"x".repeat(99), b"\n".to_vec()].concat()));
    }

    #[test]
    fn a_flush_waits_for_the_lines_before_it() {
        let (outbox, receiver) = outbox(1 << 20, 64);
        for _ in 0..10 {
            line(&outbox);
        }
        assert!(outbox.flush(Duration::from_secs(20)));
        let text: Vec<u8> = receiver.try_iter().flatten().collect();
        assert_eq!(text.iter().filter(|b| **b == b'\n').count(), 10);
    }

    #[test]
    fn a_blocked_reader_costs_lines_and_never_a_caller() {
        let (outbox, receiver) = outbox(4096, 0);
        for _ in 0..1000 {
            line(&outbox);
        }
        assert!(!outbox.flush(Duration::from_millis(1)));
        let dropped = outbox.dropped();
        let reader = thread::spawn(move || receiver.iter().flatten().filter(|b| *b == b'\n').count());
        assert!(outbox.flush(Duration::from_secs(20)));
        drop(outbox);
        let read = reader.join().unwrap();
        assert!(read < 100, "{read}");
        assert_eq!(dropped, 1000 - read as u64);
    }

    /// A disk with so much room, then full, until it is given more.
    struct Disk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            let count = bytes.len().min(disk.1);
            if count == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.1 -= count;
            disk.0.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_costs_lines_that_are_counted_and_spoils_none_of_the_later_ones() {
        let disk = Arc::new(Mutex::new((Vec::new(), 250)));
        let outbox = Outbox::<()>::start("test", 1 << 20, Duration::ZERO, Disk(Arc::clone(&disk))).unwrap();
        for _ in 0..5 {
            line(&outbox);
        }
        assert!(outbox.flush(Duration::from_secs(20)));
        assert_eq!(outbox.dropped(), 3, "two lines fitted, and half a third");
        disk.lock().unwrap().1 = 1 << 20;
        line(&outbox);
        assert!(outbox.flush(Duration::from_secs(20)));
        let text = String::from_utf8(disk.lock().unwrap().0.clone()).unwrap();
        let lengths: Vec<usize> = text.lines().map(str::len).collect();
        assert_eq!((lengths, outbox.dropped()), (vec![99, 99, 50, 99], 3));
    }

    #[test]
    fn a_reader_that_is_gone_stops_nothing() {
        let (outbox, receiver) = outbox(4096, 0);
        drop(receiver);
        for _ in 0..2 {
            line(&outbox);
            assert!(outbox.flush(Duration::from_secs(20)));
        }
    }
}
