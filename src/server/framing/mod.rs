//! Where requests begin and end in the bytes of an HTTP/1 connection, and which of them may be served.
//!
//! Strict, because others behind us read differently what can be read in two ways (`Content-Length` beside `Transfer-Encoding`, a missing
//! or double `Host`, bare line feeds). A [`Scanner`] does no reading of its own: it is fed, says what the bytes are, and its answer depends
//! on the bytes alone, never on how they were cut into reads. Each byte of a head is looked at once: where its parts stand is handed over.

mod field;
mod head;
mod line;
mod target;

pub(super) use field::is_host;
pub(super) use head::Head;
pub(super) use target::check as check_target;

use http::HeaderMap;

use self::head::{HeadScan, Scanned};
use super::settings::Limits;
use crate::base::http1::{self, Blanks, Chunks};
use crate::gateway::edge::Refusal;

/// How the body behind a head is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes, zero too.
    Sized(u64),
    /// Chunks, to the empty one and its trailers.
    Chunked,
    /// No body, and then WebSocket, if the answer is 101.
    Switch,
}

/// What a [`Scanner`] made of the bytes it was fed.
#[derive(Debug)]
pub(super) enum Step {
    /// So many belong to the framing of a body; the others, if any, are the beginning of a head: feed them again with more behind them.
    Wait(usize),
    /// A head.
    Head(Head),
    /// So many of the framing of a body, and behind them so many of its data.
    Data { skip: usize, bytes: usize },
    /// So many of framing, with which a body in chunks ends, and its trailers.
    Ended(usize, Option<HeaderMap>),
    /// A head that must not be served. Nothing after it can be trusted.
    Refused(Refusal),
    /// After so many they break the framing of a body. The word says how.
    Broken(usize, &'static str),
}

/// Follows one connection.
#[derive(Debug)]
pub(super) struct Scanner {
    limits: Limits,
    state: State,
}

#[derive(Debug)]
enum State {
    Head(HeadScan),
    Sized(u64),
    Chunked(Chunks),
    Refused(Refusal),
    Broken(&'static str),
}

impl Scanner {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: State::Head(HeadScan::default()) }
    }

    /// Whether a head has begun and not ended: the client owes us its rest. Blank lines before it begin nothing.
    pub(super) fn is_within_head(&self) -> bool {
        matches!(&self.state, State::Head(head) if head.has_begun())
    }

    /// Whether all that came were whole requests, so that nothing of one is on its way.
    pub(super) fn is_between_requests(&self) -> bool {
        matches!(&self.state, State::Head(head) if !head.has_begun())
    }

    /// Whether a body is under way.
    pub(super) fn is_within_body(&self) -> bool {
        matches!(&self.state, State::Sized(_) | State::Chunked(_))
    }

    /// Looks at `bytes`, which are not empty: what the last step told to keep, and whatever came after it.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Step {
        let (step, next) = match &mut self.state {
            State::Refused(refusal) => return Step::Refused(*refusal),
            State::Broken(rule) => return Step::Broken(0, rule),
            State::Head(head) => match head.advance(bytes, &self.limits) {
                Scanned::Partial => return Step::Wait(0),
                Scanned::Refused(refusal) => (Step::Refused(refusal), State::Refused(refusal)),
                Scanned::Whole(head) => {
                    let next = body(head.framing, self.limits.headers);
                    (Step::Head(head), next)
                }
            },
            State::Sized(left) => {
                let bytes = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= bytes as u64;
                if *left > 0 {
                    return Step::Data { skip: 0, bytes };
                }
                (Step::Data { skip: 0, bytes }, State::Head(HeadScan::default()))
            }
            State::Chunked(chunks) => match chunks.next(bytes) {
                http1::Step::More => return Step::Wait(bytes.len()),
                http1::Step::Data { skip, bytes } => return Step::Data { skip, bytes },
                http1::Step::Ended(taken) => (Step::Ended(taken, chunks.trailers()), State::Head(HeadScan::default())),
                http1::Step::Broken(taken, rule) => (Step::Broken(taken, rule), State::Broken(rule)),
            },
        };
        self.state = next;
        step
    }
}
/// What comes behind a head with such a body.
fn body(framing: Framing, trailers: usize) -> State {
    match framing {
        Framing::Sized(0) | Framing::Switch => State::Head(HeadScan::default()),
        Framing::Sized(length) => State::Sized(length),
        Framing::Chunked => State::Chunked(Chunks::new(trailers, Blanks::Refused)),
    }
}

#[cfg(test)]
mod tests;
