//! Where requests begin and end in the bytes of an HTTP/1 connection, and which of them may pass.
//!
//! hyper accepts heads that other parsers read differently (`Content-Length` beside `Transfer-Encoding`, a missing or double
//! `Host`, bare line feeds), and its header map no longer shows it. So every byte is looked at here first. A [`Scanner`] does
//! no reading of its own: it is fed, says how many bytes may pass, and its answer depends on the bytes alone, never on how
//! they were cut into reads.

mod field;
mod head;
mod line;
mod target;

pub(super) use field::is_host;
pub(super) use target::check as check_target;

use self::head::{HeadScan, Step};
use super::settings::Limits;
use crate::base::http1::{self, Blanks, Chunks};
use crate::gateway::edge::Refusal;

/// How the body behind a head is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// So many bytes, zero too.
    Sized(u64),
    /// Chunks, to the empty one and its trailers.
    Chunked,
    /// No body, and then WebSocket, if the answer is 101: until that is known nothing may pass.
    Switch,
}

/// What a [`Scanner`] made of the bytes it was fed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// How many of the leading bytes may pass on.
    pub(super) pass: usize,
    /// What to do with the others.
    pub(super) rest: Rest,
}

/// What to do with the bytes that may not pass (yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// They are the beginning of a head: feed them again with more behind them.
    Wait,
    /// They are a head that must not be served. Nothing after it can be trusted.
    Refused(Refusal),
    /// They break the framing of a body whose head has passed already. The word says how.
    Broken(&'static str),
    /// They come behind a request for WebSocket and mean nothing before its answer: keep them.
    Hold,
}

/// Follows one connection.
#[derive(Debug)]
pub(super) struct Scanner {
    limits: Limits,
    heads: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Head(HeadScan),
    Sized(u64),
    Chunked(Chunks),
    Held,
    Over(Rest),
}

impl Scanner {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, heads: 0, state: State::Head(HeadScan::default()) }
    }

    /// How many heads have passed.
    pub(super) fn heads(&self) -> u64 {
        self.heads
    }

    /// Whether a head has begun and not ended: the client owes us its rest. Blank lines before it begin nothing.
    pub(super) fn is_within_head(&self) -> bool {
        matches!(&self.state, State::Head(head) if head.has_begun())
    }

    /// Whether all that passed were whole requests, so that nothing of one is on its way.
    pub(super) fn is_between_requests(&self) -> bool {
        matches!(&self.state, State::Head(head) if !head.has_begun())
    }

    /// Whether the last head that passed asked for WebSocket and nobody has said what became of it.
    pub(super) fn is_held(&self) -> bool {
        matches!(self.state, State::Held)
    }

    /// The request for WebSocket was answered, and the connection still speaks HTTP: what was kept is to be fed again.
    pub(super) fn resume(&mut self) {
        if self.is_held() {
            self.state = State::Head(HeadScan::default());
        }
    }

    /// Looks at `bytes`: what the last scan told to keep, and whatever came after it.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Scan {
        let mut pass = 0;
        loop {
            let Some(rest) = bytes.get(pass..).filter(|rest| !rest.is_empty()) else { return Scan { pass, rest: Rest::Wait } };
            let (taken, next) = match &mut self.state {
                State::Held => return Scan { pass, rest: Rest::Hold },
                State::Over(over) => return Scan { pass, rest: *over },
                State::Head(head) => match head.advance(rest, &self.limits) {
                    Step::Partial => return Scan { pass, rest: Rest::Wait },
                    Step::Refused(refusal) => (0, Some(State::Over(Rest::Refused(refusal)))),
                    Step::Whole { length, framing } => {
                        self.heads += 1;
                        (length, Some(body(framing, self.limits.headers)))
                    }
                },
                State::Sized(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= taken as u64;
                    (taken, (*left == 0).then(|| State::Head(HeadScan::default())))
                }
                State::Chunked(chunks) => match chunks.pass(rest) {
                    http1::Step::More | http1::Step::Data { .. } => (rest.len(), None),
                    http1::Step::Ended(taken) => (taken, Some(State::Head(HeadScan::default()))),
                    http1::Step::Broken(taken, rule) => (taken, Some(State::Over(Rest::Broken(rule)))),
                },
            };
            pass += taken;
            if let Some(next) = next {
                self.state = next;
            }
        }
    }
}

fn body(framing: Framing, trailers: usize) -> State {
    match framing {
        Framing::Sized(0) => State::Head(HeadScan::default()),
        Framing::Sized(length) => State::Sized(length),
        Framing::Switch => State::Held,
        Framing::Chunked => State::Chunked(Chunks::new(trailers, Blanks::Refused)),
    }
}

#[cfg(test)]
mod tests;
