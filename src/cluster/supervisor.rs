//! The master's loop: it carries out what the fleets decide, deals connections out, and tells the fleets what happened.

mod act;
mod deal;
mod errands;
mod generation;
mod group;
mod hear;
mod leave;
mod mend;
mod obey;
mod reload;
mod scale;
mod status;
mod topics;
mod upgrade;

use std::collections::BTreeMap;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::attend::Report;
use super::channel::Channel;
use super::command::Command;
use super::configuration::{Configuration, Loader};
use super::control::{Control, Signals};
use super::dispatch::Taken;
use super::errands::Errands;
use super::fleet::{Fleet, Key, Rules};
use super::flight::Flight;
use super::lately::Lately;
use super::listen::Bound;
use super::master::{Error, Notice, Outcome};
use super::oom::Oom;
use super::program::Spawn;
use super::sealed::SealedError;
use generation::Generations;
use group::Group;
use leave::Leaving;
use reload::Reload;
use scale::Scaling;
use topics::Topics;
use upgrade::Heir;
pub use upgrade::Predecessor;

/// Reports heard before connections are dealt again.
const REPORTS: usize = 256;

/// How late the loop may wake up before it believes that it was the master, not its workers, that did not run.
const LATE: u32 = 4;

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
    group: String,
    worker: u32,
    pid: u32,
    generation: u64,
    flight: Flight,
    /// What it has taken and may not have read from yet.
    lately: Lately<Taken<OwnedFd>>,
    greeted: bool,
    faults: u32,
    /// How many workers it was told that there are.
    count: u32,
}

/// What a worker has read of what it took, as far as its record says now.
fn has_read(flight: &Flight) -> impl Fn(&Taken<OwnedFd>) -> bool {
    let marks = flight.marks();
    move |taken| marks.may_have_read(taken.number())
}

/// What a supervisor is built with.
pub(crate) struct Setup<S> {
    pub(crate) spawner: S,
    pub(crate) configuration: Configuration,
    /// The bound sockets of all groups.
    pub(crate) listeners: Vec<Bound>,
    pub(crate) load: Loader,
    /// From fork to `listening`.
    pub(crate) start: Duration,
    /// Connections in a packet, at most.
    pub(crate) batch: usize,
    /// Connections that the master may own at a time.
    pub(crate) capacity: usize,
    pub(crate) notify: Arc<dyn Fn(Notice) + Send + Sync>,
    /// Opens the log files again and gives the new standard output and standard error.
    pub(crate) reopen: Option<super::master::Reopen>,
    /// The master whose place this one takes.
    pub(crate) predecessor: Option<Predecessor>,
}

/// The state of the loop.
pub(crate) struct Supervisor<S> {
    spawner: S,
    load: Loader,
    notify: Arc<dyn Fn(Notice) + Send + Sync>,
    reopen: Option<super::master::Reopen>,
    /// The log files, once they were opened again: workers inherit older ones.
    files: Option<(OwnedFd, OwnedFd)>,
    start: Duration,
    batch: usize,
    groups: BTreeMap<u32, Group>,
    generations: Generations,
    /// What serves now, without its bytes.
    configuration: Configuration,
    posts: BTreeMap<Key, Post>,
    tasks: JoinSet<()>,
    reporter: mpsc::Sender<(Key, Report)>,
    reports: mpsc::Receiver<(Key, Report)>,
    /// Configurations that were read for a reload.
    loads: (mpsc::Sender<Loaded>, mpsc::Receiver<Loaded>),
    leaving: Leaving,
    unserved: usize,
    /// Connections that the master may own at a time.
    capacity: usize,
    /// When connections were accepted last, until the loop has come round again.
    accepted: Option<Instant>,
    /// Accepting failed last time, and rests until then, for this long.
    rest: Option<(Instant, Duration)>,
    reload: Option<Reload>,
    /// Somebody wants another reload after the one under way.
    again: bool,
    scalings: Vec<Scaling>,
    topics: Topics,
    errands: Errands,
    heir: Option<Heir>,
    oom: Oom,
    predecessor: Option<Predecessor>,
    /// Every group has been ready once.
    ready: bool,
    started: Instant,
    seed: u64,
}

impl<S: Spawn> Supervisor<S> {
    /// Takes over the sockets of the configuration's groups.
    ///
    /// # Errors
    /// The generation is too large for memory, or the sockets cannot be watched.
    pub(crate) fn new(setup: Setup<S>) -> Result<Self, Error> {
        let Setup { spawner, mut configuration, listeners, load, start, batch, capacity, notify, reopen, predecessor } = setup;
        let now = Instant::now();
        // Any number will do, so long as several masters started together do not share it.
        let seed =
            u64::from(std::process::id()) ^ std::time::UNIX_EPOCH.elapsed().map_or(0, |time| u64::from(time.subsec_nanos()));
        let (reporter, reports) = mpsc::channel(REPORTS);
        let generations = Generations::new(&mut configuration)?;
        let topics = Topics::new(predecessor.as_ref().map(Predecessor::topics).unwrap_or_default());
        let mut supervisor = Self {
            spawner,
            load,
            notify,
            reopen,
            files: None,
            start,
            batch,
            groups: BTreeMap::new(),
            generations,
            configuration,
            posts: BTreeMap::new(),
            tasks: JoinSet::new(),
            reporter,
            reports,
            loads: mpsc::channel(1),
            leaving: Leaving::No,
            unserved: 0,
            capacity,
            accepted: None,
            rest: None,
            reload: None,
            again: false,
            scalings: Vec::new(),
            topics,
            errands: Errands::default(),
            heir: None,
            oom: Oom::new(),
            predecessor,
            ready: false,
            started: now,
            seed,
        };
        let rules = supervisor.rules(&supervisor.configuration);
        for (number, settings) in (1..).zip(supervisor.configuration.groups.clone()) {
            let fleet = Fleet::new(number, settings.workers.get(), generation::FIRST, rules, seed, now);
            supervisor.groups.insert(number, Group::new(settings, fleet, batch));
        }
        supervisor.assign(listeners, Vec::new()).map_err(Error::Listeners)?;
        Ok(supervisor)
    }

    fn rules(&self, configuration: &Configuration) -> Rules {
        let Configuration { restart, drain, heartbeat, .. } = configuration;
        Rules { restart: *restart, start: self.start, drain: *drain, heartbeat: *heartbeat }
    }

    /// Runs until every worker has ended and none is to come.
    pub(crate) async fn run(mut self, mut orders: impl Orders, mut commands: mpsc::Receiver<Command>) -> Result<Outcome, Error> {
        let mut planned: Option<Instant> = None;
        loop {
            // What has been said is heard before anybody is called silent.
            self.hear_all(None);
            self.forgive_the_late(planned);
            self.step(Instant::now());
            if let Some(end) = self.end() {
                return self.close(end);
            }
            self.gather();
            let wake = self.wake();
            planned = wake;
            let rooms = self.rooms();
            let open = rooms.values().any(|room| *room > 0);
            tokio::select! {
                report = self.reports.recv() => self.hear_all(report),
                (group, batch) = deal::accept(&mut self.groups, &rooms), if open => self.take(group, batch),
                order = orders.next() => self.obey(order),
                Some(command) = commands.recv() => self.carry_out(command),
                Some(loaded) = self.loads.1.recv() => self.loaded(loaded),
                news = upgrade::news(&mut self.heir) => self.hear_heir(news),
                () = sleep_until(wake) => {}
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Everything that follows from the passing of time and from what was heard.
    fn step(&mut self, now: Instant) {
        for group in self.groups.values_mut() {
            group.fleet.tick(now);
        }
        for Post { lately, flight, .. } in self.posts.values_mut() {
            lately.tick(now, || has_read(flight));
        }
        self.act();
        self.lead_reload(now);
        self.act();
        self.look_at_scalings();
        self.topics.lose_patience(now, &self.posts);
        self.count_out();
        self.announce_readiness();
        self.hurry_heir(now);
        self.deal();
        self.leave(now);
        self.act();
        self.drop_empty_groups();
    }

    /// A master that was stopped, or ran on a machine that slept, has heard nothing, whoever spoke.
    fn forgive_the_late(&mut self, planned: Option<Instant>) {
        let now = Instant::now();
        let late = planned.is_some_and(|planned| now.saturating_duration_since(planned) > self.configuration.heartbeat / LATE);
        if late {
            self.groups.values_mut().for_each(|group| group.fleet.forgive(now));
        }
    }

    fn wake(&self) -> Option<Instant> {
        let rest = self.rest.map(|(until, _)| until).filter(|until| *until > Instant::now());
        let fleets = self.groups.values().filter_map(|group| group.fleet.wake());
        let posts = self.posts.values().filter_map(|post| post.lately.wake());
        let others = [self.leaving.wake(), rest, self.topics.wake(), self.heir.as_ref().map(Heir::deadline)];
        fleets.chain(posts).chain(others.into_iter().flatten()).min()
    }

    /// Tells whoever started this master, once, when every group has the workers that it should have.
    fn announce_readiness(&mut self) {
        if self.ready || self.leaving != Leaving::No {
            return;
        }
        let serves = |group: &Group| group.fleet.in_rotation() >= group.fleet.size() as usize;
        if self.groups.values().all(serves) {
            self.ready = true;
            let workers = self.groups.values().map(|group| group.fleet.in_rotation()).sum();
            if let Some(predecessor) = &mut self.predecessor {
                predecessor.succeed();
            }
            (self.notify)(Notice::Ready { workers });
        }
    }

    fn group_named(&self, name: &str) -> Option<u32> {
        self.groups.iter().find(|(_, group)| group.settings.name == name && !group.removed).map(|(number, _)| *number)
    }

    fn fleet(&mut self, key: Key) -> Option<&mut Fleet> {
        self.groups.get_mut(&key.group).map(|group| &mut group.fleet)
    }
}

impl<S> std::fmt::Debug for Supervisor<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("groups", &self.groups).field("posts", &self.posts).finish_non_exhaustive()
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

/// A descriptor that the master accepted.
type Accepted = OwnedFd;

/// What reading the configuration came to; a panic, at the worst.
type Loaded = std::thread::Result<Result<Configuration, String>>;

impl From<SealedError> for super::command::Refused {
    fn from(error: SealedError) -> Self {
        Self::Configuration(error.to_string())
    }
}
