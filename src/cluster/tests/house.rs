//! A master whose workers are tasks of this process, and its clients.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::super::control::Control;
use super::super::listen::{Address, bind_all, parse};
use super::super::supervisor::{Orders, Setup, Supervisor};
use super::super::{Configuration, Error, GroupSettings, Handle, Notice, Outcome, Policy, RestartPolicy};
use super::staff::{Script, Staff};

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

impl Orders for mpsc::Receiver<Control> {
    async fn next(&mut self) -> Control {
        match self.recv().await {
            Some(order) => order,
            None => std::future::pending().await,
        }
    }
}

/// What reading a configuration says when it panics.
pub(super) const PANICS: &str = "too many holes";

/// A running master.
pub(super) struct House {
    pub(super) address: SocketAddr,
    pub(super) staff: Staff,
    pub(super) handle: Handle,
    /// What the next reload reads; a report that is [`PANICS`] panics.
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
        let staff = Staff::new(script);
        let (orders, received) = mpsc::channel(4);
        let (handle, commands) = Handle::new();
        let (next, notices) = (Arc::new(Mutex::new(Ok(configuration.clone()))), Arc::<Mutex<Vec<Notice>>>::default());
        let (read, noted) = (next.clone(), notices.clone());
        let supervisor = Supervisor::new(Setup {
            spawner: staff.clone(),
            configuration,
            listeners,
            load: Arc::new(move || {
                let read = read.lock().unwrap().clone();
                if let Err(PANICS) = read.as_ref().map_err(String::as_str) {
                    panic!("{PANICS}");
                }
                read
            }),
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
        self.staff.counted()
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
