//! A worker's end of the channel: what it is told, what it says.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::warn;

use super::accept::Accepted;
use super::acceptor::Acceptor;
use super::channel::{Channel, Packet, Receiver, SendError};
use super::connection::{Connection, Shared};
use super::environment::{self, Retire};
use super::event::{Assignment, Event, Load, WorkerError};
use super::flight::Recorder;
use super::ledger::{Gauge, Ledger};
use super::message::{Malformed, Message, PROTOCOL, Side, reason, told};
use super::orphan::Orphan;
use super::peers::Peers;
use super::sealed::Sealed;

/// Malformed packets that a worker puts up with before it takes its master for mad, and leaves.
const FAULTS: u32 = 16;

/// A worker's end of the channel.
#[derive(Debug)]
pub struct WorkerChannel {
    group: String,
    worker: u32,
    shared: Arc<Shared>,
    receiver: Receiver,
    /// Connections that have arrived and have not been picked up.
    arrived: VecDeque<Connection>,
    /// Under the policy `shared`, while connections are welcome.
    acceptor: Option<Acceptor>,
    beat: Option<AbortHandle>,
    beat_every: Duration,
    flight: Option<Arc<Recorder>>,
    retire: Option<Retire>,
    /// The newest state that was delivered, to be acknowledged when it has been taken in.
    epoch: Option<u64>,
    faults: u32,
    closed: bool,
    orphan: Option<Orphan>,
}

/// How often a worker beats that has not been told.
const BEAT: Duration = Duration::from_secs(1);

impl WorkerChannel {
    /// Takes the channel that the master left on standard input, and puts `/dev/null` there instead. From now on TERM makes
    /// this worker retire, it does not outlive its master for long, and the signals that a terminal sends to a whole group are left to the master.
    ///
    /// Needs a tokio runtime with I/O; call it once, on the main thread.
    ///
    /// # Errors
    /// This process was not started by a master.
    pub fn from_env() -> Result<Self, WorkerError> {
        let (group, worker, socket) = environment::channel()?;
        let orphan = Orphan::watch(socket.try_clone()?)?;
        let mut channel = Self::new(worker, socket)?;
        channel.group = group;
        channel.orphan = Some(orphan);
        channel.retire = Some(Retire::on_signal()?);
        Ok(channel)
    }

    /// Takes a channel from anywhere.
    pub(crate) fn new(worker: u32, socket: OwnedFd) -> Result<Self, WorkerError> {
        let channel = Arc::new(Channel::new(socket)?);
        let receiver = Receiver::new(Arc::clone(&channel), Side::Worker);
        let shared =
            Arc::new(Shared { channel, ledger: Ledger::new(), leaving: watch::Sender::new(false), flight: OnceLock::new() });
        let arrived = VecDeque::new();
        let (acceptor, beat, beat_every, flight, retire, epoch) = (None, None, BEAT, None, None, None);
        Ok(Self {
            group: String::new(),
            worker,
            shared,
            receiver,
            arrived,
            acceptor,
            beat,
            beat_every,
            flight,
            retire,
            epoch,
            faults: 0,
            closed: false,
            orphan: None,
        })
    }

    /// This process ends soon after so long without a master, whatever it is at.
    pub fn outlives_its_master(&self, drain: Duration) {
        if let Some(orphan) = &self.orphan {
            orphan.within(drain);
        }
    }

    /// The name of this worker's group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// This worker's number in its group, from 1. A worker that replaces another has its number.
    pub fn worker(&self) -> u32 {
        self.worker
    }

    /// Says hello and is told what to serve.
    ///
    /// # Errors
    /// The master is gone or has changed its mind, or the bytes did not arrive whole.
    pub async fn generation(&mut self) -> Result<Assignment, WorkerError> {
        self.say(&Message::Hello { protocol: PROTOCOL, worker: self.worker, pid: std::process::id() }).await?;
        match self.receiver.recv().await {
            Packet::Message(Message::Generation { number, length, beat }, descriptors) => {
                let mut descriptors = descriptors.into_iter();
                let (Some(snapshot), Some(flight)) = (descriptors.next(), descriptors.next()) else {
                    return Err(WorkerError::Dismissed);
                };
                self.beat_every = Duration::from_millis(beat.clamp(1, u64::from(u32::MAX)));
                self.shared.ledger.beat(self.beat_every);
                let flight = Arc::new(Recorder::new(flight).map_err(WorkerError::Flight)?);
                self.flight = Some(Arc::clone(&flight));
                // It is told once; a second generation would have ended in `Nonsense`.
                let _first = self.shared.flight.set(Arc::clone(&flight));
                Ok(Assignment { number, generation: Sealed::read(snapshot, length)?, beat: self.beat_every, flight })
            }
            Packet::Message(Message::Disconnect { .. }, _) | Packet::Closed => Err(WorkerError::Dismissed),
            Packet::Message(message, _) => Err(WorkerError::Nonsense(untimely(&message))),
            Packet::Malformed(malformed) => Err(WorkerError::Nonsense(malformed.to_string())),
        }
    }

    /// Says that the generation is understood.
    ///
    /// # Errors
    /// The master is gone.
    pub async fn online(&self) -> Result<(), WorkerError> {
        self.say(&Message::Online {}).await
    }

    /// Says that connections are welcome, and from now on with every beat, and with what it takes, how `load` finds this
    /// worker. That comes from the runtime of the caller, so a worker whose loop is stuck falls silent. `load` is called
    /// often, from any thread: it should do no more than read counters.
    ///
    /// # Errors
    /// The master is gone.
    pub async fn listening(&mut self, load: impl Fn() -> Load + Send + Sync + 'static) -> Result<(), WorkerError> {
        let load: Gauge = Arc::new(load);
        self.shared.ledger.gauge(Arc::clone(&load));
        self.say(&Message::Listening {}).await?;
        self.beat = Some(tokio::spawn(beat(Arc::clone(&self.shared), self.flight.clone(), self.beat_every, load)).abort_handle());
        Ok(())
    }

    /// What comes next. Dropping the future loses nothing; connections that have arrived wait in here.
    pub async fn next(&mut self) -> Event {
        loop {
            if let Some(connection) = self.arrived.pop_front() {
                self.shared.ledger.see();
                return Event::Connection(connection);
            }
            if self.closed {
                self.leave();
                return Event::Closed;
            }
            if self.shared.ledger.is_behind() {
                // A channel that is closed says so below.
                let _ = self.shared.ledger.pay(&self.shared.channel).await;
            }
            // Whoever asks for the next event has taken the last one in.
            if let Some(epoch) = self.epoch.take() {
                let _ = self.say(&Message::Delivered { epoch }).await;
            }
            tokio::select! {
                biased;
                () = Retire::wanted(&mut self.retire) => self.retire("it was asked to by SIGTERM").await,
                packet = self.receiver.recv() => {
                    if let Some(event) = self.unpack(packet) {
                        return event;
                    }
                }
                () = self.shared.ledger.disowned() => {
                    warn!(event = "disowned", worker = self.worker, "the master has passed on what this worker did not take");
                    self.arrived.clear();
                    self.closed = true;
                }
                accepted = accept(&mut self.acceptor) => {
                    return Event::Connection(Connection::accepted(accepted, Arc::clone(&self.shared)));
                }
            }
        }
    }

    /// Has all workers told that `topic` has this value now, this one too.
    ///
    /// # Errors
    /// The master is gone, or the topic or the value is too long.
    pub async fn publish(&self, topic: &str, value: &str) -> Result<(), WorkerError> {
        told(topic, value).map_err(|malformed| WorkerError::Nonsense(malformed.to_string()))?;
        self.say(&Message::Publish { topic: topic.to_owned(), value: value.to_owned() }).await
    }

    /// The other workers of this group and generation.
    pub fn peers(&self) -> Peers {
        Peers::new(Arc::clone(&self.shared))
    }

    /// Asks to be replaced. This worker goes on serving; [`Event::Disconnect`] comes when its replacement is ready.
    pub async fn retire(&self, why: &str) {
        // A master that is gone says so to `next`.
        let _ = self.say(&Message::Retiring { reason: reason(why) }).await;
    }

    /// The last word: why this worker ends, and how many connections it had to cut.
    pub async fn exit(self, why: &str, cut: u64) {
        // Whoever cannot be told is gone, and will not miss the rest either.
        let _ = self.shared.ledger.pay(&self.shared.channel).await;
        let _ = self.say(&Message::Exit { reason: reason(why), cut }).await;
    }

    /// Beats no more, for tests of the master.
    #[cfg(test)]
    pub(crate) fn fall_silent(&mut self) {
        if let Some(beat) = self.beat.take() {
            beat.abort();
        }
    }

    /// Says anything at all, for tests of the master.
    #[cfg(test)]
    pub(crate) async fn say_raw(&self, message: &Message, descriptors: &[std::os::fd::BorrowedFd<'_>]) {
        let _ = self.shared.channel.send(message, descriptors).await;
    }

    fn unpack(&mut self, packet: Packet) -> Option<Event> {
        match packet {
            Packet::Message(Message::Connection { connections }, descriptors) => {
                let missing = connections.get(descriptors.len()..).unwrap_or_default().to_vec();
                for (handoff, descriptor) in connections.into_iter().zip(descriptors) {
                    self.arrived.push_back(Connection::new(descriptor, &handoff, Arc::clone(&self.shared)));
                }
                if !missing.is_empty() {
                    let count = missing.len();
                    warn!(event = "accept", worker = self.worker, count, "no room for more descriptors: connections go back");
                    // This process has no room for more descriptors; the master still has its copies.
                    for handoff in missing {
                        self.shared.ledger.see();
                        self.shared.ledger.refuse(handoff.number);
                    }
                    self.shared.ledger.pay_now(&self.shared.channel);
                }
                None
            }
            Packet::Message(Message::Listeners { listeners }, descriptors) => {
                self.share(&listeners, descriptors);
                None
            }
            Packet::Message(Message::Deliver { epoch, topic, value }, _) => {
                self.epoch = Some(epoch);
                Some(Event::Deliver { topic, value })
            }
            Packet::Message(Message::Workers { count }, _) => {
                // None at all would leave this one out.
                Some(Event::Workers { count: NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN) })
            }
            Packet::Message(Message::Bring { name }, _) => Some(Event::Bring { name }),
            Packet::Message(Message::Take { name, length }, descriptors) => {
                let bytes = descriptors.into_iter().next().map(|body| Sealed::read(body, length)).transpose();
                let bytes = bytes.unwrap_or_else(|error| {
                    warn!(event = "errand", worker = self.worker, reason = %error, "what another worker has brought cannot be read");
                    None
                });
                Some(Event::Take { name, bytes })
            }
            Packet::Message(Message::Reopen {}, descriptors) => {
                let mut descriptors = descriptors.into_iter();
                let (out, err) = (descriptors.next()?, descriptors.next()?);
                Some(Event::Reopen { out, err })
            }
            Packet::Message(Message::Disconnect { within }, _) => {
                self.leave();
                Some(Event::Disconnect { deadline: Instant::now() + Duration::from_millis(within.min(u64::from(u32::MAX))) })
            }
            Packet::Message(message, _) => {
                self.fault(&untimely(&message));
                None
            }
            Packet::Malformed(malformed) => {
                self.fault(&malformed.to_string());
                None
            }
            Packet::Closed => {
                self.closed = true;
                None
            }
        }
    }

    /// Accepts from these and from no others from now on.
    fn share(&mut self, numbers: &[u32], listeners: Vec<OwnedFd>) {
        if *self.shared.leaving.borrow() {
            return; // others accept from them
        }
        let acceptor = self.acceptor.insert(Acceptor::default());
        let added = numbers.iter().zip(listeners).try_for_each(|(number, listener)| acceptor.add(*number, listener));
        if let Err(error) = added {
            // This worker is of little use; the master finds that it is gone, and says why.
            warn!(event = "accept", worker = self.worker, reason = %error, "a listener cannot be used");
            self.closed = true;
        }
    }

    /// No more connections will come.
    fn leave(&mut self) {
        self.acceptor = None;
        self.shared.leaving.send_replace(true);
    }

    fn fault(&mut self, what: &str) {
        self.faults += 1;
        warn!(event = "message", worker = self.worker, faults = self.faults, reason = what);
        self.closed |= self.faults >= FAULTS;
    }

    async fn say(&self, message: &Message) -> Result<(), WorkerError> {
        self.shared.channel.send(message, &[]).await.map_err(|error| match error {
            SendError::Broken(error) => WorkerError::Channel(error),
            SendError::Closed | SendError::Full | SendError::Malformed(_) => WorkerError::Dismissed,
        })
    }
}

fn untimely(message: &Message) -> String {
    Malformed::Untimely(message.name()).to_string()
}

impl Drop for WorkerChannel {
    fn drop(&mut self) {
        if let Some(beat) = self.beat.take() {
            beat.abort();
        }
    }
}

/// The next connection that this worker accepts itself; never, when it is not to.
async fn accept(acceptor: &mut Option<Acceptor>) -> Accepted {
    match acceptor {
        Some(acceptor) => acceptor.accept().await,
        None => std::future::pending().await,
    }
}

/// Beats until the channel is closed.
async fn beat(shared: Arc<Shared>, flight: Option<Arc<Recorder>>, every: Duration, load: Gauge) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Some(flight) = &flight {
            flight.beat();
        }
        shared.ledger.pay_now(&shared.channel);
        let Load { connections, requests, panics } = load();
        match shared.channel.try_send(&Message::Beat { connections, requests, panics }, &[]) {
            Ok(()) | Err(SendError::Full) => {}
            Err(_) => {
                shared.ledger.part(&shared.channel);
                return;
            }
        }
    }
}
