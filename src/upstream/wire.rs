//! The bytes of a connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

pin_project! {
    /// Any connection that an upstream may have.
    #[project = WireProjection]
    pub(super) enum Wire {
        Tcp { #[pin] io: TcpStream },
        Tls { #[pin] io: Box<TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>> },
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
