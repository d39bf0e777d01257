//! The process tree: a master that owns the listeners, and workers that are handed the connections it accepts.
//!
//! Holds the channel between the two, the life of a worker, the dealing out of connections and the master's loop. Stands on
//! `base` and `telemetry`. Never knows HTTP or what a generation says: it moves descriptors and opaque bytes.
//!
//! Two laws. A connection that was accepted belongs to exactly one process that will answer it, or that will give it back:
//! the master keeps its copy until a worker is about to read. And whatever a worker does, dies of or says, the master and
//! the other workers go on.

mod accept;
mod acceptor;
mod attend;
mod channel;
mod command;
mod configuration;
mod connection;
mod control;
mod describe;
mod dispatch;
mod environment;
mod errands;
mod event;
mod fleet;
mod flight;
mod lately;
mod ledger;
mod life;
pub mod listen;
mod master;
mod message;
mod oom;
mod orphan;
mod peers;
#[doc(hidden)]
pub mod probe;
mod program;
mod restart;
mod sealed;
mod stream;
mod supervisor;
#[cfg(test)]
mod tests;
pub mod topic;
mod usage;
mod watch;
mod worker;

#[cfg(test)]
pub(crate) use command::Command;
pub use command::{
    Commands, GroupStatus, Handle, Published, Refused, Reloaded, Scaled, Status, TopicStatus, Upgraded, WorkerStatus,
};
pub use configuration::{Configuration, GroupSettings, Loader, Policy};
pub use connection::Connection;
pub use event::{Assignment, Event, Load, WorkerError};
pub use fleet::Cut;
pub use flight::{Asked, Entry, Flight, FlightReport, InFlight, Recorder};
pub use master::{Error, Master, MasterSettings, Notice, Outcome, PredecessorError, Reopen};
pub use oom::Oom;
pub use peers::Peers;
pub use program::Program;
pub use restart::RestartPolicy;
pub use sealed::SealedError;
pub use stream::Stream;
pub use supervisor::Predecessor;
pub use usage::Usage;
pub use worker::WorkerChannel;
