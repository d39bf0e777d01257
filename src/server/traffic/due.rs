//! What time demands of a connection.

use std::time::Duration;

use tokio::time::Instant;

use super::RESETS;
use super::Traffic;
use crate::base::moment;
use crate::server::core::Phase;
use crate::server::settings::Timeouts;

/// How long a refused client is read from after the answer, so that it can see the answer: closing at once with bytes of
/// it unread would make the system reset the connection and throw the answer away.
const LINGER: Duration = Duration::from_secs(2);
/// How long a connection that was asked to close may take for it once nothing is on its way.
const CLOSING: Duration = Duration::from_secs(5);

/// What the driver has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Due {
    /// Nothing before then.
    Wait(Instant),
    /// The head that has begun took too long: have the reader refuse it.
    Head,
    /// Ask the connection to close when it can.
    Close,
    /// Have the reader end an idle connection, unless something has come by then.
    Leave,
    /// Drop the connection. The word says why, for the log.
    Cut(&'static str),
}

impl Traffic {
    /// What time demands now.
    pub(in crate::server) fn due(&self, phase: Phase) -> Due {
        let now = moment::now();
        let state = self.state();
        let Timeouts { head, idle, write, age, settle, last_head, .. } = self.timeouts;
        // Looks again at least as often as this; a change that matters wakes the driver by itself.
        let mut next = now + idle.max(Duration::from_secs(1));
        let mut passed = |at: Instant| {
            next = next.min(at.max(now));
            at <= now
        };
        if phase == Phase::Cut {
            return Due::Cut("drain_deadline");
        }
        if state.untaken_since().is_some_and(|since| passed(since + write)) {
            return Due::Cut("write_timeout");
        }
        if state.resets > RESETS {
            return Due::Cut("reset_flood");
        }
        if state.lingering_since.is_some_and(|since| passed(since + LINGER)) {
            return Due::Cut("lingered");
        }
        let late =
            |since: Instant| phase.drain().map_or(since + head, |drain| (since + head).min(since.max(drain.since) + last_head));
        if !state.head_late && state.head_since.is_some_and(|since| passed(late(since))) {
            return Due::Head;
        }
        let is_idle = state.open == 0 && state.head_since.is_none();
        match state.closing_since {
            Some(since)
                if is_idle
                    && state.blocked_since.is_none()
                    && state.lingering_since.is_none()
                    && passed(since.max(state.active) + CLOSING) =>
            {
                return Due::Cut("closing");
            }
            Some(_) => {}
            // With streams in the air HTTP/2 can be told at any time: what was begun is finished.
            None if self.multiplexed => {
                let told = phase.drain().is_some() || state.served >= self.limits.requests;
                if told || passed(self.born + age) || (is_idle && passed(state.active + idle)) {
                    return Due::Close;
                }
            }
            // Whatever is still to be written is part of an answer.
            None if state.blocked_since.is_none() => {
                let draining = phase.drain().is_some() && is_idle && passed(state.active + settle);
                if draining || (is_idle && (passed(state.active + idle) || passed(self.born + age))) {
                    return Due::Leave;
                }
            }
            None => {}
        }
        Due::Wait(next)
    }
}
