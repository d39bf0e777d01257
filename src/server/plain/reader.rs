//! What comes from the client of an HTTP/1 connection: heads, bodies, and its end.
//!
//! Nothing is looked at before it is its turn: what comes behind a request is kept until that has its answer. So a head that is refused is
//! refused in its turn, and a client that switches to WebSocket has said nothing yet that was taken for HTTP.

mod rest;

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) use self::rest::Rest;
use super::head::{self, Asked};
use super::upload::Feed;
use crate::gateway::edge::Refusal;
use crate::server::body::Source;
use crate::server::framing::{Framing, Head, Scanner, Step};
use crate::server::settings::Limits;
use crate::server::traffic::{Refused, Traffic};
use crate::server::wire::Wire;

/// Bytes of heads taken from the socket at once, on the stack: while nothing comes no room is held.
const HEAD_BYTES: usize = 8 * 1024;
/// Reads of a lingering client before other connections get their turn.
const LINGER_READS: usize = 16;
/// Bytes of a refused request line that the log gets to see.
const LINE_BYTES: usize = 1024;

/// Reads one connection.
#[derive(Debug)]
pub(super) struct Reader<T> {
    wire: Wire<T>,
    scanner: Scanner,
    traffic: Arc<Traffic>,
    /// What was read and not used: the beginning of a head, or what comes behind the request that is being answered.
    kept: BytesMut,
    /// How much of that the scanner has seen, and waits for more.
    seen: usize,
    /// Where the body goes that is being read.
    feed: Option<Feed>,
    /// How many bytes of that body have come that nobody wanted.
    unwanted: usize,
    /// What is still to come from the client is not read.
    closed: bool,
    lingering: bool,
}

/// What comes next on a connection.
#[derive(Debug)]
pub(super) enum Next {
    Request(Request<Source>, Asked),
    Refused(Refused, Asked),
    /// The end.
    Nothing,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Reader<T> {
    pub(super) fn new(wire: Wire<T>, limits: Limits, traffic: Arc<Traffic>) -> Self {
        let scanner = Scanner::new(limits);
        Self { wire, scanner, traffic, kept: BytesMut::new(), seen: 0, feed: None, unwanted: 0, closed: false, lingering: false }
    }

    pub(super) fn wire(&mut self) -> &mut Wire<T> {
        &mut self.wire
    }

    /// What was read behind the last request.
    pub(super) fn take_kept(&mut self) -> BytesMut {
        std::mem::take(&mut self.kept)
    }

    /// Whether more has been read than was used.
    pub(super) fn has_more(&self) -> bool {
        self.kept.len() > self.seen
    }

    /// Whether a body is being read.
    pub(super) fn feeds(&self) -> bool {
        self.feed.is_some()
    }

    /// Whether nothing more is read.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Reads the next head.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Next>> {
        loop {
            if self.has_more() {
                let mut kept = std::mem::take(&mut self.kept);
                let judged = self.judge(&kept);
                match judged {
                    None => (self.seen, self.kept) = (kept.len(), kept),
                    Some((next, used)) => {
                        kept.advance(used);
                        self.keep_all(kept);
                        return Poll::Ready(Ok(next));
                    }
                }
            }
            if self.scanner.is_within_head() && self.traffic.is_head_late() {
                let head = std::mem::take(&mut self.kept);
                return Poll::Ready(Ok(self.refuse(Refusal::Timeout, &head)));
            }
            let mut room = [MaybeUninit::uninit(); HEAD_BYTES];
            let mut came = ReadBuf::uninit(&mut room);
            let read = Pin::new(&mut self.wire).poll_read(cx, &mut came);
            if read.is_pending() && self.may_leave() {
                return Poll::Ready(Ok(Next::Nothing));
            }
            ready!(read)?;
            let came = came.filled();
            if came.is_empty() {
                return Poll::Ready(Ok(Next::Nothing));
            }
            if !self.kept.is_empty() {
                self.kept.extend_from_slice(came);
            } else if let Some((next, used)) = self.judge(came) {
                self.keep(came.get(used..).unwrap_or_default());
                return Poll::Ready(Ok(next));
            } else {
                self.keep(came);
                self.seen = came.len();
            }
        }
    }

    /// Looks for a head in `bytes` and tells how many of them it took; `None` if its end has not come.
    fn judge(&mut self, bytes: &[u8]) -> Option<(Next, usize)> {
        let was_between = self.scanner.is_between_requests();
        match self.scanner.next(bytes) {
            Step::Head(head) => {
                self.traffic.read(1, false);
                Some(self.begin(&head, bytes))
            }
            Step::Refused(refusal) => {
                self.traffic.read(0, false);
                Some((self.refuse(refusal, bytes), bytes.len()))
            }
            _ if was_between && self.scanner.is_between_requests() => {
                self.traffic.read_blank_lines();
                None
            }
            _ => {
                self.traffic.read(0, true);
                None
            }
        }
    }

    /// Begins the request of a head, with its body if that came whole.
    fn begin(&mut self, head: &Head, bytes: &[u8]) -> (Next, usize) {
        let Some(parts) = head::request(head, bytes) else {
            // The scanner is as strict as what reads its parts, so this does not happen.
            return (self.refuse(Refusal::BadRequest("request_target"), bytes), bytes.len());
        };
        let is_11 = head.request.is_11;
        let asked = Asked {
            is_head: parts.method == http::Method::HEAD,
            is_11,
            keep: head.keep,
            trailers: head.trailers,
            may_switch: head.framing == Framing::Switch,
        };
        let behind = bytes.get(head.length..).unwrap_or_default();
        let expects = head.expects && is_11;
        let feed = |length| {
            let (feed, upload) = Feed::new(length, expects);
            (Some(feed), Source::Client(upload), 0)
        };
        let (feed, source, used) = match head.framing {
            Framing::Sized(0) | Framing::Switch => (None, Source::Whole(None), 0),
            Framing::Sized(length) => match usize::try_from(length).ok().and_then(|length| behind.get(..length)) {
                Some(body) if !expects => {
                    self.scanner.next(body);
                    (None, Source::Whole(Some(Bytes::copy_from_slice(body))), body.len())
                }
                _ => feed(Some(length)),
            },
            Framing::Chunked => feed(None),
        };
        (self.feed, self.unwanted) = (feed, 0);
        (Next::Request(Request::from_parts(parts, source), asked), head.length + used)
    }

    /// Nothing that comes behind a refused head can be trusted.
    fn refuse(&mut self, refusal: Refusal, head: &[u8]) -> Next {
        self.closed = true;
        self.traffic.refuse();
        let is_head = head.trim_ascii_start().starts_with(b"HEAD ");
        let asked = Asked { is_head, is_11: true, keep: false, trailers: false, may_switch: false };
        Next::Refused(Refused { refusal, line: request_line(head) }, asked)
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.keep_all(if bytes.is_empty() { BytesMut::new() } else { BytesMut::from(bytes) });
    }

    fn keep_all(&mut self, bytes: BytesMut) {
        self.seen = 0;
        self.kept = if bytes.is_empty() { BytesMut::new() } else { bytes };
    }

    /// Whether the connection may end here: it was said to, no request has begun, and none has come that was not read yet.
    fn may_leave(&self) -> bool {
        self.traffic.is_leaving() && self.scanner.is_between_requests() && !self.wire.has_unread()
    }

    /// Whether the client may still be sending something that nobody will read.
    fn is_cut_short(&self) -> bool {
        self.closed || self.has_more() || !self.scanner.is_between_requests()
    }

    /// Closes; after a refusal or an unread body it then reads on for a moment and throws away what comes. The driver sets
    /// the end of that moment.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingering {
            ready!(Pin::new(&mut self.wire).poll_shutdown(cx))?;
            if !self.is_cut_short() {
                return Poll::Ready(Ok(()));
            }
            self.keep(&[]);
            self.lingering = true;
            self.traffic.linger();
        }
        let mut room = [MaybeUninit::uninit(); HEAD_BYTES];
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

/// Method and target of a request line, cut to what a log can bear.
fn request_line(head: &[u8]) -> Option<(String, String)> {
    let line = head.trim_ascii_start();
    let line = line.get(..line.len().min(LINE_BYTES)).unwrap_or_default();
    let line = line.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    let mut parts = line.splitn(3, |b| *b == b' ').map(|part| String::from_utf8_lossy(part).into_owned());
    Some((parts.next()?, parts.next()?))
}
