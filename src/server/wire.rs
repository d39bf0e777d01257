//! The socket below HTTP: bytes that were read ahead come first, and a client that takes nothing is noticed.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::traffic::Traffic;

/// A stream with the bytes that were taken from it to tell its protocol.
#[derive(Debug)]
pub(super) struct Wire<T> {
    stream: T,
    early: BytesMut,
    traffic: Arc<Traffic>,
    blocked: bool,
    /// Has the stream reset when it is dropped.
    tear: fn(&T),
    shut_down: bool,
}

impl<T> Wire<T> {
    pub(super) fn new(stream: T, early: BytesMut, traffic: Arc<Traffic>, tear: fn(&T)) -> Self {
        Self { stream, early, traffic, blocked: false, tear, shut_down: false }
    }

    /// Remembers whether the client takes what is written. Only a change is worth telling.
    fn note<R>(&mut self, wrote: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        let blocked = wrote.is_pending();
        if blocked != self.blocked {
            self.blocked = blocked;
            self.traffic.blocked(blocked);
        }
        wrote
    }
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
            (self.tear)(&self.stream);
        }
    }
}
