//! The body of a request, with an end to its patience.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::plain::Upload;
use crate::base::stream::Received;
use crate::gateway::edge::BodyError;

/// The least rate, in bytes a second, that a body may come at once [`GRACE`] has been waited for it.
const LEAST_RATE: u64 = 500;
const GRACE: Duration = Duration::from_secs(5);

/// The body of a request.
///
/// Gives an error, and then nothing more, when the client sends nothing for too long, sends below 500 bytes a second after
/// the first five seconds of waiting for it, or breaks off. Time that the reader of the body takes does not count. Trailers
/// come last, as the client sent them: nobody has checked them yet.
pub struct Body {
    source: Source,
    idle: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    waiting_since: Option<Instant>,
    waited: Duration,
    received: u64,
}

/// Where its bytes come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A connection of HTTP/1.
    Client(Upload),
    /// A stream of HTTP/2.
    Stream(Received),
    /// Memory.
    Whole(Option<Bytes>),
}

impl Body {
    /// A body of no bytes.
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    pub(super) fn over(source: Source, idle: Duration) -> Self {
        Self { source, idle, timer: None, waiting_since: None, waited: Duration::ZERO, received: 0 }
    }

    fn fail(&mut self, error: BodyError) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.source = Source::Whole(None);
        self.timer = None;
        Poll::Ready(Some(Err(error)))
    }

    /// A piece came: takes stock of the time it took.
    fn take(&mut self, data: Bytes) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.received += data.len() as u64;
        if let Some(since) = self.waiting_since.take() {
            self.waited += since.elapsed();
            let expected = u128::from(LEAST_RATE) * self.waited.as_millis() / 1000;
            if self.waited > GRACE && u128::from(self.received) < expected {
                return self.fail(BodyError::TooSlow);
            }
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    /// Nothing came: tells whether that has lasted too long.
    fn wait(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = *self.waiting_since.get_or_insert_with(Instant::now) + self.idle;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx).is_ready()
    }
}

/// A body that is here already: for calls of the service without a socket.
impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::over(Source::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())), Duration::MAX)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = match &mut self.source {
            Source::Whole(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Client(upload) => Pin::new(upload).poll_frame(cx),
            Source::Stream(received) => Pin::new(received).poll_frame(cx).map_err(|error| reason(&error)),
        };
        match frame {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => self.take(data),
                // Behind the last piece: nothing is waited for any more.
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            Poll::Ready(Some(Err(reason))) => self.fail(BodyError::Broken(reason)),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.wait(cx) => self.fail(BodyError::Timeout),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Client(upload) => upload.is_end_stream(),
            Source::Stream(received) => received.is_end_stream(),
            Source::Whole(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Client(upload) => upload.size_hint(),
            Source::Stream(received) => received.size_hint(),
            Source::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
        }
    }
}

/// The innermost cause: what is wrapped around it says nothing more.
fn reason(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("received", &self.received).finish_non_exhaustive()
    }
}
