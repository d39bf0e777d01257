//! The master's front door: what it is given, and how it ends.

use std::num::NonZeroU32;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{info, warn};

use super::accept::Listeners;
use super::control::Signals;
use super::fleet::{Cut, Rules};
use super::listen::Bound;
use super::program::Program;
use super::restart::RestartPolicy;
use super::sealed::{Sealed, SealedError};
use super::supervisor::Supervisor;

/// Descriptors that are not for connections: for the master itself, and for each worker.
const RESERVE: (u64, u64) = (64, 4);

/// What a master is given.
#[derive(Debug)]
pub struct MasterSettings {
    /// Bound and listening sockets, as [`listen::bind_all`](super::listen::bind_all) gives them.
    pub listeners: Vec<Bound>,
    /// How many worker processes.
    pub workers: NonZeroU32,
    /// What every worker is told to serve; opaque here.
    pub generation: Vec<u8>,
    /// What a worker runs.
    pub program: Program,
    /// How long a worker has from fork to listening; [`MasterSettings::START`] is a good choice.
    pub start: Duration,
    /// How long a worker that leaves may finish what it has.
    pub drain: Duration,
    /// How a worker that ended is started again.
    pub restart: RestartPolicy,
}

impl MasterSettings {
    /// The usual time from fork to listening.
    pub const START: Duration = Duration::from_secs(30);
}

/// How a master ended that was told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The workers that ended with connections open, over the whole life of the master.
    pub cut: Vec<Cut>,
    /// Connections that were accepted and closed without having reached a worker that would read from them.
    pub unserved: usize,
}

/// Why a master ended that was not told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Every worker was restarted too often.
    #[error("every worker was given up: {reason}")]
    GaveUp {
        /// Which worker, how often, and how it ended the last time.
        reason: String,
        /// How the last worker ended, if it was ever started.
        status: Option<ExitStatus>,
    },
    /// The configuration cannot be handed to workers.
    #[error(transparent)]
    Generation(#[from] SealedError),
    /// The master cannot watch its listeners.
    #[error("the listeners cannot be used: {0}")]
    Listeners(std::io::Error),
    /// The master cannot be told anything.
    #[error("signals cannot be received: {0}")]
    Signals(std::io::Error),
}

/// The process that owns the listeners and the workers.
#[derive(Debug)]
pub struct Master;

impl Master {
    /// Starts the workers and runs until a signal ends it: TERM or INT drains, a second one or QUIT stops at once.
    ///
    /// Wants a tokio runtime of one thread, on the main thread, with I/O and time. It raises this process's limit of open
    /// files as far as it may.
    ///
    /// # Errors
    /// Every worker was given up, or the master could not start.
    pub async fn run(settings: MasterSettings) -> Result<Outcome, Error> {
        let signals = Signals::new().map_err(Error::Signals)?;
        let workers = settings.workers.get();
        let capacity = raise_descriptor_limit().saturating_sub(RESERVE.0 + RESERVE.1 * u64::from(workers)).max(RESERVE.0);
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
        let generation = Sealed::new(&settings.generation)?;
        let listeners = Listeners::new(settings.listeners).map_err(Error::Listeners)?;
        let rules = Rules { restart: settings.restart, start: settings.start, drain: settings.drain };
        Supervisor::new(settings.program, workers, rules, generation, capacity).run(listeners, signals).await
    }
}

/// Every connection is a descriptor, for a moment in the master and then in a worker, which inherits the limit. Returns it.
fn raise_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let (from, to) = (limit.current, limit.maximum);
    if from == to {
        return from.unwrap_or(u64::MAX);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: to, maximum: to }) {
        Ok(()) => {
            info!(event = "setup", from, to, "raised the limit of open files");
            to.unwrap_or(u64::MAX)
        }
        Err(error) => {
            warn!(event = "setup", from, reason = %error, "the limit of open files stays");
            from.unwrap_or(u64::MAX)
        }
    }
}
