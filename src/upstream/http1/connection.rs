//! A connection, whoever uses it.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio::task::coop::unconstrained;

use super::spare::{self, Room};
use crate::upstream::resolve::Whereabouts;
use crate::upstream::wire::Wire;

/// A connection, in use or waiting. Dropped, it is cut.
pub(in crate::upstream) struct Connection {
    wire: Wire,
    /// The other end tore it down while something was written. The system says so once: whoever reads next finds an end.
    was_reset: bool,
    /// What came and was not taken yet.
    pub(super) came: BytesMut,
    /// Where it leads, if its name may come to lead elsewhere.
    pub(in crate::upstream) whereabouts: Option<Whereabouts>,
    /// When it is too old to be used again.
    pub(in crate::upstream) retire: tokio::time::Instant,
}

impl Connection {
    pub(in crate::upstream) fn new(wire: Wire, whereabouts: Option<Whereabouts>, retire: tokio::time::Instant) -> Self {
        Self { wire, was_reset: false, came: BytesMut::new(), whereabouts, retire }
    }

    /// Whether nothing has come, not even the end: what comes while no call is under way is nobody's reply.
    pub(in crate::upstream) fn is_quiet(&mut self) -> bool {
        let mut room = [0];
        let mut byte = ReadBuf::new(&mut room);
        let wire = &mut self.wire;
        // The turn of the task that asks may be over; the answer must not be that nothing has come.
        let asked = unconstrained(std::future::poll_fn(|cx| Pin::new(&mut *wire).poll_read(cx, &mut byte)));
        self.came.is_empty() && pin!(asked).poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    /// Reads on; the length of what came, none at the end.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>, room: Room) -> Poll<io::Result<usize>> {
        let read = ready!(spare::read(&mut self.wire, cx, room, &mut self.came));
        // TLS that ends without a word says so with an error of its own.
        let is_end = read.as_ref().map_or_else(|error| error.kind() == io::ErrorKind::UnexpectedEof, |came| *came == 0);
        Poll::Ready(if is_end && self.was_reset { Err(io::ErrorKind::ConnectionReset.into()) } else { read })
    }

    /// Writes what it takes of these, in their order: at least one byte, and none only where all are empty.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, pieces: [&[u8]; 3]) -> Poll<io::Result<usize>> {
        let wire = Pin::new(&mut self.wire);
        let mut there = pieces.into_iter().filter(|piece| !piece.is_empty());
        let wrote = match (there.next(), there.next()) {
            (None, _) => return Poll::Ready(Ok(0)),
            (Some(only), None) => ready!(wire.poll_write(cx, only)),
            (Some(_), Some(_)) => ready!(wire.poll_write_vectored(cx, &pieces.map(IoSlice::new))),
        };
        let wrote = wrote.and_then(|wrote| if wrote == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(wrote) });
        Poll::Ready(self.noted(wrote))
    }

    /// Lets what is written leave.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.wire).poll_flush(cx));
        Poll::Ready(self.noted(flushed))
    }

    fn noted<T>(&mut self, sent: io::Result<T>) -> io::Result<T> {
        sent.inspect_err(|error| self.was_reset |= error.kind() == io::ErrorKind::ConnectionReset)
    }

    /// Takes the first bytes of those that came.
    pub(super) fn take(&mut self, bytes: usize) -> Bytes {
        // Nothing is kept of a block whose last byte is taken.
        if bytes >= self.came.len() { std::mem::take(&mut self.came).freeze() } else { self.came.split_to(bytes).freeze() }
    }

    /// The connection as it is, and what came on it.
    pub(in crate::upstream) fn into_parts(self) -> (Wire, Bytes) {
        (self.wire, self.came.freeze())
    }
}
