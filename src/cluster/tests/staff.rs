//! Workers that are tasks of this process. Killing one drops its future, and with it all that it holds, which is what the
//! kernel does to a process.

use std::future::Future;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::super::program::{Hire, Process, Spawn};
use super::super::{Connection, Event, Load, WorkerChannel};
use super::house::PATIENCE;

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
                Event::Deliver { .. }
                | Event::Workers { .. }
                | Event::Reopen { .. }
                | Event::Bring { .. }
                | Event::Take { .. } => {}
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
                Event::Deliver { .. }
                | Event::Workers { .. }
                | Event::Reopen { .. }
                | Event::Bring { .. }
                | Event::Take { .. } => {}
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
                Event::Deliver { .. }
                | Event::Workers { .. }
                | Event::Reopen { .. }
                | Event::Bring { .. }
                | Event::Take { .. } => {}
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

    /// What comes next but for how many workers there are.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            match self.channel.next().await {
                Event::Workers { .. } => {}
                event => return event,
            }
        }
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
    pub(super) fn new(script: Script) -> Self {
        Self { script, started: Arc::default(), gate: watch::Sender::new(false), count: Arc::default() }
    }

    /// What its workers have counted.
    pub(super) fn counted(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

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
