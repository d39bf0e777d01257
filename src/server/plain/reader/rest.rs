//! What comes while a request is being answered: the rest of it, what follows it, or the end of its client.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{HEAD_BYTES, Reader};
use crate::server::framing::Step;
use crate::server::plain::upload::Wish;

/// Bytes of a body taken from the socket at once, on the stack.
const BODY_BYTES: usize = 64 * 1024;
/// Bytes behind a request for WebSocket that are kept until it has its answer. A client has nothing to say before that.
const HELD_BYTES: usize = 16 * 1024;

/// Bytes of a body that are read behind its answer, for the sake of the next request, though nobody wants them.
const UNWANTED_BYTES: usize = 64 * 1024;

/// What a body ends with that does not come whole.
const SHORT: &str = "end of file before message length reached";

/// What became of the body of the request that is being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server::plain) enum Rest {
    /// There was more of it.
    Read,
    /// The client is to be told that more is wanted.
    Wanted,
    /// Nothing is to be done before somebody asks for more.
    Idle,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Reader<T> {
    /// Goes on with the body of the request that is being answered, and looks whether its client is still there. Where the connection
    /// `stays` behind the answer, a body that is not wanted any more is read to its end, unless it is long.
    ///
    /// # Errors
    /// The client has left, or the connection broke.
    pub(in crate::server::plain) fn poll_rest(
        &mut self,
        cx: &mut Context<'_>,
        may_switch: bool,
        stays: bool,
    ) -> Poll<io::Result<Rest>> {
        let Some(feed) = &mut self.feed else { return self.poll_client(cx, may_switch) };
        match feed.wish(cx) {
            Wish::Later => Poll::Ready(Ok(Rest::Idle)),
            Wish::Begin => Poll::Ready(Ok(Rest::Wanted)),
            Wish::Never if stays && self.unwanted < UNWANTED_BYTES => self.pass_over(cx).map(|()| Ok(Rest::Read)),
            Wish::Never => {
                self.leave_rest(cx);
                Poll::Ready(Ok(Rest::Read))
            }
            Wish::More if self.kept.is_empty() => self.read_body(cx).map(|()| Ok(Rest::Read)),
            Wish::More => {
                self.use_kept(cx);
                Poll::Ready(Ok(Rest::Read))
            }
        }
    }

    /// Gives up a body that the service has left, unless its end has come already. What is left of it then is never read.
    pub(in crate::server::plain) fn leave_rest(&mut self, cx: &mut Context<'_>) {
        if self.feed.as_ref().is_none_or(|feed| !feed.is_left()) {
            return;
        }
        self.use_kept(cx);
        if self.feed.is_some() {
            // Whatever it has read: nothing is waited for.
            let _read = self.read_body(cx);
        }
        self.closed |= self.feed.take().is_some();
    }

    /// Reads what nobody wants, for as long as a connection may be idle.
    fn pass_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.kept.is_empty() {
            self.use_kept(cx);
            return Poll::Ready(());
        }
        let read = self.read_body(cx);
        if read.is_pending() && self.traffic.is_leaving() {
            self.closed = true;
            self.feed = None;
            return Poll::Ready(());
        }
        read
    }

    fn use_kept(&mut self, cx: &mut Context<'_>) {
        let mut kept = std::mem::take(&mut self.kept);
        if !kept.is_empty() {
            let used = self.pass(&kept, cx);
            kept.advance(used);
            self.keep_all(kept);
        }
    }

    // Else its room would be on the stack of every turn.
    #[inline(never)]
    fn read_body(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = [MaybeUninit::uninit(); BODY_BYTES];
        let mut came = ReadBuf::uninit(&mut room);
        let reason = match ready!(Pin::new(&mut self.wire).poll_read(cx, &mut came)) {
            Ok(()) if came.filled().is_empty() => SHORT.to_owned(),
            Ok(()) => {
                self.traffic.read(0, false);
                let used = self.pass(came.filled(), cx);
                self.keep(came.filled().get(used..).unwrap_or_default());
                return Poll::Ready(());
            }
            Err(error) => error.to_string(),
        };
        self.fail(reason, cx);
        Poll::Ready(())
    }

    /// Gives the service what `bytes` have of the body, and tells how many of them are of it.
    fn pass(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> usize {
        let (mut used, mut data, mut more) = (0, &[][..], Vec::new());
        let end = loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                break None;
            }
            match self.scanner.next(rest) {
                Step::Data { skip, bytes } => {
                    let piece = rest.get(skip..skip + bytes).unwrap_or_default();
                    match (data.is_empty(), more.is_empty()) {
                        (true, true) => data = piece,
                        (_, is_second) => {
                            if is_second {
                                more.extend_from_slice(data);
                            }
                            more.extend_from_slice(piece);
                        }
                    }
                    used += skip + bytes;
                    if !self.scanner.is_within_body() {
                        break Some(Ok(None));
                    }
                }
                Step::Ended(taken, trailers) => {
                    used += taken;
                    break Some(Ok(trailers));
                }
                // What came before it goes on its way first.
                Step::Broken(taken, _) if !data.is_empty() => {
                    used += taken;
                    break None;
                }
                Step::Broken(taken, rule) => {
                    used += taken;
                    break Some(Err(rule));
                }
                Step::Wait(taken) => {
                    used += taken;
                    break None;
                }
                // Those are of a head.
                Step::Head(_) | Step::Refused(_) => break None,
            }
        };
        let Some(feed) = &mut self.feed else { return used };
        self.unwanted = if feed.is_left() { self.unwanted + used } else { 0 };
        let piece = if more.is_empty() { Bytes::copy_from_slice(data) } else { Bytes::from(more) };
        if !piece.is_empty() {
            feed.give(piece, cx);
        }
        match end {
            None => {}
            Some(Ok(trailers)) => _ = self.feed.take().map(|feed| feed.end(trailers, cx)),
            Some(Err(rule)) => {
                tracing::debug!(rule, "a request body is framed wrongly");
                self.fail(rule.to_owned(), cx);
            }
        }
        used
    }

    fn fail(&mut self, reason: String, cx: &mut Context<'_>) {
        self.closed = true;
        if let Some(feed) = self.feed.take() {
            feed.fail(reason, cx);
        }
    }

    /// Looks whether the client is still there. What it says meanwhile is kept.
    fn poll_client(&mut self, cx: &mut Context<'_>, may_switch: bool) -> Poll<io::Result<Rest>> {
        let most = if may_switch { HELD_BYTES } else { 1 };
        if self.closed || self.kept.len() >= most {
            return Poll::Ready(Ok(Rest::Idle));
        }
        let mut room = [MaybeUninit::uninit(); HEAD_BYTES];
        let mut came = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.wire).poll_read(cx, &mut came))?;
        if came.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.traffic.read(0, false);
        self.kept.extend_from_slice(came.filled());
        Poll::Ready(Ok(Rest::Read))
    }
}
