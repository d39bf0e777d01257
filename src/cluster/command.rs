//! What an operator may want of a running master, and the handle through which other parts of the program say it.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::configuration::Policy;

/// Where the answer to a command goes. A caller that no longer waits changes nothing.
pub(crate) type Reply<T> = oneshot::Sender<T>;

/// A command to the master.
#[derive(Debug)]
pub(crate) enum Command {
    /// Say how everything is.
    Status(Reply<Status>),
    /// Read the configuration again and serve it. Answered when it serves, or has failed and the old one serves on.
    Reload(Reply<Result<Reloaded, Refused>>),
    /// The same configuration with new workers.
    Restart(Reply<Result<Reloaded, Refused>>),
    /// Keep so many workers in a group. Answered when they listen, or the surplus has been told to leave.
    Scale { group: Option<String>, workers: u32, reply: Reply<Result<Scaled, Refused>> },
    /// Finish what is under way and end, or end now.
    Stop { now: bool, reply: Reply<()> },
    /// Tell all workers.
    Publish { topic: String, value: String, reply: Reply<Result<Published, Refused>> },
    /// Open the log files again.
    Reopen(Reply<Result<(), Refused>>),
    /// Have a new program take the listeners over.
    Upgrade(Reply<Result<Upgraded, Refused>>),
}

/// Why a command was not carried out. The running generation serves on in every case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The new configuration cannot be read or is broken; the text is the whole report.
    #[error("{0}")]
    Configuration(String),
    /// The new workers, the new program or the files failed; the text says which and how.
    #[error("{0}")]
    Failed(String),
    /// Something that excludes this is under way.
    #[error("{0}")]
    Busy(String),
    /// There is no such group.
    #[error("{0}")]
    Unknown(String),
    /// A number or a text that cannot be: 0 workers, a topic without a name.
    #[error("{0}")]
    Invalid(String),
    /// The master is about to end, or has ended.
    #[error("the master is leaving")]
    Leaving,
}

/// What a reload came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// The generation that serves now.
    pub generation: u64,
    /// How many workers serve it.
    pub workers: usize,
    /// From the order to the last new worker in rotation.
    #[serde(serialize_with = "millis", rename = "took_ms")]
    pub took: Duration,
}

/// What a change of size came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scaled {
    /// The group.
    pub group: String,
    /// How many workers it had, and has.
    pub from: u32,
    /// How many it has now.
    pub to: u32,
}

/// What became of state that was told to all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The number of this change. Later changes have higher ones.
    pub epoch: u64,
    /// How many workers have acknowledged it.
    pub acknowledged: usize,
    /// Workers that have not within the patience, as `GROUP/NUMBER`; they are told still.
    pub laggards: Vec<String>,
}

/// What an upgrade came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upgraded {
    /// The new master.
    pub pid: u32,
}

/// How everything is.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The master's process.
    pub pid: u32,
    /// The generation that serves.
    pub generation: u64,
    /// `serving`, `reloading`, `upgrading` or `draining`.
    pub state: &'static str,
    /// Since the master started, in seconds.
    pub uptime_s: u64,
    /// The groups, in the order of the configuration.
    pub groups: Vec<GroupStatus>,
    /// The workers, in the order of groups and numbers; those that leave last.
    pub workers: Vec<WorkerStatus>,
    /// State that all workers are told, by topic.
    pub topics: Vec<TopicStatus>,
}

/// How one group is.
#[derive(Debug, Clone, Serialize)]
pub struct GroupStatus {
    /// Its name.
    pub group: String,
    /// Where it listens, as bound.
    pub listen: Vec<String>,
    /// How its connections are dealt out.
    pub policy: Policy,
    /// How many workers it should have.
    pub workers: u32,
    /// How many of them are in rotation.
    pub ready: usize,
    /// Connections accepted by the master that wait for a worker.
    pub waiting: usize,
    /// Connections that the master has accepted for it.
    pub accepted: u64,
    /// Workers that were restarted too often, with the reason.
    pub given_up: Vec<String>,
}

/// How one worker is.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerStatus {
    /// Its group.
    pub group: String,
    /// Its number in the group, from 1.
    pub worker: u32,
    /// Its process.
    pub pid: u32,
    /// The generation that it serves.
    pub generation: u64,
    /// `starting`, `online`, `listening`, `retiring` or `draining`; `standby` while its successor is on probation.
    pub state: &'static str,
    /// Whether it is in rotation.
    pub ready: bool,
    /// Open connections, those included that have said nothing yet.
    pub connections: u64,
    /// Requests since it started, as it last said.
    pub requests: u64,
    /// Resident memory, in bytes; 0 when it cannot be read.
    pub rss: u64,
    /// Processor time since it started, in milliseconds, user and system.
    pub cpu_ms: u64,
    /// How often the worker with this number was started again within the window.
    pub restarts: usize,
    /// Since it was started, in seconds.
    pub uptime_s: u64,
    /// Since its last beat, in milliseconds; none before the first.
    pub silent_ms: Option<u64>,
}

/// One piece of state that is told to all.
#[derive(Debug, Clone, Serialize)]
pub struct TopicStatus {
    /// Its name.
    pub topic: String,
    /// Its value.
    pub value: String,
    /// The number of the change that set it.
    pub epoch: u64,
}

fn millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Commands that may wait for the master.
const WAITING: usize = 64;

/// Tells a running master what to do. Clones talk to the same master. Every call ends with [`Refused::Leaving`] when the
/// master ends before it has answered.
#[derive(Debug, Clone)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
}

/// The other end of a [`Handle`], for the master.
#[derive(Debug)]
pub struct Commands(pub(crate) mpsc::Receiver<Command>);

impl Handle {
    /// A handle, and what a master is given so that it hears what is said through it.
    pub fn new() -> (Self, Commands) {
        let (commands, heard) = mpsc::channel(WAITING);
        (Self { commands }, Commands(heard))
    }

    /// How everything is.
    ///
    /// # Errors
    /// The master has ended.
    pub async fn status(&self) -> Result<Status, Refused> {
        self.ask(Command::Status).await
    }

    /// Reads the configuration again and has new workers serve it. Done when they do.
    ///
    /// # Errors
    /// It is broken, or its workers fail: then the old ones serve on.
    pub async fn reload(&self) -> Result<Reloaded, Refused> {
        self.ask(Command::Reload).await?
    }

    /// New workers for the same configuration.
    ///
    /// # Errors
    /// As for [`Handle::reload`].
    pub async fn restart(&self) -> Result<Reloaded, Refused> {
        self.ask(Command::Restart).await?
    }

    /// Keeps so many workers in a group; without a name in the first one.
    ///
    /// # Errors
    /// There is no such group, or the new workers do not get ready.
    pub async fn scale(&self, group: Option<String>, workers: u32) -> Result<Scaled, Refused> {
        self.ask(|reply| Command::Scale { group, workers, reply }).await?
    }

    /// Has the master finish what is under way and end, or end at once.
    ///
    /// # Errors
    /// It has ended already.
    pub async fn stop(&self, now: bool) -> Result<(), Refused> {
        self.ask(|reply| Command::Stop { now, reply }).await
    }

    /// Tells all workers of all groups that `topic` has this value now, those that start later too.
    ///
    /// # Errors
    /// The topic or the value is too long.
    pub async fn publish(&self, topic: String, value: String) -> Result<Published, Refused> {
        self.ask(|reply| Command::Publish { topic, value, reply }).await?
    }

    /// Opens the log files again, here and in every worker.
    ///
    /// # Errors
    /// They cannot be opened.
    pub async fn reopen(&self) -> Result<(), Refused> {
        self.ask(Command::Reopen).await?
    }

    /// Has the program file, as it is now, take the listeners over. Done when its workers listen; this master then leaves.
    ///
    /// # Errors
    /// The new program does not get ready: this one serves on.
    pub async fn upgrade(&self) -> Result<Upgraded, Refused> {
        self.ask(Command::Upgrade).await?
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Refused> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| Refused::Leaving)?;
        answer.await.map_err(|_| Refused::Leaving)
    }
}
