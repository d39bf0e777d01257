//! One connection, and the task that moves its frames.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use h2::{Ping, PingPong};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::lines::Origin;
use crate::base::heard::{Heard, Listened};
use crate::upstream::ConnectError;
use crate::upstream::pool::{MAX_IDLE, age};
use crate::upstream::reply_head::MAX_HEAD;
use crate::upstream::resolve::Whereabouts;
use crate::upstream::wire::Wire;

/// Calls on one connection at once, at most, if the server takes so many: what servers take as they come.
pub(super) const MAX_STREAMS: u32 = 100;
/// What a server may send of one reply before it is taken, in bytes: what a large reply holds of a worker's memory follows from it.
const STREAM_WINDOW: u32 = 256 * 1024;
/// The same for all replies of a connection together: so much that those that nobody takes never hold up the others.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * MAX_STREAMS;
/// How much of one request body is kept beyond what the server takes, in bytes.
const SEND_BUFFER: usize = 128 * 1024;
/// Replies that were given up lately, of which more may be on its way: those of all calls of a moment.
const MAX_RESETS: usize = 1024;

/// How often a connection is looked after.
const TICK: Duration = Duration::from_secs(1);
/// A call that is given up after so long a silence puts its connection in doubt.
const DOUBT: Duration = Duration::from_secs(1);
/// How long a connection with calls under way may be silent before it is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(20);
/// How long it may take to answer that.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection that calls share. When nobody holds it any more it says goodbye and ends.
pub(in crate::upstream) struct Line {
    pub(super) number: u32,
    pub(super) sender: SendRequest<Bytes>,
    pub(super) whereabouts: Option<Whereabouts>,
    origin: Weak<Origin>,
    state: Arc<State>,
}

/// What a connection and its task know of each other.
struct State {
    /// Calls under way.
    streams: AtomicUsize,
    heard: Arc<Heard>,
    /// The task is to find out whether the other side is there.
    ask: Notify,
    /// Since when there are no calls, while there are none.
    idle_since: Mutex<Instant>,
    retire: Instant,
}

impl State {
    fn is_used(&self) -> bool {
        self.streams.load(Ordering::Acquire) > 0
    }

    fn idle(&self) -> Duration {
        if self.is_used() { Duration::ZERO } else { self.idle_since.lock().unwrap_or_else(PoisonError::into_inner).elapsed() }
    }
}

impl Line {
    /// Speaks HTTP/2 on a new connection, until the server has said how many calls it takes: one that takes none is of no use yet.
    pub(in crate::upstream) async fn open(
        wire: Wire,
        whereabouts: Option<Whereabouts>,
        origin: &Arc<Origin>,
        number: u32,
    ) -> Result<Self, ConnectError> {
        let heard = Arc::new(Heard::new());
        let now = Instant::now();
        let state = Arc::new(State {
            streams: AtomicUsize::new(0),
            heard: Arc::clone(&heard),
            ask: Notify::new(),
            idle_since: Mutex::new(now),
            retire: now + age(number),
        });
        let (sender, connection) =
            handshake().handshake(Listened::new(wire, heard)).await.map_err(|error| ConnectError::Http2(error.to_string()))?;
        let (settled, mut is_settled) = watch::channel(false);
        tokio::spawn(drive(connection, Arc::clone(&state), (Arc::downgrade(origin), number), settled));
        let closed = || ConnectError::Http2("the connection was closed before the server had said its settings".to_owned());
        is_settled.wait_for(|settled| *settled).await.map_err(|_| closed())?;
        Ok(Self { number, sender, whereabouts, origin: Arc::downgrade(origin), state })
    }

    /// How many calls it takes at once.
    pub(super) fn room(&self) -> usize {
        self.sender.current_max_send_streams().min(MAX_STREAMS as usize)
    }

    /// A place for one more call, if there is one. Of one connection, no two ask at the same time.
    pub(super) fn slot(self: &Arc<Self>) -> Option<Slot> {
        let streams = &self.state.streams;
        if self.state.heard.is_in_doubt() || streams.load(Ordering::Acquire) >= self.room() {
            return None;
        }
        streams.fetch_add(1, Ordering::AcqRel);
        Some(Slot { line: Arc::clone(self), begun: Instant::now(), is_done: false })
    }

    /// It turned out to take no more calls.
    pub(super) fn is_over(&self) {
        if let Some(origin) = self.origin.upgrade() {
            origin.forget(self.number);
        }
    }

    /// Whether it waits for calls, and has for too long.
    pub(super) fn is_stale(&self) -> bool {
        self.state.idle() >= MAX_IDLE
    }
}

fn handshake() -> Builder {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        // None before the server has said how many it takes: those that are too many it would refuse.
        .initial_max_send_streams(0)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_HEAD as u32)
        .max_concurrent_reset_streams(MAX_RESETS)
        .max_send_buffer_size(SEND_BUFFER);
    builder
}

/// The place of a call on a connection.
pub(in crate::upstream) struct Slot {
    pub(super) line: Arc<Line>,
    begun: Instant,
    is_done: bool,
}

impl Slot {
    /// The call has ended, request and reply.
    pub(super) fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let state = &self.line.state;
        let is_silent = self.begun.elapsed().min(state.heard.silence()) >= DOUBT;
        if is_silent && !self.is_done {
            // It takes no new calls before it has been heard again: they would wait for nothing, one after the other.
            state.heard.doubt();
            state.ask.notify_one();
        }
        *state.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        state.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Moves the frames of a connection until its end, sees to it that it does not wait for too long nor grow too old, and gives it up when the other side is
/// gone. That takes its calls with it.
async fn drive(
    mut connection: Connection<Listened<Wire>, Bytes>,
    state: Arc<State>,
    (origin, number): (Weak<Origin>, u32),
    settled: watch::Sender<bool>,
) {
    let mut pings = connection.ping_pong();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked: Option<Instant> = None;
    loop {
        let moves = poll_fn(|cx| {
            let polled = Pin::new(&mut connection).poll(cx);
            if connection.max_concurrent_send_streams() > 0 {
                settled.send_if_modified(|settled| !std::mem::replace(settled, true));
            }
            polled
        });
        let mut is_due = false;
        tokio::select! {
            biased;
            _ended = moves => break,
            () = state.ask.notified() => is_due = true,
            _pong = answer(&mut pings), if asked.is_some() => asked = None,
            _ = ticks.tick() => {}
        }
        let (silence, idle) = (state.heard.silence(), state.idle());
        if asked.is_some_and(|asked| asked.elapsed().min(silence) >= PATIENCE) || idle >= MAX_IDLE + PATIENCE {
            break;
        }
        is_due |= state.is_used() && silence >= SILENCE;
        if is_due && asked.is_none() && pings.as_mut().is_some_and(|pings| pings.send_ping(Ping::opaque()).is_ok()) {
            asked = Some(Instant::now());
        }
        if (idle >= MAX_IDLE || Instant::now() >= state.retire)
            && let Some(origin) = origin.upgrade()
        {
            origin.retire(number, Instant::now() >= state.retire);
        }
    }
    // Whoever looks for a connection finds no dead one.
    if let Some(origin) = origin.upgrade() {
        origin.forget(number);
    }
}

async fn answer(pings: &mut Option<PingPong>) {
    match pings {
        Some(pings) => drop(poll_fn(|cx| pings.poll_pong(cx)).await),
        None => std::future::pending().await,
    }
}
