//! HTTP/1 on one connection (RFC 9112): one request after the other.
//!
//! All in the task of its connection: it reads a head, has the service answer, gives it the body of the request as it asks for it, and writes
//! the answer as it comes. Whoever waits, for a request or for an answer, holds no buffer. Stands on `server/framing`, which judges every
//! byte that comes.

mod coding;
mod head;
mod out;
mod reader;
mod upload;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use tokio::io::{AsyncRead, AsyncWrite};

use self::coding::{Coding, Left};
use self::head::{Asked, Unsendable};
use self::out::Out;
use self::reader::{Next, Reader, Rest};
pub(super) use self::upload::Upload;
use super::answer::{Cause, Outgoing};
use super::body::Body;
use super::drive;
use super::service::{Adapter, Answered};
use super::settings::Limits;
use super::traffic::Traffic;
use super::wire::Wire;

/// Steps before other connections get their turn.
const TURNS: usize = 16;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

pin_project_lite::pin_project! {
    /// A connection. As a future, it ends when the connection does, or becomes a WebSocket.
    #[project = Projected]
    pub(super) struct Plain<T, S, B> {
        adapter: Adapter<S>,
        reader: Reader<T>,
        out: Out,
        // The request that is being answered.
        asked: Option<Asked>,
        // What gives its answer.
        working: Option<Answered<B>>,
        // What is to follow the head of the answer.
        #[pin]
        body: Option<Outgoing<B>>,
        coding: Coding,
        // The connection ends behind the answer, or where there is none.
        closes: bool,
        // It is a WebSocket once what waits has left.
        switches: bool,
        // The answer broke off: the connection ends once what came before that has left.
        broken: Option<Broken>,
    }
}

/// Why a connection ended early.
#[derive(Debug)]
pub(super) enum Broken {
    Wire(io::Error),
    /// The body of an answer failed.
    Body(Cause),
    /// An answer had fewer bytes than it had announced.
    Short,
    Unsendable(Unsendable),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(error) if error.kind() == io::ErrorKind::UnexpectedEof => f.write_str("the client left before its answer"),
            Self::Wire(error) => error.fmt(f),
            Self::Body(error) => error.fmt(f),
            Self::Short => f.write_str("an answer is shorter than it said"),
            Self::Unsendable(Unsendable(why)) => write!(f, "an answer cannot be sent: {why}"),
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Wire(error)
    }
}

/// How far an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filled {
    /// It waits for the service, or for the rest of the request; or nothing is asked.
    Waits,
    /// More may be had once what waits has left.
    Full,
    /// All of it is on its way.
    Done,
}

impl<T, S, B> Plain<T, S, B>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    /// A connection on which nothing was read yet.
    pub(super) fn new(wire: Wire<T>, adapter: Adapter<S>, limits: Limits, traffic: Arc<Traffic>) -> Self {
        Self {
            adapter,
            reader: Reader::new(wire, limits, traffic),
            out: Out::default(),
            asked: None,
            working: None,
            body: None,
            coding: Coding::Closed,
            closes: false,
            switches: false,
            broken: None,
        }
    }

    /// What it goes on with when it is a WebSocket: the wire, and what was read behind the last request.
    pub(super) fn into_tunnel(self: Pin<&mut Self>) -> (&mut Wire<T>, BytesMut) {
        let this = self.project();
        let kept = this.reader.take_kept();
        (this.reader.wire(), kept)
    }
}

impl<T, S, B> Projected<'_, T, S, B>
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Cause>,
{
    /// Begins with the next request, or notices that there is none.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        match ready!(self.reader.poll_next(cx))? {
            Next::Request(request, asked) => {
                *self.working = Some(self.adapter.answer(request, asked.may_switch));
                *self.asked = Some(asked);
            }
            Next::Refused(refused, asked) => {
                *self.working = Some(self.adapter.refuse(refused, asked.is_head));
                *self.asked = Some(asked);
            }
            Next::Nothing => *self.closes = true,
        }
        Poll::Ready(Ok(()))
    }

    /// Goes on with the rest of the request. Tells whether that is worth another look at the answer.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Broken>> {
        let may_switch = self.asked.as_ref().is_some_and(|asked| asked.may_switch);
        // The answer has said that another request may follow.
        let stays = self.working.is_none() && !*self.closes;
        Poll::Ready(Ok(match ready!(self.reader.poll_rest(cx, may_switch, stays))? {
            Rest::Read => true,
            Rest::Wanted => {
                // Behind the head of an answer it would be a part of that.
                if self.working.is_some() {
                    self.out.text().extend_from_slice(CONTINUE);
                }
                true
            }
            Rest::Idle => false,
        }))
    }

    /// Takes what there is of the answer.
    fn fill(&mut self, cx: &mut Context<'_>) -> Result<Filled, Broken> {
        let Some(asked) = *self.asked else { return Ok(Filled::Waits) };
        if let Some(working) = self.working.as_mut() {
            let Poll::Ready(Ok(response)) = working.as_mut().poll(cx) else { return Ok(Filled::Waits) };
            *self.working = None;
            self.reader.leave_rest(cx);
            self.begin(response, asked)?;
        }
        while let Some(mut body) = self.body.as_mut().as_pin_mut() {
            if !self.out.has_room() {
                return Ok(Filled::Full);
            }
            let Poll::Ready(frame) = body.as_mut().poll_frame(cx) else { return Ok(Filled::Waits) };
            let left = match frame.transpose().map_err(Broken::Body)?.map(http_body::Frame::into_data) {
                Some(Ok(data)) => self.coding.data(self.out, data, body.is_end_stream()),
                Some(Err(frame)) => self.coding.trailers(self.out, &frame.into_trailers().unwrap_or_default()),
                None if self.coding.end(self.out) == Left::Nothing => Left::Nothing,
                None => return Err(Broken::Short),
            };
            match left {
                Left::More => continue,
                Left::Nothing => {}
                Left::Short => *self.closes = true,
            }
            self.body.set(None);
        }
        if self.reader.feeds() {
            return Ok(Filled::Waits);
        }
        *self.asked = None;
        *self.closes |= self.reader.is_closed();
        Ok(Filled::Done)
    }

    /// Begins an answer.
    fn begin(&mut self, response: Response<Outgoing<B>>, mut asked: Asked) -> Result<(), Broken> {
        let (mut parts, body) = response.into_parts();
        let left = (!body.is_end_stream()).then(|| body.size_hint());
        asked.keep &= !*self.closes && !self.reader.is_closed();
        let (coding, keep) = head::answer(self.out.text(), &mut parts, &asked, left).map_err(Broken::Unsendable)?;
        *self.switches = parts.status == StatusCode::SWITCHING_PROTOCOLS;
        *self.closes |= !keep;
        if left.is_some() && coding != Coding::Sized(0) {
            self.body.set(Some(body));
        }
        *self.coding = coding;
        head::reuse(parts.headers);
        Ok(())
    }

    /// Ends behind what came before the answer broke off, its head above all: a client is to see that it was cut.
    fn poll_broken(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        ready!(self.out.poll_flush(cx, self.reader.wire()))?;
        Poll::Ready(self.broken.take().map_or(Ok(()), Err))
    }

    /// Whether the next head may be looked for: behind an answer that has left, or that others came behind.
    fn is_free(&self) -> bool {
        self.asked.is_none() && !*self.closes && (self.out.is_empty() || self.reader.has_more() && self.out.has_room())
    }
}

impl<T, S, B> Future for Plain<T, S, B>
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Cause>,
{
    type Output = Result<(), Broken>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut awaits_client = false;
        if this.broken.is_some() {
            return this.poll_broken(cx);
        }
        for _ in 0..TURNS {
            if this.is_free() {
                awaits_client = this.poll_next(cx)?.is_pending();
            } else if this.reader.feeds() && !awaits_client {
                awaits_client = this.poll_rest(cx)?.is_pending();
            }
            let filled = this.fill(cx).unwrap_or_else(|broken| {
                *this.broken = Some(broken);
                Filled::Waits
            });
            if this.broken.is_some() {
                return this.poll_broken(cx);
            }
            let flushed = this.out.poll_flush(cx, this.reader.wire())?.is_ready();
            let ended = this.asked.is_none() && flushed;
            if ended && *this.switches {
                return Poll::Ready(Ok(()));
            }
            if ended && *this.closes {
                return this.reader.poll_shutdown(cx).map_err(Broken::Wire);
            }
            let mut again = filled == Filled::Done || (filled == Filled::Full && flushed);
            if !awaits_client && !again && !ended {
                match this.poll_rest(cx)? {
                    Poll::Ready(more) => again = more,
                    Poll::Pending => awaits_client = true,
                }
            }
            if !again {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<T, S, B> drive::Connection for Plain<T, S, B>
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Cause>,
{
    type Broken = Broken;

    fn close(self: Pin<&mut Self>) {
        *self.project().closes = true;
    }
}
