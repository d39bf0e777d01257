//! What a worker is told, what it says about itself, and why it cannot work.

use std::num::NonZeroU32;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::connection::Connection;
use super::flight::Recorder;
use super::sealed::SealedError;

/// What a worker is asked to do.
#[derive(Debug)]
pub enum Event {
    /// Serve this one.
    Connection(Connection),
    /// Nothing more will come: finish what is under way by then, and end.
    Disconnect {
        /// When the master loses its patience.
        deadline: Instant,
    },
    /// State that all workers are told: this topic has this value now.
    Deliver {
        /// Which.
        topic: String,
        /// What it is.
        value: String,
    },
    /// So many workers of this machine live now, of all groups and generations, this one among them: what they may do together in a time is
    /// to be divided by that. Told before the first connection, and at every change.
    Workers {
        /// How many.
        count: NonZeroU32,
    },
    /// What has this name is this worker's to bring.
    Bring {
        /// Which.
        name: String,
    },
    /// Another worker has brought what has this name.
    Take {
        /// Which.
        name: String,
        /// What it is; none when it is nothing that others could use.
        bytes: Option<Vec<u8>>,
    },
    /// Write to these from now on.
    Reopen {
        /// Standard output.
        out: OwnedFd,
        /// Standard error.
        err: OwnedFd,
    },
    /// The master is gone, or has given this worker up for its silence: finish what is under way, and end. Said again at
    /// every call.
    Closed,
}

/// What a worker is told to serve.
#[derive(Debug)]
pub struct Assignment {
    /// The number of the generation.
    pub number: u64,
    /// What it says; opaque here.
    pub generation: Vec<u8>,
    /// How often this worker has to say that it is alive.
    pub beat: Duration,
    /// Where it notes what it is at, for its master to read when it cannot tell any more.
    pub flight: Arc<Recorder>,
}

/// What a worker says about itself with every beat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Connections that are open now.
    pub connections: u64,
    /// Requests answered since the worker started.
    pub requests: u64,
    /// Requests that panicked since the worker started.
    pub panics: u64,
}

/// Why a worker cannot work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// It was started by hand.
    #[error("a worker is started by its master, not by hand: {0}")]
    NotAWorker(String),
    /// The descriptor cannot be used.
    #[error("the channel to the master cannot be used: {0}")]
    Channel(#[from] std::io::Error),
    /// The master closed the channel, or told the worker to leave before it served.
    #[error("the master has no use for this worker any more")]
    Dismissed,
    /// Something else came where the generation was expected.
    #[error("the master did not say what to serve: {0}")]
    Nonsense(String),
    /// What to serve did not arrive whole, or something to bring has no room.
    #[error(transparent)]
    Generation(#[from] SealedError),
    /// The memory for its flight record cannot be used.
    #[error("the flight record cannot be used: {0}")]
    Flight(#[source] std::io::Error),
}
