//! The master's front door: what it is given, and how it ends.

use std::fmt;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{info, warn};

use super::command::Commands;
use super::configuration::{Configuration, Loader};
use super::control::Signals;
use super::fleet::Cut;
use super::listen::Bound;
use super::message::MOST_DESCRIPTORS;
use super::program::Program;
use super::sealed::SealedError;
use super::supervisor::{Predecessor, Setup, Supervisor};

/// Descriptors that are not for connections: for the master itself, and for each worker.
const RESERVE: (u64, u64) = (64, 8);

/// What a master has to tell whoever started it, as it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Every group has its workers, for the first time.
    Ready {
        /// How many are in rotation.
        workers: usize,
    },
    /// A reload has begun.
    Reloading,
    /// The reload is over, this generation serves.
    Reloaded {
        /// Its number.
        generation: u64,
    },
    /// The reload is over, the generation before serves on.
    Kept {
        /// Why.
        reason: String,
    },
    /// A new master serves; this one leaves.
    HandedOver {
        /// The new master's process.
        pid: u32,
    },
    /// The end has begun.
    Stopping,
}

/// Opens the log files again, makes them this process's standard output and standard error, and gives copies of the two
/// for the workers.
pub type Reopen = Arc<dyn Fn() -> std::io::Result<(OwnedFd, OwnedFd)> + Send + Sync>;

/// What a master is given.
pub struct MasterSettings {
    /// What to serve first.
    pub configuration: Configuration,
    /// Bound and listening sockets for all addresses of all groups.
    pub listeners: Vec<Bound>,
    /// Reads the configuration again, for a reload.
    pub load: Loader,
    /// What a worker runs.
    pub program: Program,
    /// How long a worker has from fork to listening; [`MasterSettings::START`] is a good choice.
    pub start: Duration,
    /// How many connections a packet to a worker may carry; more than [`MasterSettings::BATCH`] is that.
    pub batch: usize,
    /// Where commands come from.
    pub commands: Commands,
    /// Called with everything that whoever started this master may want to know. It must not block.
    pub notify: Arc<dyn Fn(Notice) + Send + Sync>,
    /// Opens the log files again, where there are any.
    pub reopen: Option<Reopen>,
    /// The master whose place this one takes.
    pub predecessor: Option<Predecessor>,
}

impl MasterSettings {
    /// The usual time from fork to listening.
    pub const START: Duration = Duration::from_secs(30);

    /// The most connections in a packet, and the usual number.
    pub const BATCH: usize = MOST_DESCRIPTORS;
}

impl fmt::Debug for MasterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { configuration, listeners, program, start, predecessor, .. } = self;
        f.debug_struct("MasterSettings")
            .field("configuration", configuration)
            .field("listeners", listeners)
            .field("program", program)
            .field("start", start)
            .field("predecessor", predecessor)
            .finish_non_exhaustive()
    }
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

/// Why a master cannot take the place of the one that started it.
#[derive(Debug, thiserror::Error)]
pub enum PredecessorError {
    /// It has ended or changed its mind.
    #[error("the old master is gone")]
    Gone,
    /// It says something that this master does not understand.
    #[error("the old master hands over in a way that this one does not understand: {0}")]
    Nonsense(String),
    /// The channel to it cannot be used.
    #[error("the channel to the old master cannot be used: {0}")]
    Channel(#[from] std::io::Error),
}

/// The process that owns the listeners and the workers.
#[derive(Debug)]
pub struct Master;

impl Master {
    /// Starts the workers and runs until it is told to end. Signals: TERM and INT drain, a second one and QUIT stop at once,
    /// HUP reloads, USR1 opens the log files again, USR2 has a new program take over, TTIN and TTOU start a worker more or
    /// fewer in the first group.
    ///
    /// Wants a tokio runtime of one thread, on the main thread, with I/O and time. It raises this process's limit of open
    /// files as far as it may.
    ///
    /// # Errors
    /// Every worker was given up, or the master could not start.
    pub async fn run(settings: MasterSettings) -> Result<Outcome, Error> {
        let signals = Signals::new().map_err(Error::Signals)?;
        let MasterSettings { configuration, listeners, load, program, start, batch, commands, notify, reopen, predecessor } =
            settings;
        let workers: u64 = configuration.groups.iter().map(|group| u64::from(group.workers.get())).sum();
        let capacity = raise_descriptor_limit().saturating_sub(RESERVE.0 + RESERVE.1 * workers).max(RESERVE.0);
        let capacity = usize::try_from(capacity).unwrap_or(usize::MAX);
        let spawner = program;
        let setup = Setup { spawner, configuration, listeners, load, start, batch, capacity, notify, reopen, predecessor };
        Supervisor::new(setup)?.run(signals, commands.0).await
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
