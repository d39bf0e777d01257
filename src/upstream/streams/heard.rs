//! The bytes of a shared connection, noticed on their way in: one on which nothing comes any more takes calls with it that nobody misses
//! in time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::upstream::wire::Wire;

/// When something last came on a connection.
#[derive(Debug)]
pub(super) struct Heard {
    begun: Instant,
    /// Milliseconds after the beginning.
    last: AtomicU64,
    /// It was silent when it should not have been, and still is.
    in_doubt: AtomicBool,
}

impl Heard {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), last: AtomicU64::new(0), in_doubt: AtomicBool::new(false) }
    }

    /// For how long nothing came.
    pub(super) fn silence(&self) -> Duration {
        self.begun.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }

    pub(super) fn doubt(&self) {
        self.in_doubt.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.in_doubt.load(Ordering::Relaxed)
    }

    fn came(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
        self.in_doubt.store(false, Ordering::Relaxed);
    }
}

pin_project! {
    /// A connection that is listened to.
    pub(super) struct Listened {
        #[pin]
        wire: Wire,
        heard: Arc<Heard>,
    }
}

impl Listened {
    pub(super) fn new(wire: Wire, heard: Arc<Heard>) -> Self {
        Self { wire, heard }
    }
}

impl AsyncRead for Listened {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let before = buf.filled().len();
        let polled = this.wire.poll_read(cx, buf);
        if buf.filled().len() > before {
            this.heard.came();
        }
        polled
    }
}

impl AsyncWrite for Listened {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.project().wire.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().wire.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().wire.poll_shutdown(cx)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.project().wire.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }
}
