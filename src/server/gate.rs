//! The reader that hyper is given for an HTTP/1 connection: nothing passes that the scanner has not seen.
//!
//! A head that must not be served is replaced by a harmless request, so that its refusal comes out of the same door as every
//! answer, after the answers to whatever was pipelined before it. Which request is the replaced one is told to the service
//! through [`Traffic`], by its number on the connection: nothing in the bytes could say so that a client could not send too.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::{Rest, Scanner};
use super::settings::Limits;
use super::traffic::{Refused, Traffic};
use super::wire::Wire;
use crate::gateway::edge::Refusal;

const STAND_IN_GET: &[u8] = b"GET / HTTP/1.1\r\nhost: refused.invalid\r\nconnection: close\r\n\r\n";
/// The answer to a refused HEAD has no body either.
const STAND_IN_HEAD: &[u8] = b"HEAD / HTTP/1.1\r\nhost: refused.invalid\r\nconnection: close\r\n\r\n";

/// Bytes taken from the socket at once while a head is incomplete.
const READ_BYTES: usize = 4096;
/// Reads of a lingering client before other connections get their turn.
const LINGER_READS: usize = 16;
/// Bytes behind a request for WebSocket that are kept until it has its answer. A client has nothing to say before that.
const HELD_BYTES: usize = 16 * 1024;
/// Bytes of a refused request line that the log gets to see.
const LINE_BYTES: usize = 1024;

/// Lets checked requests through.
#[derive(Debug)]
pub(super) struct Gate<T> {
    wire: Wire<T>,
    scanner: Scanner,
    traffic: Arc<Traffic>,
    /// What was read and could not be handed over: first bytes that may pass, then the beginning of a head.
    kept: BytesMut,
    /// How many bytes of `kept` may pass.
    passing: usize,
    end: Option<End>,
    lingering: bool,
}

#[derive(Debug, Clone, Copy)]
enum End {
    /// What is left of the request that stands in for a refused one. Nothing follows it.
    StandIn(&'static [u8]),
    Broken(&'static str),
}

impl<T: AsyncRead + AsyncWrite + Unpin> Gate<T> {
    pub(super) fn new(wire: Wire<T>, limits: Limits, traffic: Arc<Traffic>) -> Self {
        Self { wire, scanner: Scanner::new(limits), traffic, kept: BytesMut::new(), passing: 0, end: None, lingering: false }
    }

    /// Scans `fresh`, gives back how many of its bytes may pass and notes what becomes of the others.
    fn scan(&mut self, fresh: &[u8]) -> usize {
        let (before, was_between) = (self.scanner.heads(), self.scanner.is_between_requests());
        let scan = self.scanner.scan(fresh);
        if self.scanner.is_held() {
            self.traffic.hold(self.scanner.heads() - 1);
        }
        let let_in = self.scanner.heads() - before;
        if was_between && let_in == 0 && self.scanner.is_between_requests() {
            self.traffic.read_blank_lines();
        } else {
            self.traffic.read(let_in, self.scanner.is_within_head());
        }
        match scan.rest {
            Rest::Wait | Rest::Hold => {}
            Rest::Refused(refusal) => self.refuse(refusal, fresh.get(scan.pass..).unwrap_or_default()),
            Rest::Broken(rule) => {
                tracing::debug!(rule, "a request body is framed wrongly");
                self.end = Some(End::Broken(rule));
            }
        }
        scan.pass
    }

    fn refuse(&mut self, refusal: Refusal, head: &[u8]) {
        let is_head = head.trim_ascii_start().starts_with(b"HEAD ");
        self.end = Some(End::StandIn(if is_head { STAND_IN_HEAD } else { STAND_IN_GET }));
        self.traffic.refuse(self.scanner.heads(), Refused { refusal, line: request_line(head) });
    }

    /// Hands over what may pass of the kept bytes.
    fn hand_over(&mut self, out: &mut ReadBuf<'_>) {
        let taken = self.passing.min(out.remaining());
        out.put_slice(self.kept.get(..taken).unwrap_or_default());
        self.kept.advance(taken);
        self.passing -= taken;
        if self.kept.is_empty() {
            self.kept = BytesMut::new();
        }
    }

    /// Reads into hyper's own buffer, where a request that came whole stays without being copied.
    fn read_through(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        let before = out.filled().len();
        ready!(Pin::new(&mut self.wire).poll_read(cx, out))?;
        let fresh = out.filled().get(before..).unwrap_or_default();
        if fresh.is_empty() {
            return Poll::Ready(Ok(false));
        }
        let pass = self.scan(fresh);
        if self.end.is_none() {
            self.kept.extend_from_slice(fresh.get(pass..).unwrap_or_default());
        }
        out.set_filled(before + pass);
        Poll::Ready(Ok(true))
    }

    /// Reads more of a head that has begun.
    fn read_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut room = [MaybeUninit::uninit(); READ_BYTES];
        let mut more = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.wire).poll_read(cx, &mut more))?;
        if more.filled().is_empty() {
            return Poll::Ready(Ok(false));
        }
        self.kept.extend_from_slice(more.filled());
        self.scan_kept();
        Poll::Ready(Ok(true))
    }

    fn scan_kept(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        self.passing = self.scan(&kept);
        if self.end.is_some() {
            kept.truncate(self.passing);
        }
        self.kept = kept;
    }

    /// Reads what comes behind a request for WebSocket, so that a client that leaves is noticed. Ready at the end of the stream.
    fn hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = [MaybeUninit::uninit(); READ_BYTES];
        while self.kept.len() < HELD_BYTES {
            let mut more = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut self.wire).poll_read(cx, &mut more))?;
            if more.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.kept.extend_from_slice(more.filled());
        }
        Poll::Pending
    }

    /// Whether the connection may end here: it was said to, no request has begun, and none has come that was not read yet.
    fn may_leave(&self) -> bool {
        self.traffic.is_leaving() && self.scanner.is_between_requests() && !self.wire.has_unread()
    }

    /// The wire, and what was read behind a request for WebSocket.
    pub(super) fn into_parts(self) -> (Wire<T>, BytesMut) {
        (self.wire, self.kept)
    }

    /// Whether it was brought to its end.
    pub(super) fn is_shut_down(&self) -> bool {
        self.wire.is_shut_down()
    }

    /// Whether the client may still be sending something that nobody will read.
    fn is_cut_short(&self) -> bool {
        self.end.is_some() || !self.scanner.is_between_requests()
    }
}

/// Method and target of a request line, cut to what a log can bear.
fn request_line(head: &[u8]) -> Option<(String, String)> {
    let line = head.trim_ascii_start();
    let line = line.get(..line.len().min(LINE_BYTES)).unwrap_or_default();
    let line = line.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    let mut parts = line.splitn(3, |b| *b == b' ').map(|part| String::from_utf8_lossy(part).into_owned());
    Some((parts.next()?, parts.next()?))
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gate<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        loop {
            if self.passing > 0 {
                self.hand_over(out);
                return Poll::Ready(Ok(()));
            }
            match &mut self.end {
                // Not the end of the stream: hyper would take it for a client that left and drop the answer.
                Some(End::StandIn([])) => return Poll::Pending,
                Some(End::StandIn(left)) => {
                    let (now, later) = left.split_at(left.len().min(out.remaining()));
                    out.put_slice(now);
                    *left = later;
                    return Poll::Ready(Ok(()));
                }
                Some(End::Broken(rule)) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, *rule))),
                None => {}
            }
            if self.scanner.is_held() {
                if self.traffic.is_held() {
                    return self.hold(cx);
                }
                self.scanner.resume();
                self.scan_kept();
                continue;
            }
            if self.scanner.is_within_head() && self.traffic.is_head_late() {
                let head = std::mem::take(&mut self.kept);
                self.refuse(Refusal::Timeout, &head);
                continue;
            }
            let more = if self.kept.is_empty() { self.read_through(cx, out) } else { self.read_more(cx) };
            if more.is_pending() && self.may_leave() {
                return Poll::Ready(Ok(()));
            }
            if !ready!(more)? || out.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<T> {
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

    /// Closes; after a refusal or an unread body it then reads on for a moment and throws away what comes. The driver sets
    /// the end of that moment.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingering {
            ready!(Pin::new(&mut self.wire).poll_shutdown(cx))?;
            if !self.is_cut_short() {
                return Poll::Ready(Ok(()));
            }
            self.lingering = true;
            self.traffic.linger();
        }
        let mut room = [MaybeUninit::uninit(); READ_BYTES];
        for _ in 0..LINGER_READS {
            let mut waste = ReadBuf::uninit(&mut room);
            match ready!(Pin::new(&mut self.wire).poll_read(cx, &mut waste)) {
                Ok(()) if !waste.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
