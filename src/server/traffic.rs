//! What happens on one connection, as its reader, its service and its driver tell each other.
//!
//! The three live inside and around hyper and cannot call one another; this is the one place where they meet. The driver asks
//! [`Traffic::due`] after every step what time demands.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::core::Phase;
use super::gauge::Open;
use super::settings::{Limits, Timeouts};
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
    _open: Open,
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
        };
        Self { limits, timeouts, multiplexed, state: Mutex::new(state), _open: open }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change below is whole before anything in it could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    pub(super) fn arrive(&self) -> Turn {
        let now = Instant::now();
        let mut state = self.state();
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
mod tests {
    use super::*;

    async fn after(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    fn traffic(multiplexed: bool) -> Traffic {
        let now = Instant::now();
        Traffic::new(Limits::default(), Timeouts::default(), multiplexed, now, now, Open::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_is_late_ten_seconds_after_its_first_byte_however_many_follow() {
        let traffic = traffic(false);
        for _ in 0..9 {
            after(1).await;
            traffic.read(0, true);
            assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
        }
        after(1).await;
        assert_eq!(traffic.due(Phase::Serving), Due::Head);
        traffic.set_head_late();
        assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_only_when_nothing_is_on_its_way() {
        let traffic = traffic(false);
        traffic.read(1, false);
        after(120).await;
        assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
        assert!(matches!(traffic.due(Phase::Draining), Due::Wait(_)));
        traffic.leave(false);
        after(59).await;
        assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
        assert_eq!(traffic.due(Phase::Draining), Due::Close);
        after(1).await;
        assert_eq!(traffic.due(Phase::Serving), Due::Close);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_waits_for_a_client_that_was_active_just_now() {
        let traffic = traffic(false);
        traffic.read(1, false);
        traffic.leave(false);
        assert!(matches!(traffic.due(Phase::Draining), Due::Wait(_)));
        after(1).await;
        assert_eq!(traffic.due(Phase::Draining), Due::Close);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_cut_and_one_that_takes_a_little_is_not() {
        let traffic = traffic(false);
        traffic.read(1, false);
        for _ in 0..4 {
            traffic.blocked(true);
            after(29).await;
            assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
            traffic.blocked(false);
        }
        traffic.blocked(true);
        after(30).await;
        assert_eq!(traffic.due(Phase::Serving), Due::Cut("write_timeout"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_http2_connection_is_told_at_once_and_finishes_what_it_has() {
        let traffic = traffic(true);
        traffic.arrive();
        assert_eq!(traffic.due(Phase::Draining), Due::Close);
        traffic.set_closing();
        after(600).await;
        assert!(matches!(traffic.due(Phase::Draining), Due::Wait(_)));
        traffic.leave(false);
        after(5).await;
        assert_eq!(traffic.due(Phase::Draining), Due::Cut("closing"));
    }

    #[tokio::test(start_paused = true)]
    async fn one_stuck_http2_answer_cuts_the_connection_though_others_flow() {
        let traffic = traffic(true);
        traffic.piece(1, true);
        for _ in 0..29 {
            after(1).await;
            traffic.piece(2, true);
            traffic.piece(2, false);
        }
        assert!(matches!(traffic.due(Phase::Serving), Due::Wait(_)));
        after(1).await;
        assert_eq!(traffic.due(Phase::Serving), Due::Cut("write_timeout"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_requests_taken_back_cuts_the_connection() {
        let traffic = traffic(true);
        for _ in 0..=RESETS {
            traffic.arrive();
            traffic.leave(true);
        }
        assert_eq!(traffic.due(Phase::Serving), Due::Cut("reset_flood"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_thousandth_request_is_the_last() {
        let traffic = traffic(false);
        for _ in 0..999 {
            assert!(!traffic.arrive().last);
        }
        assert!(traffic.arrive().last);
    }
}
