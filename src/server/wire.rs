//! The socket below HTTP: bytes that were read ahead come first, and a client that takes nothing is noticed.

use std::ffi::c_int;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use rustix::net::RecvFlags;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use super::queue::queued;
use super::traffic::Traffic;

/// Up to so many bytes, head and body are copied together before they are sent.
const SMALL: usize = 2048;

/// What a kind of stream can do beside reading and writing.
#[derive(Debug)]
pub(super) struct Socket<T> {
    /// Has the stream reset when it is dropped.
    pub(super) tear: fn(&T),
    /// Whether bytes have come that nobody has been told of yet.
    pub(super) has_unread: fn(&T) -> bool,
    /// How much of what was written its other end has not taken.
    pub(super) queued: fn(&T) -> Option<c_int>,
}

impl<T> Clone for Socket<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Socket<T> {}

impl<T> Socket<T> {
    /// A stream that can do none of it.
    pub(super) const NONE: Self = Self { tear: |_| {}, has_unread: |_| false, queued: |_| None };
}

impl Socket<TcpStream> {
    /// A connection of TCP.
    pub(super) const TCP: Self = Self {
        tear: |stream| {
            if let Err(error) = stream.set_zero_linger() {
                tracing::debug!(%error, "a connection that is cut ends as if in good order");
            }
        },
        has_unread,
        queued,
    };
}

impl Socket<UnixStream> {
    /// A connection of the file system. It knows no reset: its other end finds it closed.
    pub(super) const UNIX: Self = Self { tear: |_| {}, has_unread, queued };
}

/// The runtime learns of bytes when it next asks the system: this asks at once.
fn has_unread(stream: &impl AsFd) -> bool {
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    rustix::net::recv(stream, &mut [0_u8; 1], flags).is_ok_and(|(_, came)| came > 0)
}

/// A stream with the bytes that were taken from it to tell its protocol.
#[derive(Debug)]
pub(super) struct Wire<T> {
    stream: T,
    early: BytesMut,
    traffic: Arc<Traffic>,
    blocked: bool,
    /// What the system held when the client was last seen to take something, while it is blocked.
    queued: Option<c_int>,
    socket: Socket<T>,
    shut_down: bool,
}

impl<T> Wire<T> {
    pub(super) fn new(stream: T, early: BytesMut, traffic: Arc<Traffic>, socket: Socket<T>) -> Self {
        Self { stream, early, traffic, blocked: false, queued: None, socket, shut_down: false }
    }

    /// Whether the client has taken of what the system holds since this was last asked, or there is something that it may still take.
    pub(super) fn takes(&mut self) -> bool {
        let queued = (self.socket.queued)(&self.stream).filter(|queued| *queued > 0);
        let before = std::mem::replace(&mut self.queued, queued);
        queued.is_some_and(|now| before.is_none_or(|before| now < before))
    }

    /// Whether bytes have come that were not read.
    pub(super) fn has_unread(&self) -> bool {
        !self.early.is_empty() || (self.socket.has_unread)(&self.stream)
    }

    /// Remembers whether the client takes what is written. Only a change is worth telling.
    ///
    /// The system holds megabytes, and takes nothing more before a third of them has left, while a client on a slow line takes of them all the
    /// time. So before that client's time is up, the system is asked what it still holds.
    fn note<R>(&mut self, wrote: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        let blocked = wrote.is_pending();
        if blocked != self.blocked {
            self.blocked = blocked;
            self.traffic.blocked(blocked);
            self.queued = if blocked { (self.socket.queued)(&self.stream) } else { None };
        } else if blocked && self.traffic.is_blocked_for_long() {
            let queued = (self.socket.queued)(&self.stream);
            let before = std::mem::replace(&mut self.queued, queued);
            if queued.zip(before).is_some_and(|(now, before)| now < before) {
                self.traffic.took();
            }
        }
        wrote
    }
}

/// The pieces as one, where there is room for all.
fn together<'r>(pieces: &[IoSlice<'_>], room: &'r mut [u8; SMALL]) -> Option<&'r [u8]> {
    let mut filled = 0;
    for piece in pieces {
        let end = filled + piece.len();
        room.get_mut(filled..end)?.copy_from_slice(piece);
        filled = end;
    }
    room.get(..filled)
}

impl<T: AsyncRead + Unpin> AsyncRead for Wire<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, out);
        }
        let taken = self.early.len().min(out.remaining());
        out.put_slice(self.early.get(..taken).unwrap_or_default());
        self.early.advance(taken);
        if self.early.is_empty() {
            // The connection may live for an hour: give the memory back.
            self.early = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(wrote)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if let [piece] = bytes {
            return self.poll_write(cx, piece);
        }
        // A small answer is copied together: that and one send cost less than a list for the system to read.
        let mut room = [0; SMALL];
        if let Some(together) = together(bytes, &mut room) {
            return self.poll_write(cx, together);
        }
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.note(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut_down = true;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// To a client of HTTP/1.0 the end of the connection can be the end of an answer. So one that was not brought to its end is
/// torn down, or half an answer would look whole.
impl<T> Drop for Wire<T> {
    fn drop(&mut self) {
        if !self.shut_down && self.traffic.ends_answers_by_closing() {
            (self.socket.tear)(&self.stream);
        }
    }
}
