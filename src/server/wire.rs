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
}

impl<T> Wire<T> {
    pub(super) fn new(stream: T, early: BytesMut, traffic: Arc<Traffic>) -> Self {
        Self { stream, early, traffic, blocked: false }
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
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
