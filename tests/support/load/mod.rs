//! A load client that loses count of nothing: every request that it sends has a name of its own, and what became of it is
//! written down. Keep-alive clients, clients of one request a connection, slow uploads and streaming replies run together.
//!
//! It is as strict as the best of clients and no stricter: a connection that the server closed while it was idle is seen and
//! left before anything is sent on it; what is sent and not answered is a loss.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part of it")]

mod clients;
mod exchange;
mod ledger;
pub mod slow;

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;

#[allow(unused_imports, reason = "every test binary uses its own part of it")]
pub use ledger::{Fate, Kind, Ledger, Lost};

use super::lines::PATIENCE;

/// The route that keep-alive clients and clients of one request a connection ask for.
pub const ITEM: &str = "/detail/1";

/// Upstreams and routes that a load needs: an item of the sample backend, and a slow backend behind a `proxy` route.
pub fn routes(slow: SocketAddr) -> String {
    format!(
        "upstreams:
  shop: {{url: 'demo:', envelope: mall}}
  slow: {{url: 'http://{slow}'}}
routes:
  - route: GET /detail/{{id}}
    call: GET shop:/api/items/{{path.id}}
  - route: ANY /slow/{{*rest}}
    proxy: slow:/{{path.rest}}
"
    )
}

/// How many clients of each kind run side by side.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mix {
    /// Many requests a connection.
    pub keep_alive: usize,
    /// One request a connection.
    pub one_each: usize,
    /// A body that takes more than a second to come.
    pub uploads: usize,
    /// A reply that takes more than a second to come.
    pub streams: usize,
    /// How long the first two kinds wait between two requests.
    pub pause: Duration,
}

impl Mix {
    /// Every client, by its kind and its number.
    fn clients(self) -> impl Iterator<Item = (Kind, usize)> {
        let kinds = [
            (Kind::KeepAlive, self.keep_alive),
            (Kind::OneEach, self.one_each),
            (Kind::Upload, self.uploads),
            (Kind::Stream, self.streams),
        ];
        kinds.into_iter().flat_map(|(kind, count)| (0..count).map(move |number| (kind, number)))
    }

    /// Some of every kind.
    pub const EVERYTHING: Self = Self { keep_alive: 6, one_each: 3, uploads: 4, streams: 2, pause: Duration::ZERO };
}

/// A running load. Dropping it leaves its clients to the end of the process; [`Load::stop`] ends them in good order.
pub struct Load {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

struct Shared {
    address: SocketAddr,
    pause: Duration,
    /// What the first answer for [`ITEM`] held, and every other must hold.
    item: OnceLock<Vec<u8>>,
    ledger: Mutex<Ledger>,
    change: Condvar,
}

impl Load {
    /// Starts all clients, in one thread of their own.
    pub fn start(address: SocketAddr, mix: Mix) -> Self {
        let ledger = Mutex::new(Ledger::of(mix.clients()));
        let (pause, item, change) = (mix.pause, OnceLock::new(), Condvar::new());
        let shared = Arc::new(Shared { address, pause, item, ledger, change });
        let (stop, stopped) = watch::channel(false);
        let running = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(clients::run(running, mix, stopped));
        });
        Self { shared, stop, thread }
    }

    /// Reads the ledger as it is.
    pub fn look<T>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        read(&self.shared.ledger())
    }

    /// Waits for a state of the ledger, as long as there are answers at all.
    ///
    /// # Panics
    /// It does not come.
    pub fn until(&self, what: &str, reached: impl Fn(&Ledger) -> bool) {
        let began = Instant::now();
        let mut ledger = self.shared.ledger();
        let (mut answered, mut since) = (ledger.answered(), began);
        while !reached(&ledger) {
            if ledger.answered() > answered {
                (answered, since) = (ledger.answered(), Instant::now());
            }
            let left = PATIENCE.saturating_sub(since.elapsed()).min((PATIENCE * 10).saturating_sub(began.elapsed()));
            assert!(!left.is_zero(), "{what} did not come: {ledger}");
            ledger = self.shared.change.wait_timeout(ledger, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until so many more requests have been answered.
    pub fn answers(&self, more: u64) {
        let wanted = self.look(Ledger::answered) + more;
        self.until("more answers", |ledger| ledger.answered() >= wanted);
    }

    /// Waits until every client of every kind has begun a request and ended it, after this moment.
    pub fn around(&self) {
        let before = self.look(Ledger::rounds);
        self.until("a request of every client", |ledger| ledger.rounds_since(&before));
    }

    /// Lets every client end the request that it has under way, and gives what became of all.
    ///
    /// # Panics
    /// A client panicked.
    pub fn stop(self) -> Ledger {
        self.stop.send_replace(true);
        assert!(self.thread.join().is_ok(), "a client panicked");
        let mut ledger = self.shared.ledger();
        std::mem::take(&mut ledger)
    }
}

impl Shared {
    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, change: impl FnOnce(&mut Ledger)) {
        change(&mut self.ledger());
        self.change.notify_all();
    }
}
