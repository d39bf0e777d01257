//! What is on its way to the client.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

/// Data of fewer bytes is copied behind the text before it: that costs less than a place in a list for the system to read.
const COPIED: usize = 2048;
/// Unwritten bytes and pieces beyond which no more are taken.
const FULL_BYTES: usize = 64 * 1024;
const FULL_PIECES: usize = 16;
/// The largest room that is kept for the next answer of the thread.
const SPARE: usize = 16 * 1024;

thread_local! {
    static TEXT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Text, with data between, in the order in which they leave. Holds no memory while nothing waits.
#[derive(Debug, Default)]
pub(super) struct Out {
    text: Vec<u8>,
    /// How much of the text has left.
    sent: usize,
    /// Data, and before which place of the text it leaves.
    data: VecDeque<(usize, Bytes)>,
    /// Bytes of the data.
    waiting: usize,
    unflushed: bool,
}

impl Out {
    /// Where text is written.
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        if self.text.capacity() == 0 {
            self.text = TEXT.take();
        }
        &mut self.text
    }

    pub(super) fn data(&mut self, data: Bytes) {
        if data.len() < COPIED {
            self.text().extend_from_slice(&data);
        } else {
            self.waiting += data.len();
            self.data.push_back((self.text.len(), data));
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.text.len() - self.sent + self.waiting < FULL_BYTES && self.data.len() < FULL_PIECES
    }

    /// Whether all has left.
    pub(super) fn is_empty(&self) -> bool {
        self.is_written() && !self.unflushed
    }

    fn is_written(&self) -> bool {
        self.text.len() == self.sent && self.data.is_empty()
    }

    /// Ready once all has left.
    pub(super) fn poll_flush<W: AsyncWrite + Unpin>(&mut self, cx: &mut Context<'_>, wire: &mut W) -> Poll<io::Result<()>> {
        while !self.is_written() {
            let written = ready!(self.poll_write(cx, wire))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.advance(written);
        }
        if self.text.capacity() > 0 {
            let mut text = std::mem::take(&mut self.text);
            self.sent = 0;
            if text.capacity() <= SPARE {
                text.clear();
                TEXT.set(text);
            }
        }
        if self.unflushed {
            ready!(Pin::new(wire).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write<W: AsyncWrite + Unpin>(&self, cx: &mut Context<'_>, wire: &mut W) -> Poll<io::Result<usize>> {
        if self.data.is_empty() {
            return Pin::new(wire).poll_write(cx, self.text.get(self.sent..).unwrap_or_default());
        }
        let mut pieces = [IoSlice::new(&[]); 2 * FULL_PIECES + 1];
        let (mut from, mut filled) = (self.sent, 0);
        for (text_end, data) in self.data.iter().map(|(at, data)| (*at, &data[..])).chain([(self.text.len(), &[][..])]) {
            for piece in [self.text.get(from..text_end).unwrap_or_default(), data] {
                if let Some(room) = pieces.get_mut(filled).filter(|_| !piece.is_empty()) {
                    *room = IoSlice::new(piece);
                    filled += 1;
                }
            }
            from = text_end;
        }
        Pin::new(wire).poll_write_vectored(cx, pieces.get(..filled).unwrap_or_default())
    }

    fn advance(&mut self, mut written: usize) {
        while written > 0 {
            let Some((at, data)) = self.data.front_mut() else {
                self.sent += written;
                return;
            };
            let text = written.min(*at - self.sent);
            self.sent += text;
            written -= text;
            let taken = written.min(data.len());
            data.advance(taken);
            self.waiting -= taken;
            written -= taken;
            if data.is_empty() {
                self.data.pop_front();
            }
        }
    }
}
