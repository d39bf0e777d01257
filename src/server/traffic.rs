//! What happens on one connection, as its reader, its service and its driver tell each other.
//!
//! The three cannot call one another; this is the one place where they meet. The driver asks [`Traffic::due`] after every step what time
//! demands.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Version;
use tokio::time::Instant;

use super::departures::{Kind, Way};
use super::gauge::Open;
use super::settings::{Limits, Timeouts};
use super::watch::Watched;
use crate::base::moment;
use crate::gateway::edge::Refusal;

mod due;

pub(super) use due::Due;

/// Requests that an HTTP/2 client may take back within [`RESETS_WITHIN`] before it counts as an attack (CVE-2023-44487).
const RESETS: u32 = 100;
const RESETS_WITHIN: Duration = Duration::from_secs(30);

/// A request that the reader refused, which nobody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// The request line as it came, for the access log alone: method and target, where there were any.
    pub(super) line: Option<(String, String)>,
}

/// A request's place on its connection.
#[derive(Debug)]
pub(super) struct Turn {
    /// How many came before it.
    pub(super) number: u64,
    /// Whether the connection should close behind it.
    pub(super) last: bool,
}

/// One connection's state. Shared by everything that belongs to it; while one of them lives, the connection counts as open.
#[derive(Debug)]
pub(super) struct Traffic {
    limits: Limits,
    timeouts: Timeouts,
    multiplexed: bool,
    born: Instant,
    /// Whether there is any use in asking if the reader may end the connection: every read that finds nothing would.
    may_leave: AtomicBool,
    state: Mutex<State>,
    open: Open,
}

#[derive(Debug)]
struct State {
    /// When a byte of a request came, an answer ended, or the client took again of what waited for it.
    active: Instant,
    head_since: Option<Instant>,
    head_late: bool,
    /// Since when the client takes nothing of what is ready to be written.
    blocked_since: Option<Instant>,
    lingering_since: Option<Instant>,
    closing_since: Option<Instant>,
    /// Requests that were let in and not answered to the end.
    open: u64,
    served: u64,
    /// HTTP/2 answers with a piece that waits to be taken, and since when.
    waiting: BTreeMap<u64, Instant>,
    resets: u32,
    resets_since: Instant,
    /// An HTTP/1.0 client has asked for something.
    old_client: bool,
    /// Why the driver dropped the connection.
    cut: Option<&'static str>,
    /// The reader may end the connection where no request has begun.
    leaving: bool,
    /// Answers under way that have no known end.
    streams: u64,
    /// It is a WebSocket.
    tunnel: bool,
    /// What it was when a drain began.
    departing: Option<Kind>,
    /// A part of it was told to come back, or cut, at the end of a drain.
    way: Way,
}

impl State {
    fn kind(&self) -> Kind {
        match self {
            Self { tunnel: true, .. } => Kind::WebSocket,
            Self { streams: 1.., .. } => Kind::Streaming,
            Self { open: 1.., .. } | Self { head_since: Some(_), .. } => Kind::InFlight,
            _ => Kind::Idle,
        }
    }

    fn untaken_since(&self) -> Option<Instant> {
        self.waiting.values().copied().chain(self.blocked_since).min()
    }
}

impl Traffic {
    /// A connection on which nothing has been answered. `first_byte` is when its first byte came.
    pub(super) fn new(
        limits: Limits,
        timeouts: Timeouts,
        multiplexed: bool,
        born: Instant,
        first_byte: Instant,
        open: Open,
    ) -> Self {
        let state = State {
            active: first_byte,
            // What came so far may be the beginning of a head: its time runs from there until the reader knows better.
            head_since: (!multiplexed).then_some(first_byte),
            head_late: false,
            blocked_since: None,
            lingering_since: None,
            closing_since: None,
            open: 0,
            served: 0,
            waiting: BTreeMap::new(),
            resets: 0,
            resets_since: born,
            old_client: false,
            cut: None,
            leaving: false,
            streams: 0,
            tunnel: false,
            departing: None,
            way: Way::Finished,
        };
        Self { limits, timeouts, multiplexed, born, may_leave: AtomicBool::new(false), state: Mutex::new(state), open }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change below is whole before anything in it could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection as it is watched, if it is.
    pub(super) fn watched(&self) -> Option<&Watched> {
        self.open.watched()
    }

    /// Whether the connection speaks HTTP/2.
    pub(super) fn is_multiplexed(&self) -> bool {
        self.multiplexed
    }

    // ---- the reader of an HTTP/1 connection

    /// The reader took in bytes: `let_in` whole heads passed, and another has begun or not.
    pub(super) fn read(&self, let_in: u64, within_head: bool) {
        let now = moment::now();
        let mut state = self.state();
        state.active = now;
        state.open += let_in;
        if let_in > 0 && std::mem::take(&mut state.leaving) {
            self.may_leave.store(false, Ordering::Relaxed);
            // It came just in time.
            state.closing_since = None;
        }
        state.head_since = match state.head_since {
            Some(since) if within_head && let_in == 0 => Some(since),
            _ => within_head.then_some(now),
        };
    }

    /// The reader took in blank lines before a request, and nothing else: no head has begun, and the client is as idle as before.
    pub(super) fn read_blank_lines(&self) {
        self.state().head_since = None;
    }

    /// Whether the reader may end the connection, if nothing has come.
    pub(super) fn is_leaving(&self) -> bool {
        if !self.may_leave.load(Ordering::Relaxed) {
            return false;
        }
        let state = self.state();
        state.leaving && state.open == 0 && state.blocked_since.is_none()
    }

    /// Whether the head that has begun is late.
    pub(super) fn is_head_late(&self) -> bool {
        self.state().head_late
    }

    /// The reader refused a head.
    pub(super) fn refuse(&self) {
        let mut state = self.state();
        state.head_since = None;
        state.open += 1;
    }

    /// The answer is out and the reader waits for the client to notice.
    pub(super) fn linger(&self) {
        self.state().lingering_since.get_or_insert_with(Instant::now);
    }

    /// Bytes are ready for the client and it takes none, or it took some.
    pub(super) fn blocked(&self, blocked: bool) {
        let mut state = self.state();
        let now = moment::now();
        if !blocked && state.blocked_since.is_some() {
            state.active = now;
        }
        state.blocked_since = if blocked { state.blocked_since.or(Some(now)) } else { None };
    }

    /// Since when the client takes nothing of something that it could.
    pub(super) fn untaken_since(&self) -> Option<Instant> {
        self.state().untaken_since()
    }

    /// Whether the time of a client that takes nothing is up, unless the system has still got rid of something.
    pub(super) fn is_blocked_for_long(&self) -> bool {
        let state = self.state();
        let is_late = |since: Instant| since + self.timeouts.write <= moment::now();
        state.blocked_since.is_some() && state.untaken_since().is_some_and(is_late)
    }

    /// The client takes nothing that is ready, but has taken of what the system held.
    pub(super) fn took(&self) {
        let mut state = self.state();
        let now = moment::now();
        state.active = now;
        state.blocked_since = Some(now);
        // All answers of a connection leave through the same socket.
        state.waiting.values_mut().for_each(|since| *since = now);
    }

    // ---- the service

    /// A request arrives at the service.
    pub(super) fn arrive(&self, version: Version) -> Turn {
        let mut state = self.state();
        state.old_client |= version == Version::HTTP_10;
        let number = state.served;
        state.served += 1;
        if self.multiplexed {
            state.open += 1;
            state.active = moment::now();
        }
        Turn { number, last: state.served >= self.limits.requests }
    }

    /// The connection is a WebSocket from here on.
    pub(super) fn set_tunnel(&self) {
        self.state().tunnel = true;
    }

    /// An answer without a known end begins, or has ended.
    pub(super) fn streams(&self, begins: bool) {
        let mut state = self.state();
        state.streams = if begins { state.streams + 1 } else { state.streams.saturating_sub(1) };
    }

    /// The end of the drain took something of this connection: a stream that was told to come back, or cut.
    pub(super) fn lose(&self, way: Way) {
        let mut state = self.state();
        if state.way != Way::Cut {
            state.way = way;
        }
    }

    /// Whether an answer here may have no other end than that of the connection.
    pub(super) fn ends_answers_by_closing(&self) -> bool {
        self.state().old_client
    }

    /// Whether the connection is so old that it should close behind the answer that is about to begin.
    pub(super) fn is_old(&self) -> bool {
        moment::now() >= self.born + self.timeouts.age
    }

    /// A request has been answered to the end, or never will be. `reset`: an HTTP/2 client took it back.
    pub(super) fn leave(&self, reset: bool) {
        let now = moment::now();
        let mut state = self.state();
        state.open = state.open.saturating_sub(1);
        state.active = now;
        if reset && self.multiplexed {
            if now > state.resets_since + RESETS_WITHIN {
                (state.resets, state.resets_since) = (0, now);
            }
            state.resets += 1;
        }
    }

    /// An HTTP/2 answer handed over a piece (`true`), or is asked for the next one and so has got rid of the last.
    pub(super) fn piece(&self, answer: u64, waits: bool) {
        let mut state = self.state();
        if waits {
            state.waiting.insert(answer, moment::now());
        } else {
            state.waiting.remove(&answer);
        }
    }

    // ---- the driver

    /// The driver found the head late.
    pub(super) fn set_head_late(&self) {
        self.state().head_late = true;
    }

    /// The driver asked the connection to close.
    pub(super) fn set_closing(&self) {
        self.state().closing_since.get_or_insert_with(Instant::now);
    }

    /// The driver lets the reader end the connection where no request has begun.
    pub(super) fn set_leaving(&self) {
        self.may_leave.store(true, Ordering::Relaxed);
        let mut state = self.state();
        state.leaving = true;
        state.closing_since.get_or_insert_with(Instant::now);
    }

    /// A drain has begun: this is what it found.
    pub(super) fn begin_drain(&self) {
        let mut state = self.state();
        if state.departing.is_none() {
            state.departing = Some(state.kind());
        }
    }

    /// The driver drops the connection.
    pub(super) fn set_cut(&self, reason: &'static str) {
        self.state().cut = Some(reason);
    }

    /// Why the driver dropped the connection, if it did.
    pub(super) fn cut(&self) -> Option<&'static str> {
        self.state().cut
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        // These two end what has been answered.
        let cut = state.cut.is_some_and(|reason| !matches!(reason, "closing" | "lingered"));
        let way = if cut { Way::Cut } else { state.way };
        self.open.depart(state.departing.unwrap_or_else(|| state.kind()), way);
    }
}

#[cfg(test)]
mod tests;
