//! What happens on one connection, as its reader, its service and its driver tell each other.
//!
//! The three live inside and around hyper and cannot call one another; this is the one place where they meet. The driver asks
//! [`Traffic::due`] after every step what time demands.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Version;
use tokio::time::Instant;

use super::core::Phase;
use super::gauge::Open;
use super::settings::{Limits, Timeouts};
use super::watch::Watched;
use crate::gateway::edge::Refusal;

/// How long a refused client is read from after the answer, so that it can see the answer: closing at once with bytes of
/// it unread would make the system reset the connection and throw the answer away.
const LINGER: Duration = Duration::from_secs(2);
/// How long a connection that was asked to close may take for it once nothing is on its way.
const CLOSING: Duration = Duration::from_secs(5);
/// Requests that an HTTP/2 client may take back within [`RESETS_WITHIN`] before it counts as an attack (CVE-2023-44487).
const RESETS: u32 = 100;
const RESETS_WITHIN: Duration = Duration::from_secs(30);

/// A request that the reader refused: it stands in for the real one, which nobody may see.
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
    /// Why it must not be served, when its head was refused.
    pub(super) refused: Option<Refused>,
    /// Whether the connection should close behind it.
    pub(super) last: bool,
}

/// What the driver has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing before then.
    Wait(Instant),
    /// The head that has begun took too long: have the reader refuse it.
    Head,
    /// Ask hyper to close when it can.
    Close,
    /// Drop the connection. The word says why, for the log.
    Cut(&'static str),
}

/// One connection's state. Shared by everything that belongs to it; while one of them lives, the connection counts as open.
#[derive(Debug)]
pub(super) struct Traffic {
    limits: Limits,
    timeouts: Timeouts,
    multiplexed: bool,
    state: Mutex<State>,
    open: Open,
}

#[derive(Debug)]
struct State {
    born: Instant,
    /// When a byte of a request came or an answer ended.
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
    refused: Option<(u64, Refused)>,
    /// HTTP/2 answers with a piece that waits to be taken, and since when.
    waiting: BTreeMap<u64, Instant>,
    resets: u32,
    resets_since: Instant,
    /// An HTTP/1.0 client has asked for something.
    old_client: bool,
    /// Why the driver dropped the connection.
    cut: Option<&'static str>,
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
            born,
            active: first_byte,
            // What came so far may be the beginning of a head: its time runs from there until the reader knows better.
            head_since: (!multiplexed).then_some(first_byte),
            head_late: false,
            blocked_since: None,
            lingering_since: None,
            closing_since: None,
            open: 0,
            served: 0,
            refused: None,
            waiting: BTreeMap::new(),
            resets: 0,
            resets_since: born,
            old_client: false,
            cut: None,
        };
        Self { limits, timeouts, multiplexed, state: Mutex::new(state), open }
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
        let now = Instant::now();
        let mut state = self.state();
        state.active = now;
        state.open += let_in;
        state.head_since = match state.head_since {
            Some(since) if within_head && let_in == 0 => Some(since),
            _ => within_head.then_some(now),
        };
    }

    /// Whether the head that has begun is late.
    pub(super) fn is_head_late(&self) -> bool {
        self.state().head_late
    }

    /// The reader refused the head with this number, counted from zero.
    pub(super) fn refuse(&self, number: u64, refused: Refused) {
        let mut state = self.state();
        state.refused = Some((number, refused));
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
        state.blocked_since = if blocked { state.blocked_since.or_else(|| Some(Instant::now())) } else { None };
    }

    // ---- the service

    /// A request arrives at the service.
    pub(super) fn arrive(&self, version: Version) -> Turn {
        let now = Instant::now();
        let mut state = self.state();
        state.old_client |= version == Version::HTTP_10;
        let number = state.served;
        state.served += 1;
        if self.multiplexed {
            state.open += 1;
            state.active = now;
        }
        let refused = state.refused.take_if(|(refused, _)| *refused == number).map(|(_, refused)| refused);
        let last = refused.is_some() || state.served >= self.limits.requests;
        Turn { number, refused, last }
    }

    /// Whether an answer here may have no other end than that of the connection.
    pub(super) fn ends_answers_by_closing(&self) -> bool {
        self.state().old_client
    }

    /// Whether the connection is so old that it should close behind the answer that is about to begin.
    pub(super) fn is_old(&self) -> bool {
        Instant::now() >= self.state().born + self.timeouts.age
    }

    /// A request has been answered to the end, or never will be. `reset`: an HTTP/2 client took it back.
    pub(super) fn leave(&self, reset: bool) {
        let now = Instant::now();
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
            state.waiting.insert(answer, Instant::now());
        } else {
            state.waiting.remove(&answer);
        }
    }

    // ---- the driver

    /// The driver found the head late.
    pub(super) fn set_head_late(&self) {
        self.state().head_late = true;
    }

    /// The driver asked hyper to close.
    pub(super) fn set_closing(&self) {
        self.state().closing_since.get_or_insert_with(Instant::now);
    }

    /// The driver drops the connection.
    pub(super) fn set_cut(&self, reason: &'static str) {
        self.state().cut = Some(reason);
    }

    /// Why the driver dropped the connection, if it did.
    pub(super) fn cut(&self) -> Option<&'static str> {
        self.state().cut
    }

    /// What time demands now.
    pub(super) fn due(&self, phase: Phase) -> Due {
        let now = Instant::now();
        let state = self.state();
        let Timeouts { head, idle, write, age, settle, .. } = self.timeouts;
        // Looks again at least as often as this; a change that matters wakes the driver by itself.
        let mut next = now + idle.max(Duration::from_secs(1));
        let mut passed = |at: Instant| {
            next = next.min(at.max(now));
            at <= now
        };
        if phase == Phase::Cut {
            return Due::Cut("drain_deadline");
        }
        if state.blocked_since.is_some_and(|since| passed(since + write)) {
            return Due::Cut("write_timeout");
        }
        if state.waiting.values().min().is_some_and(|since| passed(*since + write)) {
            return Due::Cut("write_timeout");
        }
        if state.resets > RESETS {
            return Due::Cut("reset_flood");
        }
        if state.lingering_since.is_some_and(|since| passed(since + LINGER)) {
            return Due::Cut("lingered");
        }
        if !state.head_late && state.head_since.is_some_and(|since| passed(since + head)) {
            return Due::Head;
        }
        let is_idle = state.open == 0 && state.head_since.is_none();
        match state.closing_since {
            Some(since) => {
                if is_idle
                    && state.blocked_since.is_none()
                    && state.lingering_since.is_none()
                    && passed(since.max(state.active) + CLOSING)
                {
                    return Due::Cut("closing");
                }
            }
            // With streams in the air HTTP/2 can be told at any time: what was begun is finished.
            None if self.multiplexed => {
                let told = phase == Phase::Draining || state.served >= self.limits.requests;
                if told || passed(state.born + age) || (is_idle && passed(state.active + idle)) {
                    return Due::Close;
                }
            }
            None => {
                let draining = phase == Phase::Draining && is_idle && passed(state.active + settle);
                if draining || (is_idle && (passed(state.active + idle) || passed(state.born + age))) {
                    return Due::Close;
                }
            }
        }
        Due::Wait(next)
    }
}

#[cfg(test)]
mod tests;
