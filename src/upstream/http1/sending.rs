//! A request that is being sent, up to the head of its reply.

use std::io;
use std::task::{Context, Poll, ready};

use http::Method;
use http::response::Parts;

use super::beside::Beside;
use super::incoming::Incoming;
use super::outbox::Outbox;
use super::parse;
use super::spare::Room;
use crate::upstream::body::{BodyError, BrokeOff, RequestBody};
use crate::upstream::coming::Coming;
use crate::upstream::pool::Alone;
use crate::upstream::reply_head::HeadScan;
use crate::upstream::{Error, Malformed};

/// Why there is no head of a reply.
#[derive(Debug)]
pub(in crate::upstream) enum Failed {
    /// The connection broke.
    Wire(io::Error),
    /// It ended.
    Closed,
    /// The body of the request broke off.
    Body,
    Malformed(Malformed),
}

impl Failed {
    /// What that is; `broke_off` is how the client's side of the request ended, if it did.
    pub(in crate::upstream) fn error(self, broke_off: Option<BodyError>) -> Error {
        match (self, broke_off) {
            (_, Some(error)) => Error::ClientBody(error),
            (Self::Body, None) => Error::ClientBody(Box::new(BrokeOff)),
            (Self::Malformed(malformed), None) => malformed.into(),
            (Self::Closed, None) => Error::Closed,
            // TLS that ends without a word says so like this.
            (Self::Wire(error), None) if error.kind() == io::ErrorKind::UnexpectedEof => Error::Closed,
            (Self::Wire(_), None) => Error::Reset { in_body: false },
        }
    }
}

/// A request and the connection that it goes out on. Dropped, the connection is cut.
pub(in crate::upstream) struct Sending {
    alone: Alone,
    outbox: Outbox,
    is_head: bool,
    scan: HeadScan,
    /// How much of what came the scan has seen.
    seen: usize,
}

impl Sending {
    pub(in crate::upstream) fn new(alone: Alone, method: &Method, outbox: Outbox) -> Self {
        let (scan, is_head) = (HeadScan::new(), *method == Method::HEAD);
        Self { alone, outbox, is_head, scan, seen: 0 }
    }

    /// Sends, and waits for the head of the reply; the upload may go on behind it.
    pub(in crate::upstream) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<Parts, Failed>> {
        let connection = &mut self.alone.connection;
        if let Poll::Ready(Err(BrokeOff)) = self.outbox.poll(connection, cx) {
            return Poll::Ready(Err(Failed::Body));
        }
        loop {
            if ready!(connection.poll_fill(cx, Room::Usual)).map_err(Failed::Wire)? == 0 {
                return Poll::Ready(Err(Failed::Closed));
            }
            let fresh = connection.came.get(self.seen..).unwrap_or_default();
            let end = self.scan.see(fresh).map_err(Failed::Malformed)?;
            self.seen = connection.came.len();
            if let Some(end) = end {
                let head = connection.take(end);
                return Poll::Ready(parse::head(head).map_err(Failed::Malformed));
            }
        }
    }

    /// Whether anything of a reply came.
    pub(in crate::upstream) fn is_answered(&self) -> bool {
        self.seen > 0
    }

    /// The body of the request, if nothing of it was sent.
    pub(in crate::upstream) fn into_unsent(self) -> Option<RequestBody> {
        self.outbox.into_unsent()
    }

    /// The body behind a head that announces `length`. What is left to be sent goes on being sent.
    pub(in crate::upstream) fn into_body(self, head: &Parts, length: Option<u64>) -> Coming {
        let Self { alone, outbox, is_head, .. } = self;
        let incoming = Incoming::new(alone, head, length, (is_head, outbox.is_over()));
        if outbox.is_done() { Coming::Alone(incoming) } else { Coming::Beside(Beside::begin(incoming, outbox)) }
    }

    /// The connection after a switch of protocols.
    pub(in crate::upstream) fn into_alone(self) -> Alone {
        self.alone
    }
}
