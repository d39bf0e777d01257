//! The end of a worker whose master is gone: its event loop sees to that, and where that does not turn any more, this does.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};

use crate::telemetry;

/// How long a worker may outlive its master before it knows what its configuration says about that.
const UNTOLD: Duration = Duration::from_secs(30);

/// What a worker has beyond its time to drain, to write its last lines and to end by itself.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long the line about this end may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A thread that waits for the end of the master, and a while later is the end of this process.
#[derive(Debug)]
pub(super) struct Orphan {
    /// In milliseconds.
    within: Arc<AtomicU64>,
}

impl Orphan {
    /// Begins to wait, at a copy of the channel's end.
    ///
    /// # Errors
    /// The system has no room for the thread.
    pub(super) fn watch(channel: OwnedFd) -> std::io::Result<Self> {
        let within = Arc::new(AtomicU64::new(millis(UNTOLD)));
        let told = Arc::clone(&within);
        thread::Builder::new().name("master".to_owned()).spawn(move || {
            if !is_deserted(&channel) {
                return; // the channel cannot be watched: its loop says the same
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "no state is left to wait for: the master is gone, and the loop may be stuck"
            )]
            thread::sleep(Duration::from_millis(told.load(Ordering::Relaxed)).saturating_add(FAREWELL));
            tracing::error!(event = "orphan", "the master is gone and the time to drain is over: this worker ends as it is");
            telemetry::flush(LAST_WORDS);
            // An exit would run what a process does at its end, and may wait there for the thread that is stuck.
            let _dead = kill_process(getpid(), Signal::KILL);
        })?;
        Ok(Self { within })
    }

    /// It may finish what it has for this long.
    pub(super) fn within(&self, drain: Duration) {
        self.within.store(millis(drain), Ordering::Relaxed);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Blocks until the other end of the channel is closed in both directions, which a living master never does.
fn is_deserted(channel: &OwnedFd) -> bool {
    loop {
        let mut socket = [PollFd::new(channel, PollFlags::empty())];
        match poll(&mut socket, None) {
            // It is asked for nothing, so what it says is an end or an error, which it would say again at once.
            Ok(_) => return socket.iter().all(|socket| socket.revents().contains(PollFlags::HUP)),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
