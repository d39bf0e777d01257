//! What the operator wants of a running master, said by signals.

use nix::errno::Errno;
use nix::sys::signal::Signal as NixSignal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// An order to the master.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// Finish what is under way, then end. Said a second time: end now.
    Drain,
    /// End now.
    Stop,
    /// Read the configuration again.
    Reload,
    /// Open the log files again.
    Reopen,
    /// Have a new program take over.
    Upgrade,
    /// One worker more.
    More,
    /// One worker fewer.
    Fewer,
    /// A child has ended; it may be one that nobody knows.
    Child,
}

/// The signals that a master listens to.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
    user1: Signal,
    user2: Signal,
    more: Signal,
    fewer: Signal,
    child: Signal,
}

impl Signals {
    /// Starts listening. Needs a tokio runtime.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
            more: signal(SignalKind::from_raw(NixSignal::SIGTTIN as i32))?,
            fewer: signal(SignalKind::from_raw(NixSignal::SIGTTOU as i32))?,
            child: signal(SignalKind::child())?,
        })
    }

    /// The next order. Dropping the future loses none.
    pub(crate) async fn next(&mut self) -> Control {
        tokio::select! {
            biased;
            _ = self.quit.recv() => Control::Stop,
            _ = self.terminate.recv() => Control::Drain,
            _ = self.interrupt.recv() => Control::Drain,
            _ = self.hangup.recv() => Control::Reload,
            _ = self.user1.recv() => Control::Reopen,
            _ = self.user2.recv() => Control::Upgrade,
            _ = self.more.recv() => Control::More,
            _ = self.fewer.recv() => Control::Fewer,
            _ = self.child.recv() => Control::Child,
        }
    }
}

/// Reaps ended children that are not workers, as process 1 of a container must: they were left to it by others.
///
/// Stops at a worker, which is reaped by who waits for it, and should be called again after that.
pub(crate) fn reap_strangers(is_worker: impl Fn(u32) -> bool) -> usize {
    let mut reaped = 0;
    loop {
        let peek = waitid(Id::All, WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT);
        let pid = match peek {
            Ok(WaitStatus::StillAlive) => return reaped,
            Err(Errno::EINTR) => continue,
            Ok(status) => status.pid(),
            Err(_) => return reaped,
        };
        let stranger = pid.filter(|pid| !is_worker(pid.as_raw().unsigned_abs()));
        let Some(pid) = stranger else { return reaped };
        if waitpid(pid, Some(WaitPidFlag::WNOHANG)).is_err() {
            return reaped;
        }
        reaped += 1;
    }
}
