//! What is read into: buffers of a thread, so that a connection that waits holds none.

use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::AsyncReadExt as _;

use crate::upstream::wire::Wire;

/// How much is read at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// A head, or a body of which nobody knows that it is large.
    Usual,
    /// More of a body that is: what a large reply holds of a worker's memory follows from it.
    Wide,
}

impl Room {
    /// In bytes.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Usual => 32 * 1024,
            Self::Wide => 128 * 1024,
        }
    }
}

thread_local! {
    static USUAL: Cell<BytesMut> = Cell::default();
    static WIDE: Cell<BytesMut> = Cell::default();
}

/// Reads what has come behind what is in `came`, and gives its length: none at the end. What fills half of a buffer is handed over with
/// it; less is copied, so that nobody holds on to much more memory than has bytes in it.
pub(super) fn read(wire: &mut Wire, cx: &mut Context<'_>, room: Room, came: &mut BytesMut) -> Poll<io::Result<usize>> {
    let spares = if room == Room::Usual { &USUAL } else { &WIDE };
    let mut buffer = spares.take();
    if buffer.capacity() < room.bytes() {
        buffer = BytesMut::with_capacity(room.bytes());
    }
    let read = pin!(wire.read_buf(&mut buffer)).poll(cx);
    let length = buffer.len();
    if came.is_empty() && length >= room.bytes() / 2 {
        *came = buffer;
    } else {
        if came.is_empty() {
            *came = BytesMut::from(&buffer[..]);
        } else {
            came.extend_from_slice(&buffer);
        }
        buffer.clear();
        spares.set(buffer);
    }
    ready!(read)?;
    Poll::Ready(Ok(length))
}
