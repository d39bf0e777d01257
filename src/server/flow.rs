//! One direction of a WebSocket: what was read from one side and goes to the other, never more than one read ahead.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::frames::Frames;

/// Bytes that are read at once, and no more before they are gone: a side that does not take stops the other.
const READ_BYTES: usize = 16 * 1024;
/// Reads before other connections get their turn.
const TURNS: usize = 16;

/// A side that failed.
#[derive(Debug)]
pub(super) struct Broken {
    /// The one that was read from, or the one that was written to.
    pub(super) on_read: bool,
    pub(super) error: io::Error,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// What was read and not written.
    kept: BytesMut,
    /// The frames that were written.
    pub(super) frames: Frames,
    /// Bytes that were written.
    pub(super) bytes: u64,
    /// Since when the side that is written to takes nothing.
    pub(super) blocked: Option<Instant>,
    unflushed: bool,
    read_ended: bool,
    write_ended: bool,
    last: Last,
}

/// The last word, in a frame of our own.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Last {
    #[default]
    None,
    /// As soon as a frame may begin.
    Wanted([u8; 4]),
    /// It stands behind what is kept. Nothing follows it.
    Said,
}

impl Flow {
    /// A direction in which these bytes have come already.
    pub(super) fn beginning_with(early: &[u8]) -> Self {
        Self { kept: BytesMut::from(early), ..Self::default() }
    }

    /// Has this frame follow the one under way, and nothing after it. What was already said to be the last stays so.
    pub(super) fn say_last(&mut self, frame: [u8; 4]) {
        if self.last == Last::None {
            self.last = Last::Wanted(frame);
        }
    }

    /// Whether the last word has left.
    pub(super) fn has_said_last(&self) -> bool {
        self.last == Last::Said && self.kept.is_empty() && !self.unflushed
    }

    /// Whether all that was read has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && !self.unflushed
    }

    /// Whether one side has ended and the other knows it.
    pub(super) fn has_ended(&self) -> bool {
        self.write_ended
    }

    /// Moves what can be moved now.
    pub(super) fn poll<R, W>(&mut self, cx: &mut Context<'_>, from: &mut R, to: &mut W) -> Result<(), Broken>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        for _ in 0..TURNS {
            self.put_last();
            if !self.write(cx, to)? || self.write_ended {
                return Ok(());
            }
            if self.last == Last::Said {
                self.flush(cx, to)?;
                return Ok(());
            }
            if self.read_ended {
                self.end(cx, to)?;
                return Ok(());
            }
            if !self.read(cx, from)? {
                self.flush(cx, to)?;
                return Ok(());
            }
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    /// Puts the last word where the frame under way ends, if that is known.
    fn put_last(&mut self) {
        let Last::Wanted(word) = self.last else { return };
        if self.frames.is_closed() || self.read_ended {
            return;
        }
        if let Some(rest) = self.frames.rest(&self.kept) {
            self.kept.truncate(rest);
            self.kept.extend_from_slice(&word);
            self.last = Last::Said;
        }
    }

    /// Writes what is kept; whether all of it is gone.
    fn write<W: AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, to: &mut W) -> Result<bool, Broken> {
        while !self.kept.is_empty() {
            match Pin::new(&mut *to).poll_write(cx, &self.kept) {
                Poll::Ready(Ok(written @ 1..)) => {
                    self.frames.see(self.kept.get(..written).unwrap_or_default());
                    self.kept.advance(written);
                    self.bytes += written as u64;
                    self.unflushed = true;
                    self.blocked = None;
                }
                Poll::Ready(Ok(0)) => return Err(broken(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Err(error)) => return Err(broken(error)),
                Poll::Pending => {
                    self.blocked.get_or_insert_with(Instant::now);
                    return Ok(false);
                }
            }
        }
        // It may be silent for hours: give the memory back.
        self.kept = BytesMut::new();
        Ok(true)
    }

    /// Reads once; false when there is nothing.
    fn read<R: AsyncRead + Unpin>(&mut self, cx: &mut Context<'_>, from: &mut R) -> Result<bool, Broken> {
        let mut room = [MaybeUninit::uninit(); READ_BYTES];
        let mut came = ReadBuf::uninit(&mut room);
        match Pin::new(from).poll_read(cx, &mut came) {
            Poll::Pending => return Ok(false),
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Err(Broken { on_read: true, error }),
        }
        self.read_ended = came.filled().is_empty();
        self.kept.extend_from_slice(came.filled());
        Ok(true)
    }

    fn flush<W: AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, to: &mut W) -> Result<(), Broken> {
        if self.unflushed {
            match Pin::new(to).poll_flush(cx) {
                Poll::Ready(Ok(())) => (self.unflushed, self.blocked) = (false, None),
                Poll::Ready(Err(error)) => return Err(broken(error)),
                Poll::Pending => _ = self.blocked.get_or_insert_with(Instant::now),
            }
        }
        Ok(())
    }

    /// Passes the end on.
    fn end<W: AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, to: &mut W) -> Result<(), Broken> {
        match Pin::new(to).poll_shutdown(cx) {
            Poll::Ready(Ok(())) => (self.write_ended, self.unflushed, self.blocked) = (true, false, None),
            Poll::Ready(Err(error)) => return Err(broken(error)),
            Poll::Pending => _ = self.blocked.get_or_insert_with(Instant::now),
        }
        Ok(())
    }
}

fn broken(error: io::Error) -> Broken {
    Broken { on_read: false, error }
}
