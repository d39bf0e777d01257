//! Bodies: what is sent up, and what is passed down as it comes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

use super::coming::Coming;
use super::error::Error;
use super::headers::Names;
use super::live::Permit;
use crate::base::moment;

/// Why the body that a client sends breaks off; handed back as it came, in [`Error::ClientBody`].
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request on its way up.
pub(super) enum RequestBody {
    /// All there is, until it is taken.
    Whole(Bytes),
    /// As the client sends it, with those of its trailers that may pass.
    Streamed { body: BoxBody<Bytes, BodyError>, progress: Arc<Progress>, trailers: Names },
}

/// How far a streamed request body is, seen from the other side.
pub(super) struct Progress {
    failure: Mutex<Option<BodyError>>,
    ended: std::sync::atomic::AtomicBool,
    /// Since when it is the upstream's turn, to take more or to answer; `None` while the client is waited for.
    turn: watch::Sender<Option<Instant>>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { failure: Mutex::default(), ended: false.into(), turn: watch::Sender::new(Some(moment::now())) }
    }
}

impl Progress {
    /// Follows whose turn it is.
    pub(super) fn turn(&self) -> watch::Receiver<Option<Instant>> {
        self.turn.subscribe()
    }

    fn waits_for_client(&self) {
        self.turn.send_if_modified(|turn| turn.take().is_some());
    }

    fn waits_for_upstream(&self) {
        self.turn.send_replace(Some(moment::now()));
    }

    /// The error that the client's side ended with, once.
    pub(super) fn take_failure(&self) -> Option<BodyError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether all of it was handed to the connection.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(std::sync::atomic::Ordering::Acquire)
    }

    fn fail(&self, error: BodyError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn end(&self) {
        self.waits_for_upstream();
        self.ended.store(true, std::sync::atomic::Ordering::Release);
    }
}

/// Stands for the client's error, which waits in [`Progress`].
#[derive(Debug, thiserror::Error)]
#[error("the body of the request broke off")]
pub(super) struct BrokeOff;

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Streamed { body, progress, trailers } => loop {
                let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) else {
                    progress.waits_for_client();
                    return Poll::Pending;
                };
                match frame {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => {
                            progress.waits_for_upstream();
                            if body.is_end_stream() {
                                progress.end();
                            }
                            return Poll::Ready(Some(Ok(Frame::data(data))));
                        }
                        Err(frame) => {
                            if let Some(passing) = frame.trailers_ref().and_then(|came| trailers.select(came)) {
                                // Nothing comes behind them, and nobody asks.
                                progress.end();
                                return Poll::Ready(Some(Ok(Frame::trailers(passing))));
                            }
                        }
                    },
                    Some(Err(error)) => {
                        progress.fail(error);
                        return Poll::Ready(Some(Err(BrokeOff)));
                    }
                    None => {
                        progress.end();
                        return Poll::Ready(None);
                    }
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Streamed { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Streamed { body, .. } => body.size_hint(),
        }
    }
}

/// The body of a reply that is passed down as it comes: content coding untouched, trailers as far as they may pass. It ends in an error
/// when the upstream stalls or breaks off, so that the client's connection is cut and never closed as if whole.
///
/// Dropping it before its end cuts the connection to the upstream, or the stream of a shared one.
pub struct StreamBody {
    body: Coming,
    /// Its place among the calls under way, until it has ended.
    permit: Option<Permit>,
    progress: Option<Arc<Progress>>,
    trailers: Names,
    /// What had come with the head.
    ahead: Option<Frame<Bytes>>,
    received: u64,
    between_bytes: Duration,
    stall: Option<Pin<Box<Sleep>>>,
    stalling: bool,
    /// What it ends with.
    broken: Option<Box<Error>>,
    over: bool,
}

impl StreamBody {
    pub(super) fn new(
        body: Coming,
        permit: Option<Permit>,
        progress: Option<Arc<Progress>>,
        trailers: Names,
        between_bytes: Duration,
    ) -> Self {
        let over = body.is_end_stream();
        let (ahead, broken, received, stall, stalling) = (None, None, 0, None, false);
        let mut stream = Self { body, permit, progress, trailers, ahead, received, between_bytes, stall, stalling, broken, over };
        if stream.over {
            stream.finish();
        }
        stream
    }

    /// Looks at what came with the head: as long as nothing has left there is an answer to a body that is none.
    pub(super) fn look_ahead(mut self) -> Result<Self, Error> {
        if let Poll::Ready(Some(came)) = self.poll_next(&mut Context::from_waker(Waker::noop())) {
            self.ahead = Some(came?);
        }
        Ok(self)
    }

    /// The connection is free again, unless the client's body is still under way: then it is cut, or the stream of a shared one.
    fn finish(&mut self) {
        self.over = true;
        self.permit = None;
        if self.progress.as_ref().is_none_or(|progress| progress.has_ended()) {
            self.body.give_back();
        } else {
            self.body.cut();
        }
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.over = true;
        self.body.cut();
        self.permit = None;
        let broke_off = self.progress.as_ref().and_then(|progress| progress.take_failure());
        Poll::Ready(Some(Err(broke_off.map_or(error, Error::ClientBody))))
    }

    /// Waits no longer than the upstream may between two pieces.
    fn poll_stall(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !std::mem::replace(&mut self.stalling, true) {
            // A duration beyond the clock's range is no limit.
            let Some(until) = moment::now().checked_add(self.between_bytes) else { return Poll::Pending };
            match &mut self.stall {
                Some(stall) => stall.as_mut().reset(until),
                none => *none = Some(Box::pin(tokio::time::sleep_until(until))),
            }
        }
        self.stall.as_mut().map_or(Poll::Pending, |stall| stall.as_mut().poll(cx))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        while !self.over {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.stalling = false;
                    let data = match frame.into_data() {
                        Ok(data) => data,
                        Err(frame) => match frame.trailers_ref().and_then(|came| self.trailers.select(came)) {
                            Some(passing) => {
                                self.finish();
                                return Poll::Ready(Some(Ok(Frame::trailers(passing))));
                            }
                            None => continue,
                        },
                    };
                    self.received = self.received.saturating_add(data.len() as u64);
                    if self.body.is_end_stream() {
                        self.finish();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Poll::Ready(Some(Err(broken))) => {
                    let error = broken.after(self.received);
                    return self.fail(error);
                }
                Poll::Ready(None) => self.finish(),
                Poll::Pending => {
                    ready!(self.poll_stall(cx));
                    return self.fail(Error::BetweenBytesTimeout);
                }
            }
        }
        Poll::Ready(None)
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(frame) = self.ahead.take() {
            return Poll::Ready(Some(Ok(frame)));
        }
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Some(Err(*error)));
        }
        match ready!(self.poll_next(cx)) {
            Some(Err(error)) => {
                // What came before it, the head above all, is on its way first: a client is to see that it was cut.
                self.broken = Some(Box::new(error));
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            next => Poll::Ready(next),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over && self.ahead.is_none() && self.broken.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.broken.is_some() {
            return SizeHint::default();
        }
        let ahead = self.ahead.as_ref().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        let rest = if self.over { SizeHint::with_exact(0) } else { self.body.size_hint() };
        match rest.exact() {
            Some(rest) => SizeHint::with_exact(rest.saturating_add(ahead)),
            None => rest,
        }
    }
}

impl std::fmt::Debug for StreamBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamBody").field("received", &self.received).field("over", &self.over).finish_non_exhaustive()
    }
}
