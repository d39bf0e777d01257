//! A new program takes over: it is started beside this master, is given the listeners and what all workers have been told,
//! and says when it serves. Only then does this master leave; until then nothing here has changed.
//!
//! ```text
//! old master                              new master
//!   starts the program file as it is now
//!                     <---- hello -----
//!   everything told   ---- deliver ---->
//!   listeners         ----- adopt ----->   reads its configuration, binds what is missing, starts its workers
//!                     <---- online ----
//!   drains            <-- listening ---    serves
//! ```
//!
//! These messages may cross versions: their form is fixed by [`HANDOVER`].

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tracing::{error, info, warn};

use super::super::attend::{Report, attend};
use super::super::channel::{Channel, Packet, Receiver};
use super::super::command::{Refused, Reply, Upgraded};
use super::super::describe::describe;
use super::super::environment;
use super::super::fleet::Key;
use super::super::listen::Bound;
use super::super::master::{Notice, PredecessorError};
use super::super::message::{MOST_DESCRIPTORS, Message, Side, reason};
use super::super::program::{Process, Spawn};
use super::topics::Topic;
use super::{Leaving, Supervisor};

/// The version of what two masters say to each other. It changes only when an old master could not understand a new one.
const HANDOVER: u32 = 1;

/// How long a new master may take beyond the time that a worker has.
const MARGIN: Duration = Duration::from_secs(10);

/// Reports of the new master that may wait.
const REPORTS: usize = 16;

/// A new master that is to take this one's place.
#[derive(Debug)]
pub(super) struct Heir {
    channel: Arc<Channel>,
    kill: Arc<Notify>,
    pid: u32,
    news: mpsc::Receiver<(Key, Report)>,
    deadline: Instant,
    reply: Option<Reply<Result<Upgraded, Refused>>>,
    /// What it said last about why it cannot.
    said: Option<String>,
    /// It serves.
    succeeded: bool,
    killed: bool,
}

impl Heir {
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// By when it must serve, or be killed.
    pub(super) fn deadline(&self) -> Instant {
        // One that serves, or is being killed, is waited for without a limit.
        if self.succeeded || self.killed { self.deadline + Duration::from_secs(365 * 86_400) } else { self.deadline }
    }
}

/// What the new master does, if there is one. Dropping the future loses nothing.
pub(super) async fn news(heir: &mut Option<Heir>) -> Report {
    match heir {
        Some(heir) => match heir.news.recv().await {
            Some((_, report)) => report,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

impl<S: Spawn> Supervisor<S> {
    /// Starts the program file, as it is now, as a master of its own.
    pub(super) fn upgrade(&mut self, reply: Option<Reply<Result<Upgraded, Refused>>>) {
        let refused = if self.heir.is_some() {
            Some(Refused::Busy("an upgrade is under way".to_owned()))
        } else if self.reload.is_some() || !self.scalings.is_empty() {
            let why = "a reload or a change of size is under way: upgrade when it is over; this master serves on";
            Some(Refused::Busy(why.to_owned()))
        } else if std::process::id() == 1 {
            let why = "process 1 of a container cannot leave without ending the container: replace the container instead; \
                       this master serves on";
            Some(Refused::Failed(why.to_owned()))
        } else {
            None
        };
        let started = refused.map_or_else(|| self.start_heir(), Err);
        match started {
            Ok(heir) => {
                info!(event = "upgrade", pid = heir.pid, "a new master starts");
                self.heir = Some(Heir { reply, ..heir });
            }
            Err(refused) => {
                error!(event = "upgrade", reason = %refused, "failed");
                if let Some(reply) = reply {
                    let _ = reply.send(Err(refused));
                }
            }
        }
    }

    fn start_heir(&mut self) -> Result<Heir, Refused> {
        // The new master is given them as they are.
        self.mend_listeners(|_| true).map_err(|error| Refused::Failed(format!("{error}; this master serves on")))?;
        let started = Channel::pair().and_then(|(channel, theirs)| Ok((channel, self.spawner.spawn_heir(theirs)?)));
        let (channel, process) = started.map_err(|error| {
            let program = self.spawner.heir_program();
            Refused::Failed(format!("the new program {program} could not be started: {error}; this master serves on"))
        })?;
        let (channel, kill, pid) = (Arc::new(channel), Arc::new(Notify::new()), process.id());
        let (reports, news) = mpsc::channel(REPORTS);
        let receiver = Receiver::new(Arc::clone(&channel), Side::Master);
        self.tasks.spawn(attend(Key::HEIR, receiver, process, Arc::clone(&kill), reports));
        let deadline = Instant::now() + self.start + MARGIN;
        Ok(Heir { channel, kill, pid, news, deadline, reply: None, said: None, succeeded: false, killed: false })
    }

    pub(super) fn hear_heir(&mut self, report: Report) {
        let Some(heir) = &mut self.heir else { return };
        match report {
            Report::Said(Message::Hello { protocol, pid, .. }) => {
                let problem = if protocol != HANDOVER {
                    Some(format!("it hands over by version {protocol}, this master by version {HANDOVER}"))
                } else if pid != heir.pid {
                    Some(format!("it says that it is process {pid}, not {}", heir.pid))
                } else {
                    self.bequeath().err().map(|error| format!("it could not be given the listeners: {error}"))
                };
                if let Some(problem) = problem {
                    self.give_heir_up(problem);
                }
            }
            Report::Said(Message::Online {}) => info!(event = "upgrade", pid = heir.pid, "the new master has its configuration"),
            Report::Said(Message::Listening {}) => self.abdicate(),
            Report::Said(Message::Exit { reason, .. }) => heir.said = Some(reason),
            Report::Said(_) | Report::Brought { .. } | Report::Malformed(_) => {
                warn!(event = "message", pid = heir.pid, "the new master makes no sense")
            }
            Report::Silent => {}
            Report::Ended(status) => {
                let how = status.map_or_else(|| "ended".to_owned(), describe);
                let succeeded = heir.succeeded;
                let said = heir.said.take().map(|said| format!(": {said}")).unwrap_or_default();
                if succeeded {
                    error!(event = "upgrade", pid = heir.pid, reason = format!("{how}{said}"), "the new master is gone");
                } else {
                    self.lose_heir(&format!("{how}{said}"));
                }
            }
        }
    }

    /// Gives the new master everything that it needs.
    fn bequeath(&self) -> Result<(), super::super::channel::SendError> {
        let Some(heir) = &self.heir else { return Ok(()) };
        for message in self.topics.messages() {
            heir.channel.try_send(&message, &[])?;
        }
        let held: Vec<_> = self.groups.values().flat_map(|group| group.listeners.bound()).collect();
        let mut packets = held.chunks(MOST_DESCRIPTORS).peekable();
        if packets.peek().is_none() {
            return heir.channel.try_send(&Message::Adopt { listeners: Vec::new(), last: true }, &[]);
        }
        while let Some(packet) = packets.next() {
            let listeners = packet.iter().map(|(wanted, address, _)| ((*wanted).clone(), (*address).clone())).collect();
            let sockets: Vec<_> = packet.iter().map(|(_, _, socket)| socket.as_fd()).collect();
            heir.channel.try_send(&Message::Adopt { listeners, last: packets.peek().is_none() }, &sockets)?;
        }
        Ok(())
    }

    /// The new master serves: this one leaves.
    fn abdicate(&mut self) {
        let Some(heir) = &mut self.heir else { return };
        if heir.succeeded || self.leaving != Leaving::No {
            return;
        }
        heir.succeeded = true;
        let pid = heir.pid;
        info!(event = "upgrade", pid, "the new master serves: this one leaves");
        (self.notify)(Notice::HandedOver { pid });
        if let Some(reply) = heir.reply.take() {
            let _ = reply.send(Ok(Upgraded { pid }));
        }
        self.drain(true);
    }

    /// Whether a new master serves in this one's place.
    pub(super) fn is_succeeded(&self) -> bool {
        self.heir.as_ref().is_some_and(|heir| heir.succeeded)
    }

    /// This master is told to end: one that is to take its place, and does not yet, ends with it.
    pub(super) fn disinherit(&mut self) {
        if !self.is_succeeded() {
            self.give_heir_up("the old master was told to stop".to_owned());
        }
    }

    /// Kills a new master that is late.
    pub(super) fn hurry_heir(&mut self, now: Instant) {
        if self.heir.as_ref().is_some_and(|heir| heir.deadline() <= now) {
            self.give_heir_up("it did not serve in the time to start".to_owned());
        }
    }

    /// Kills it; the rest happens when it has ended.
    fn give_heir_up(&mut self, why: String) {
        if let Some(heir) = &mut self.heir {
            heir.said = Some(why);
            heir.killed = true;
            heir.kill.notify_one();
        }
    }

    fn lose_heir(&mut self, how: &str) {
        let Some(heir) = self.heir.take() else { return };
        let serves = if self.leaving == Leaving::No { "; this master serves on" } else { "" };
        let refused = Refused::Failed(format!("the new master of {} {how}{serves}", self.spawner.heir_program()));
        error!(event = "upgrade", reason = %refused, "failed");
        if let Some(reply) = heir.reply {
            let _ = reply.send(Err(refused));
        }
        self.reload_again();
    }
}

/// The master whose place this one is to take.
#[derive(Debug)]
pub struct Predecessor {
    channel: Arc<Channel>,
    receiver: Receiver,
    topics: BTreeMap<String, Topic>,
}

impl Predecessor {
    /// The master that started this one, if one did. Needs a tokio runtime with I/O; call it once, on the main thread.
    ///
    /// # Errors
    /// The environment speaks of a channel that is none.
    pub fn from_env() -> Result<Option<Self>, PredecessorError> {
        let Some(socket) = environment::predecessor()? else { return Ok(None) };
        let channel = Arc::new(Channel::new(socket)?);
        let receiver = Receiver::new(Arc::clone(&channel), Side::Worker);
        Ok(Some(Self { channel, receiver, topics: BTreeMap::new() }))
    }

    /// Takes over its listeners.
    ///
    /// # Errors
    /// It is gone, or says something else.
    pub async fn adopt(&mut self) -> Result<Vec<Bound>, PredecessorError> {
        let hello = Message::Hello { protocol: HANDOVER, worker: 0, pid: std::process::id() };
        self.channel.send(&hello, &[]).await.map_err(|error| PredecessorError::Nonsense(error.to_string()))?;
        let mut adopted = Vec::new();
        loop {
            match self.receiver.recv().await {
                Packet::Message(Message::Deliver { epoch, topic, value }, _) => {
                    self.topics.insert(topic, Topic { epoch, value });
                }
                Packet::Message(Message::Adopt { listeners, last }, sockets) => {
                    let bound = listeners.into_iter().zip(sockets);
                    adopted.extend(bound.map(|((wanted, address), socket)| Bound { socket, wanted, address }));
                    if last {
                        return Ok(adopted);
                    }
                }
                Packet::Message(message, _) => return Err(PredecessorError::Nonsense(message.name().to_owned())),
                Packet::Malformed(malformed) => return Err(PredecessorError::Nonsense(malformed.to_string())),
                Packet::Closed => return Err(PredecessorError::Gone),
            }
        }
    }

    /// Tells it that the configuration is good.
    pub fn online(&self) {
        self.say(&Message::Online {});
    }

    /// Tells it why this master cannot take its place.
    pub fn fail(&self, why: &str) {
        self.say(&Message::Exit { reason: reason(why), cut: 0 });
    }

    /// Tells it that this master serves.
    pub(super) fn succeed(&self) {
        self.say(&Message::Listening {});
    }

    fn say(&self, message: &Message) {
        // A predecessor that is gone no longer needs to know.
        let _ = self.channel.try_send(message, &[]);
    }

    pub(super) fn topics(&self) -> BTreeMap<String, Topic> {
        self.topics.clone()
    }
}
