//! The end of a master: it stops accepting, has its workers finish, and says whom it had to cut.

use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::super::fleet::{Cut, End};
use super::super::master::{Error, Notice, Outcome};
use super::super::program::Spawn;
use super::{Group, Supervisor};

/// Connections taken from the kernel in the last round before the listeners close.
const SWEEP: usize = 4096;

/// How long connections that are accepted already may wait for a worker once the master has been told to stop; and how long
/// clients that have not spoken yet may take to do so when a successor has the listeners, for they did not ask for an end.
const LINGER: Duration = Duration::from_secs(1);

/// The stages of leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    No,
    /// Told to stop; what is accepted already is still dealt out until then.
    Until(Instant),
    /// The workers have been told.
    Told,
}

impl Leaving {
    pub(super) fn wake(self) -> Option<Instant> {
        if let Self::Until(until) = self { Some(until) } else { None }
    }
}

impl<S: Spawn> Supervisor<S> {
    /// Stops accepting. What the kernel has completed for us is answered too; after that, nobody can connect any more.
    /// When a successor has the listeners, what the kernel holds is the successor's.
    pub(super) fn drain(&mut self, succeeded: bool) {
        let waiting: usize = self.groups.values().map(|group| group.dispatch.waiting()).sum();
        info!(event = "drain", waiting);
        (self.notify)(Notice::Stopping);
        for number in self.groups.keys().copied().collect::<Vec<_>>() {
            if !succeeded {
                self.sweep(number);
            }
        }
        self.close_listeners();
        self.leaving = Leaving::Until(Instant::now() + LINGER);
        self.abandon_reload("the master was told to stop");
        self.disinherit();
    }

    /// Closes them; for good, unless another master has them: one that took over, or one that lent them and serves on.
    fn close_listeners(&mut self) {
        let lent = self.predecessor.is_some() && !self.ready;
        let for_good = !self.is_succeeded() && !lent;
        self.groups.values_mut().for_each(|group| group.listeners.close(for_good));
    }

    /// Takes what the kernel has completed for a group whose listeners are about to close.
    pub(super) fn sweep(&mut self, number: u32) {
        let batch = match self.groups.get_mut(&number) {
            // In a shared group the workers have the listeners, and take what is there.
            Some(group) if !group.is_shared() => group.listeners.sweep(SWEEP),
            _ => return,
        };
        self.take(number, batch);
    }

    /// Ends now.
    pub(super) fn stop(&mut self) {
        info!(event = "stop");
        (self.notify)(Notice::Stopping);
        self.leaving = Leaving::Told;
        self.disinherit();
        self.close_listeners();
        self.groups.values_mut().for_each(|group| group.fleet.kill_all());
    }

    /// Takes the next step of leaving, once what was accepted has been dealt out.
    pub(super) fn leave(&mut self, now: Instant) {
        if let Leaving::Until(until) = self.leaving {
            let succeeded = self.is_succeeded();
            let waits = |group: &Group| {
                let count = if succeeded { group.dispatch.owned() } else { group.dispatch.waiting() };
                count > 0 && group.dispatch.anybody_ready()
            };
            if now >= until || !self.groups.values().any(waits) {
                self.leaving = Leaving::Told;
                self.groups.values_mut().for_each(|group| group.fleet.drain_all(now));
            }
        }
        if self.leaving == Leaving::Told {
            self.unserved += self.groups.values_mut().map(|group| group.dispatch.close_queue()).sum::<usize>();
        }
    }

    /// How it all ended, once it has: every group has, and not all of them by their own fault.
    pub(super) fn end(&mut self) -> Option<End> {
        if self.heir.is_some() && self.leaving == Leaving::No {
            return None;
        }
        let mut cuts = Vec::new();
        let mut given_up = Vec::new();
        let mut last = None;
        let several = self.groups.len() > 1;
        if self.leaving == Leaving::No && self.groups.values().any(|group| !group.fleet.is_given_up()) {
            return None;
        }
        for group in self.groups.values_mut() {
            match group.fleet.end()? {
                End::Stopped(cut) => cuts.extend(cut),
                End::GaveUp { reason, status } => {
                    given_up.push(if several { format!("group {}: {reason}", group.settings.name) } else { reason });
                    last = status.or(last);
                }
            }
        }
        if self.leaving == Leaving::No {
            Some(End::GaveUp { reason: given_up.join("; "), status: last })
        } else {
            Some(End::Stopped(cuts))
        }
    }

    pub(super) fn close(mut self, end: End) -> Result<Outcome, Error> {
        self.unserved += self.groups.values_mut().map(|group| group.dispatch.close_queue()).sum::<usize>();
        self.close_listeners();
        match end {
            End::Stopped(cut) => {
                for Cut { worker, connections, reason } in &cut {
                    warn!(event = "cut", worker, connections, reason);
                }
                info!(event = "stopped", cut = cut.iter().map(|one| one.connections).sum::<u64>(), unserved = self.unserved);
                Ok(Outcome { cut, unserved: self.unserved })
            }
            End::GaveUp { reason, status } => {
                if let Some(predecessor) = &mut self.predecessor {
                    predecessor.fail(&reason);
                }
                Err(Error::GaveUp { reason, status })
            }
        }
    }

    /// Forgets groups that the configuration no longer has, once their last worker has ended.
    pub(super) fn drop_empty_groups(&mut self) {
        let gone = |group: &mut Group| group.removed && group.fleet.end().is_some();
        self.groups.retain(|_, group| !gone(group));
    }
}
