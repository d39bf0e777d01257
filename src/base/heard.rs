//! The bytes of a shared connection, noticed on their way in: one on which nothing comes any more has nobody at its other end, and takes
//! with it what waits for that.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// When something last came on a connection.
#[derive(Debug)]
pub struct Heard {
    begun: Instant,
    /// Milliseconds after the beginning.
    last: AtomicU64,
    /// It was silent when it should not have been, and still is.
    in_doubt: AtomicBool,
}

impl Heard {
    /// Something has just come.
    #[expect(clippy::new_without_default, reason = "it begins now, which is no default")]
    pub fn new() -> Self {
        Self { begun: Instant::now(), last: AtomicU64::new(0), in_doubt: AtomicBool::new(false) }
    }

    /// For how long nothing came.
    pub fn silence(&self) -> Duration {
        self.begun.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }

    /// When something last came.
    pub fn last(&self) -> Instant {
        self.begun + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }

    /// It should not be as silent as it is.
    pub fn doubt(&self) {
        self.in_doubt.store(true, Ordering::Relaxed);
    }

    /// Whether nothing came since then.
    pub fn is_in_doubt(&self) -> bool {
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
    pub struct Listened<T> {
        #[pin]
        wire: T,
        heard: Arc<Heard>,
    }
}

impl<T> Listened<T> {
    /// `heard` is told what comes.
    pub fn new(wire: T, heard: Arc<Heard>) -> Self {
        Self { wire, heard }
    }
}

impl<T: AsyncRead> AsyncRead for Listened<T> {
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

impl<T: AsyncWrite> AsyncWrite for Listened<T> {
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
