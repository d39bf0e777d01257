//! The bytes of a connection, watched on their way in.
//!
//! By the time there is a header map, a bare line feed or a flood of interim replies leaves no trace; so the head of every
//! reply is looked at here, before it is parsed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

use super::reply_head::HeadScan;

pin_project! {
    /// Any connection that an upstream may have.
    #[project = WireProjection]
    pub(super) enum Wire {
        Tcp { #[pin] io: TcpStream },
        Tls { #[pin] io: TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>> },
        Memory { #[pin] io: DuplexStream },
    }
}

macro_rules! each {
    ($self:ident, $io:ident => $call:expr) => {
        match $self.project() {
            WireProjection::Tcp { io: $io } => $call,
            WireProjection::Tls { io: $io } => $call,
            WireProjection::Memory { io: $io } => $call,
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, io => io.poll_read(cx, buf))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, io => io.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, io => io.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, io => io.poll_shutdown(cx))
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        each!(self, io => io.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp { io } => io.is_write_vectored(),
            Self::Tls { io } => io.is_write_vectored(),
            Self::Memory { io } => io.is_write_vectored(),
        }
    }
}

/// What the two ends of a connection tell each other about the exchange under way.
#[derive(Debug, Default)]
pub(super) struct Watch {
    begun: AtomicBool,
    answered: AtomicBool,
}

impl Watch {
    /// A request is about to be sent: what comes next is the head of its reply.
    pub(super) fn begin(&self) {
        self.answered.store(false, Ordering::Release);
        self.begun.store(true, Ordering::Release);
    }

    /// Whether any byte came since.
    pub(super) fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }
}

pin_project! {
    /// A connection whose reply heads are checked.
    pub(super) struct Watched {
        #[pin]
        wire: Wire,
        watch: Arc<Watch>,
        scan: HeadScan,
    }
}

impl Watched {
    pub(super) fn new(wire: Wire, watch: Arc<Watch>) -> Self {
        Self { wire, watch, scan: HeadScan::new() }
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let before = buf.filled().len();
        let polled = this.wire.poll_read(cx, buf);
        if let (Poll::Ready(Ok(())), Some(came @ [_, ..])) = (&polled, buf.filled().get(before..)) {
            if this.watch.begun.swap(false, Ordering::AcqRel) {
                *this.scan = HeadScan::new();
            }
            this.watch.answered.store(true, Ordering::Release);
            this.scan.see(came)?;
        }
        polled
    }
}

impl AsyncWrite for Watched {
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
        match bufs {
            // To send one piece costs the system less than to write a list of one.
            [piece] => self.poll_write(cx, piece),
            pieces => self.project().wire.poll_write_vectored(cx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }
}
