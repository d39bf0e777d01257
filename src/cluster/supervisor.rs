//! The master's loop: it carries out what the fleet decides, deals connections out, and tells the fleet what happened.

mod hear;

use std::collections::BTreeMap;
use std::future::Future;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::accept::{Batch, Listeners};
use super::attend::{Report, attend};
use super::channel::{Channel, Receiver, SendError};
use super::configuration::Policy;
use super::control::{Control, Signals};
use super::dispatch::Dispatch;
use super::fleet::{Action, End, Fleet, Key, Rules};
use super::flight::Flight;
use super::master::{Error, Outcome};
use super::message::{Message, Side};
use super::program::{Process, Spawn};
use super::sealed::Sealed;

/// Reports heard before connections are dealt again.
const REPORTS: usize = 256;

/// Connections taken from the kernel in the last round before the listeners close.
const SWEEP: usize = 4096;

/// How long connections that are accepted already may wait for a worker once the master has been told to stop.
const LINGER: Duration = Duration::from_secs(1);

/// The pauses after accepting failed for want of descriptors or memory; doubling from the first to the second.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Where orders come from.
pub(crate) trait Orders {
    /// The next order. Dropping the future loses none.
    fn next(&mut self) -> impl Future<Output = Control>;
}

impl Orders for Signals {
    fn next(&mut self) -> impl Future<Output = Control> {
        Self::next(self)
    }
}

/// What the master has in its hands of one worker process.
#[derive(Debug)]
struct Post {
    channel: Arc<Channel>,
    kill: Arc<Notify>,
    worker: u32,
    pid: u32,
    flight: Flight,
    greeted: bool,
    faults: u32,
}

/// The stages of leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// Told to stop; what is accepted already is still dealt out until then.
    Until(Instant),
    /// The workers have been told.
    Told,
}

/// The state of the loop.
#[derive(Debug)]
pub(crate) struct Supervisor<S> {
    spawner: S,
    generation: Sealed,
    fleet: Fleet,
    dispatch: Dispatch<OwnedFd>,
    posts: BTreeMap<Key, Post>,
    tasks: JoinSet<()>,
    reporter: mpsc::Sender<(Key, Report)>,
    reports: mpsc::Receiver<(Key, Report)>,
    leaving: Leaving,
    unserved: usize,
    /// Connections that the master may own at a time.
    capacity: usize,
    /// Accepting failed last time, and rests until then, for this long.
    rest: Option<(Instant, Duration)>,
}

impl<S: Spawn> Supervisor<S> {
    /// `capacity` is how many connections the master may own at a time.
    pub(crate) fn new(spawner: S, workers: u32, rules: Rules, generation: Sealed, capacity: usize) -> Self {
        let now = Instant::now();
        // Any number will do, so long as several masters started together do not share it.
        let seed =
            u64::from(std::process::id()) ^ std::time::UNIX_EPOCH.elapsed().map_or(0, |time| u64::from(time.subsec_nanos()));
        let (reporter, reports) = mpsc::channel(REPORTS);
        Self {
            spawner,
            generation,
            fleet: Fleet::new(workers, rules, seed, now),
            dispatch: Dispatch::new(Policy::default(), Vec::new()),
            posts: BTreeMap::new(),
            tasks: JoinSet::new(),
            reporter,
            reports,
            leaving: Leaving::No,
            unserved: 0,
            capacity,
            rest: None,
        }
    }

    /// Runs until every worker has ended and none is to come.
    pub(crate) async fn run(mut self, mut listeners: Listeners, mut orders: impl Orders) -> Result<Outcome, Error> {
        loop {
            self.fleet.tick(Instant::now());
            self.act();
            self.deal();
            self.leave(Instant::now());
            self.act();
            if let Some(end) = self.fleet.end() {
                return self.close(end);
            }
            let room = self.room();
            let wake = self.wake();
            tokio::select! {
                report = self.reports.recv() => self.hear_all(report),
                batch = listeners.accept(room), if room > 0 => self.take(batch),
                order = orders.next() => self.obey(order, &mut listeners),
                () = sleep_until(wake) => {}
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// How many connections may be accepted now. The master never fills its own limit of descriptors with them, because it
    /// needs some to start workers; idle copies are given up first.
    fn room(&mut self) -> usize {
        if self.leaving != Leaving::No || self.rest.is_some_and(|(until, _)| until > Instant::now()) {
            return 0;
        }
        if self.dispatch.owned() >= self.capacity {
            self.dispatch.let_go();
        }
        self.dispatch.room().min(self.capacity.saturating_sub(self.dispatch.owned()))
    }

    fn wake(&self) -> Option<Instant> {
        let linger = if let Leaving::Until(until) = self.leaving { Some(until) } else { None };
        let rest = self.rest.map(|(until, _)| until).filter(|until| *until > Instant::now());
        [self.fleet.wake(), linger, rest].into_iter().flatten().min()
    }

    /// Does what the fleet has decided.
    fn act(&mut self) {
        while let Some(action) = self.fleet.next_action() {
            match action {
                Action::Spawn { key, slot } => self.spawn(key, slot),
                Action::Ready { key } => self.dispatch.ready(key, self.posts.get(&key).map_or(0, |post| post.worker)),
                Action::Unready { key } => self.dispatch.unready(key),
                Action::Disconnect { key, within } => self.disconnect(key, within),
                Action::Kill { key, reason } => {
                    if let Some(post) = self.posts.get(&key) {
                        warn!(event = "kill", worker = post.worker, pid = post.pid, reason);
                        post.kill.notify_one();
                    }
                }
                Action::Restart { slot, delay, count } => {
                    info!(event = "restart", worker = slot, delay_ms = delay.as_millis() as u64, count);
                }
                Action::GiveUp { slot, reason } => error!(event = "giveup", worker = slot, reason),
            }
        }
    }

    fn spawn(&mut self, key: Key, worker: u32) {
        let started =
            Channel::pair().and_then(|(channel, theirs)| Ok((channel, Flight::new()?, self.spawner.spawn(worker, theirs)?)));
        let (channel, flight, process) = match started {
            Ok(started) => started,
            Err(error) => {
                let reason = format!("it could not be started: {error}");
                error!(event = "fork", worker, reason);
                self.fleet.exiting(key, reason, 0);
                self.fleet.ended(key, None, Instant::now());
                return;
            }
        };
        let (channel, kill, pid) = (Arc::new(channel), Arc::new(Notify::new()), process.id());
        info!(event = "fork", worker, pid);
        let receiver = Receiver::new(Arc::clone(&channel), Side::Master);
        self.tasks.spawn(attend(key, receiver, process, Arc::clone(&kill), self.reporter.clone()));
        self.posts.insert(key, Post { channel, kill, worker, pid, flight, greeted: false, faults: 0 });
    }

    fn disconnect(&mut self, key: Key, within: Duration) {
        let Some(post) = self.posts.get(&key) else { return };
        let message = Message::Disconnect { within: u64::try_from(within.as_millis()).unwrap_or(u64::MAX) };
        match post.channel.try_send(&message, &[]) {
            Ok(()) => {}
            Err(SendError::Full) => {
                let channel = Arc::clone(&post.channel);
                // It is the last word to this worker, so nothing can overtake it; a worker that never reads it is killed.
                self.tasks.spawn(async move { drop(channel.send(&message, &[]).await) });
            }
            Err(_) => return,
        }
        info!(event = "disconnect", worker = post.worker, pid = post.pid, within_ms = within.as_millis() as u64);
    }

    /// Sends what waits to who may have it.
    fn deal(&mut self) {
        loop {
            self.dispatch.deal();
            let Some(parcel) = self.dispatch.parcel() else { return };
            let (key, count) = (parcel.key, parcel.handoffs.len());
            let descriptors: Vec<BorrowedFd<'_>> = parcel.connections.iter().map(AsFd::as_fd).collect();
            let message = Message::Connection { connections: parcel.handoffs };
            let channel = self.posts.get(&key).map(|post| &post.channel);
            match channel.map_or(Err(SendError::Closed), |channel| channel.try_send(&message, &descriptors)) {
                Ok(()) => self.dispatch.sent(key, count),
                Err(SendError::Full) => self.dispatch.full(key),
                // Its end is near and will be reported.
                Err(SendError::Closed) => self.dispatch.unready(key),
                Err(error) => {
                    self.dispatch.unready(key);
                    self.fleet.kill(key, &error.to_string());
                }
            }
        }
    }

    fn take(&mut self, batch: Batch) {
        for accepted in batch.accepted {
            self.dispatch.accept(accepted.connection, accepted.peer, accepted.listener);
        }
        let Some(trouble) = batch.trouble else {
            self.rest = None;
            return;
        };
        let released = self.dispatch.let_go();
        let pause = self.rest.map_or(PAUSE.0, |(_, pause)| (pause * 2).min(PAUSE.1));
        self.rest = Some((Instant::now() + pause, pause));
        let pause_ms = pause.as_millis() as u64;
        warn!(event = "accept", reason = %trouble, released, pause_ms, "cannot accept connections for the moment");
    }

    fn obey(&mut self, order: Control, listeners: &mut Listeners) {
        match order {
            Control::Drain if self.leaving == Leaving::No => {
                info!(event = "drain", waiting = self.dispatch.waiting());
                // What the kernel has completed for us is answered too; after that, nobody can connect any more.
                self.take(listeners.sweep(SWEEP));
                listeners.close();
                self.leaving = Leaving::Until(Instant::now() + LINGER);
            }
            Control::Drain | Control::Stop => {
                info!(event = "stop");
                listeners.close();
                self.leaving = Leaving::Told;
                self.fleet.kill_all();
            }
            Control::NotYet(signal) => warn!(event = "signal", signal, "this signal does nothing yet"),
            Control::Child => self.reap(),
        }
    }

    /// Takes the next step of leaving, once what was accepted has been dealt out.
    fn leave(&mut self, now: Instant) {
        if let Leaving::Until(until) = self.leaving
            && (self.dispatch.waiting() == 0 || !self.dispatch.anybody_ready() || now >= until)
        {
            self.leaving = Leaving::Told;
            self.fleet.drain_all(now);
        }
        if self.leaving == Leaving::Told {
            self.unserved += self.dispatch.close_queue();
        }
    }

    fn close(mut self, end: End) -> Result<Outcome, Error> {
        self.unserved += self.dispatch.close_queue();
        match end {
            End::Stopped(cut) => {
                for one in &cut {
                    warn!(event = "cut", worker = one.worker, connections = one.connections, reason = one.reason);
                }
                info!(event = "stopped", cut = cut.iter().map(|one| one.connections).sum::<u64>(), unserved = self.unserved);
                Ok(Outcome { cut, unserved: self.unserved })
            }
            End::GaveUp { reason, status } => Err(Error::GaveUp { reason, status }),
        }
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}
