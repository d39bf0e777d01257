//! A master with workers that are tasks of this process. Killing one drops its future, and with it all that it holds,
//! which is what the kernel does to a process.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};

use super::super::control::Control;
use super::super::listen::{Address, bind_all, parse};
use super::super::program::{Hire, Process, Spawn};
use super::super::supervisor::{Orders, Setup, Supervisor};
use super::super::{
    Configuration, Connection, Error, Event, GroupSettings, Handle, Load, Notice, Outcome, Policy, RestartPolicy, WorkerChannel,
};

pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The times of a test's master: long where nothing should depend on them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) restart: RestartPolicy,
    pub(super) start: Duration,
    pub(super) drain: Duration,
    pub(super) heartbeat: Duration,
    pub(super) probation: Duration,
}

pub(super) fn rules() -> Rules {
    let backoff = (Duration::from_millis(1), Duration::from_millis(20));
    let restart = RestartPolicy { limit: 5, within: Duration::from_secs(60), backoff };
    let long = Duration::from_secs(20);
    Rules { restart, start: long, drain: long, heartbeat: long * 3, probation: Duration::from_millis(30) }
}

/// A configuration with one group on a port of its own.
pub(super) fn configuration(workers: u32, rules: Rules, generation: &[u8]) -> Configuration {
    let group = GroupSettings {
        name: "web".to_owned(),
        listen: vec![Address::Tcp(parse("127.0.0.1:0").unwrap())],
        workers: workers.try_into().unwrap(),
        policy: Policy::RoundRobin,
        weights: vec![],
    };
    let Rules { restart, drain, heartbeat, probation, .. } = rules;
    let (generation, groups, args) = (generation.to_vec(), vec![group], vec![]);
    Configuration { generation, groups, args, restart, drain, heartbeat, memory: None, probation }
}

/// What a worker process does: given its channel, until it ends by itself with a code.
pub(super) type Script = Arc<dyn Fn(Job) -> std::pin::Pin<Box<dyn Future<Output = i32> + Send>> + Send + Sync>;

/// What a worker process has.
pub(super) struct Job {
    pub(super) group: String,
    pub(super) worker: u32,
    /// How many processes were started before this one.
    pub(super) nth: usize,
    pub(super) channel: WorkerChannel,
    /// What it was told to serve, once it has been.
    pub(super) generation: Vec<u8>,
    /// The switch of the test, for scripts that wait for a word.
    pub(super) gate: watch::Receiver<bool>,
    /// Counts what the script wants counted.
    pub(super) count: Arc<AtomicU64>,
    alive: mpsc::Sender<()>,
    wire: Arc<OwnedFd>,
}

pub(super) fn script<F: Future<Output = i32> + Send + 'static>(run: impl Fn(Job) -> F + Send + Sync + 'static) -> Script {
    Arc::new(move |job| Box::pin(run(job)))
}

impl Job {
    pub(super) async fn up(&mut self) {
        self.generation = self.channel.generation().await.unwrap().generation;
        self.channel.online().await.unwrap();
        self.channel.listening(|| Load { connections: 1, ..Load::default() }).await.unwrap();
    }

    /// What a good worker does: answers every connection with its number, and finishes what it has when it is told to.
    pub(super) async fn serve(mut self) -> i32 {
        self.up().await;
        self.answer().await
    }

    pub(super) async fn answer(self) -> i32 {
        self.answer_more(JoinSet::new()).await
    }

    /// Goes on to serve when some connections are being answered already.
    pub(super) async fn answer_more(mut self, mut tasks: JoinSet<Option<()>>) -> i32 {
        loop {
            match self.channel.next().await {
                Event::Connection(connection) => self.begin(connection, &mut tasks),
                Event::Disconnect { .. } | Event::Closed => break,
                Event::Deliver { .. } | Event::Reopen { .. } | Event::Bring { .. } | Event::Take { .. } => {}
            }
            while tasks.try_join_next().is_some() {}
        }
        while tasks.join_next().await.is_some() {}
        self.channel.exit("drained", 0).await;
        0
    }

    pub(super) fn begin(&self, connection: Connection, tasks: &mut JoinSet<Option<()>>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        tasks.spawn(answer(connection, self.worker, self.alive.clone()));
    }

    /// Picks up everything and reads nothing.
    pub(super) async fn hold(mut self) -> i32 {
        self.up().await;
        let mut held = vec![];
        loop {
            match self.channel.next().await {
                Event::Connection(connection) => held.push(connection),
                Event::Disconnect { .. } | Event::Closed => return 0,
                Event::Deliver { .. } | Event::Reopen { .. } | Event::Bring { .. } | Event::Take { .. } => {}
            }
            self.count.store(held.len() as u64, Ordering::Relaxed);
        }
    }

    /// Picks up so many, takes all of them, and reads nothing.
    pub(super) async fn take_unread(mut self, connections: usize) -> i32 {
        self.up().await;
        let mut taken = vec![];
        while taken.len() < connections {
            match self.channel.next().await {
                Event::Connection(connection) => taken.push(connection),
                Event::Disconnect { .. } | Event::Closed => return 0,
                Event::Deliver { .. } | Event::Reopen { .. } | Event::Bring { .. } | Event::Take { .. } => {}
            }
        }
        Connection::take_unread(&mut taken).await;
        self.count.store(taken.len() as u64, Ordering::Relaxed);
        std::future::pending().await
    }

    /// Says that it listens, and then does nothing at all.
    pub(super) async fn stuck(mut self) -> i32 {
        self.up().await;
        std::future::pending().await
    }

    /// Says that it listens, and then never says anything again.
    pub(super) async fn mute(mut self) -> i32 {
        self.up().await;
        self.channel.fall_silent();
        std::future::pending().await
    }

    /// A sudden death: from now on nothing that is dropped can tell the master anything.
    pub(super) fn dies(self) -> i32 {
        cut(&self.wire);
        1
    }

    pub(super) async fn opened(&mut self) {
        self.gate.wait_for(|open| *open).await.unwrap();
    }
}

async fn answer(connection: Connection, worker: u32, _alive: mpsc::Sender<()>) -> Option<()> {
    let (mut stream, ()) = connection.take(PATIENCE, || ()).await?;
    let mut line = [0; 3];
    stream.read_exact(&mut line).await.ok()?;
    stream.write_all(format!("{}:{worker}", String::from_utf8_lossy(&line)).as_bytes()).await.ok()
}

/// The processes, by worker.
#[derive(Clone)]
pub(super) struct Staff {
    script: Script,
    started: Arc<Mutex<Vec<(u32, Life)>>>,
    gate: watch::Sender<bool>,
    count: Arc<AtomicU64>,
}

impl Staff {
    /// Kills the newest process of a worker, as `kill -9` would.
    pub(super) fn kill(&self, worker: u32) {
        let started = self.started.lock().unwrap();
        started.iter().rev().find(|(number, _)| *number == worker).unwrap().1.end();
    }

    pub(super) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    /// How many processes have not ended.
    pub(super) fn living(&self) -> usize {
        self.started.lock().unwrap().iter().filter(|(_, life)| !life.task.is_finished()).count()
    }

    pub(super) fn started(&self) -> usize {
        self.started.lock().unwrap().len()
    }
}

/// What ends a process from outside.
#[derive(Clone)]
struct Life {
    task: AbortHandle,
    wire: std::sync::Weak<OwnedFd>,
}

impl Life {
    fn end(&self) {
        if let Some(wire) = self.wire.upgrade() {
            cut(&wire);
        }
        self.task.abort();
    }
}

/// Ends a channel at once, as the end of its process would: what was said stays said, and nothing more can be.
fn cut(wire: &OwnedFd) {
    rustix::net::shutdown(wire, rustix::net::Shutdown::Both).unwrap();
}

pub(super) struct Played {
    life: Life,
    alive: mpsc::Receiver<()>,
    status: Arc<Mutex<ExitStatus>>,
}

impl Spawn for Staff {
    type Process = Played;

    fn spawn(&mut self, hire: &Hire<'_>, channel: OwnedFd) -> std::io::Result<Played> {
        let worker = hire.worker;
        let wire = Arc::new(channel.try_clone()?);
        let weak = Arc::downgrade(&wire);
        let channel = WorkerChannel::new(worker, channel).map_err(std::io::Error::other)?;
        let (alive, dead) = mpsc::channel(1);
        let status = Arc::new(Mutex::new(ExitStatus::from_raw(9)));
        let (nth, gate, count) = (self.started(), self.gate.subscribe(), self.count.clone());
        let running = (self.script)(Job {
            group: hire.group.to_owned(),
            worker,
            nth,
            channel,
            generation: vec![],
            gate,
            count,
            alive: alive.clone(),
            wire,
        });
        let said = status.clone();
        let task = tokio::spawn(async move {
            let _alive = alive;
            *said.lock().unwrap() = ExitStatus::from_raw(running.await << 8);
        });
        let life = Life { task: task.abort_handle(), wire: weak };
        self.started.lock().unwrap().push((worker, life.clone()));
        Ok(Played { life, alive: dead, status })
    }

    fn spawn_heir(&mut self, _: OwnedFd) -> std::io::Result<Played> {
        Err(std::io::Error::other("a test's master has no program file"))
    }

    fn heir_program(&self) -> String {
        "none".to_owned()
    }
}

impl Process for Played {
    fn id(&self) -> u32 {
        std::process::id()
    }

    fn kill(&mut self) {
        self.life.end();
    }

    async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        // nobody ever sends: this ends when the last part of the process has been dropped
        self.alive.recv().await;
        Ok(*self.status.lock().unwrap())
    }
}

impl Orders for mpsc::Receiver<Control> {
    async fn next(&mut self) -> Control {
        match self.recv().await {
            Some(order) => order,
            None => std::future::pending().await,
        }
    }
}

/// A running master.
pub(super) struct House {
    pub(super) address: SocketAddr,
    pub(super) staff: Staff,
    pub(super) handle: Handle,
    /// What the next reload reads.
    pub(super) next: Arc<Mutex<Result<Configuration, String>>>,
    pub(super) notices: Arc<Mutex<Vec<Notice>>>,
    orders: mpsc::Sender<Control>,
    master: JoinHandle<Result<Outcome, Error>>,
}

impl House {
    pub(super) fn open(workers: u32, rules: Rules, script: Script) -> Self {
        Self::open_with(workers, rules, script, usize::MAX)
    }

    /// A master that may own so many connections at a time.
    pub(super) fn open_with(workers: u32, rules: Rules, script: Script, capacity: usize) -> Self {
        let configuration = configuration(workers, rules, b"generation");
        let listeners = bind_all(&configuration.groups[0].listen).unwrap();
        let address = listeners[0].address().to_string().parse().unwrap();
        let gate = watch::Sender::new(false);
        let staff = Staff { script, started: Arc::default(), gate, count: Arc::default() };
        let (orders, received) = mpsc::channel(4);
        let (handle, commands) = Handle::new();
        let (next, notices) = (Arc::new(Mutex::new(Ok(configuration.clone()))), Arc::<Mutex<Vec<Notice>>>::default());
        let (read, noted) = (next.clone(), notices.clone());
        let supervisor = Supervisor::new(Setup {
            spawner: staff.clone(),
            configuration,
            listeners,
            load: Arc::new(move || read.lock().unwrap().clone()),
            start: rules.start,
            batch: 16,
            capacity,
            notify: Arc::new(move |notice| noted.lock().unwrap().push(notice)),
            reopen: None,
            predecessor: None,
        });
        let master = tokio::spawn(supervisor.unwrap().run(received, commands.0));
        Self { address, staff, handle, next, notices, orders, master }
    }

    pub(super) fn open_gate(&self) {
        self.staff.open_gate();
    }

    pub(super) fn counted(&self) -> u64 {
        self.staff.count.load(Ordering::Relaxed)
    }

    pub(super) async fn order(&self, order: Control) {
        self.orders.send(order).await.unwrap();
    }

    pub(super) async fn ended(self) -> Result<Outcome, Error> {
        tokio::time::timeout(PATIENCE, self.master).await.expect("the master should have ended").unwrap()
    }

    pub(super) async fn drained(self) -> Outcome {
        self.order(Control::Drain).await;
        self.ended().await.unwrap()
    }

    /// The master vanishes, as if it had been killed.
    pub(super) async fn vanish(self) -> Staff {
        self.master.abort();
        assert!(self.master.await.unwrap_err().is_cancelled());
        self.staff
    }
}

/// One client: connects, says three bytes, and hears who answered.
pub(super) async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    finish(&mut stream).await
}

pub(super) async fn finish(stream: &mut TcpStream) -> std::io::Result<String> {
    stream.write_all(b"hi!").await?;
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await??;
    Ok(answer)
}

/// Many clients at once: how many heard from each worker. Every one of them must have been answered.
pub(super) async fn ask_all(address: SocketAddr, clients: usize) -> BTreeMap<String, usize> {
    tally((0..clients).map(|_| tokio::spawn(ask(address))).collect()).await
}

pub(super) async fn tally(clients: Vec<JoinHandle<std::io::Result<String>>>) -> BTreeMap<String, usize> {
    let mut heard = BTreeMap::new();
    for client in clients {
        *heard.entry(client.await.unwrap().expect("every client is answered")).or_default() += 1;
    }
    heard
}

/// Waits for a state of the world.
pub(super) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
