//! Whether the other end of a connection is still there.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::base::moment;
use crate::server::timer::Timer;

/// How often a silent client is asked whether it lives, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_PATIENCE: Duration = Duration::from_secs(20);

/// When something last came on a connection.
struct Heard {
    begun: Instant,
    /// Milliseconds after the beginning.
    last: AtomicU64,
}

impl Heard {
    fn came(&self) {
        let since = moment::now().saturating_duration_since(self.begun);
        self.last.store(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn last(&self) -> Instant {
        self.begun + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }
}

/// A connection that is listened to.
pub(super) struct Listened<T> {
    wire: T,
    heard: Arc<Heard>,
}

/// Asks a client that is silent whether it lives. Whatever it sends says so: what it answers may stand behind a body on a thin line.
pub(super) struct Alive {
    pings: Option<PingPong>,
    heard: Arc<Heard>,
    timer: Pin<Box<Timer>>,
    /// When it was asked, and has not answered.
    asked: Option<Instant>,
    over: bool,
}

/// Listens to a connection from now on.
pub(super) fn listen<T>(wire: T) -> (Alive, Listened<T>) {
    let heard = Arc::new(Heard { begun: moment::now(), last: AtomicU64::new(0) });
    let alive = Alive { pings: None, heard: Arc::clone(&heard), timer: Box::pin(Timer::new()), asked: None, over: false };
    (alive, Listened { wire, heard })
}

impl Alive {
    /// The client may be asked from here on.
    pub(super) fn begin(&mut self, pings: Option<PingPong>) {
        self.pings = pings;
    }

    /// Ready, once, when there is no sign of life.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(pings) = self.pings.as_mut().filter(|_| !self.over) else { return Poll::Pending };
        if self.asked.is_some() && pings.poll_pong(cx).is_ready() {
            self.asked = None;
        }
        loop {
            let (asked, heard) = (self.asked, &self.heard);
            let due = || {
                let at = asked.map_or(heard.last() + PING_EVERY, |asked| asked.max(heard.last()) + PING_PATIENCE);
                if at <= moment::now() { Ok(()) } else { Err(at) }
            };
            if self.timer.as_mut().poll(cx, due).is_pending() {
                return Poll::Pending;
            }
            if asked.is_some() {
                self.over = true;
                return Poll::Ready(());
            }
            if pings.send_ping(Ping::opaque()).is_err() {
                // The connection is at its end, and says so itself.
                return Poll::Pending;
            }
            self.asked = Some(moment::now());
            // So that the answer wakes this task.
            if pings.poll_pong(cx).is_ready() {
                self.asked = None;
            }
        }
    }

    /// Whether there was no sign of life.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Listened<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        let polled = Pin::new(&mut self.wire).poll_read(cx, out);
        if out.filled().len() > before {
            self.heard.came();
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Listened<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
