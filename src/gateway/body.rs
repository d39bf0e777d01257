//! The body of an answer: whole, or passing through.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::upstream::StreamBody;

/// The body of an answer.
#[derive(Debug)]
pub struct Body {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Full(Bytes),
    Stream(Box<StreamBody>),
}

/// A body that broke off on its way through. The connection is cut: what was sent must not look whole.
#[derive(Debug, thiserror::Error)]
#[error("the upstream broke off: {0}")]
pub struct Broken(crate::upstream::Error);

impl Body {
    /// No bytes.
    pub fn empty() -> Self {
        Self::full(Bytes::new())
    }

    /// These bytes.
    pub fn full(bytes: Bytes) -> Self {
        Self { inner: Inner::Full(bytes) }
    }

    /// How many bytes it has; none for bytes that are under way.
    pub(super) fn len(&self) -> Option<usize> {
        match &self.inner {
            Inner::Full(bytes) => Some(bytes.len()),
            Inner::Stream(_) => None,
        }
    }

    /// Its bytes; none when they are under way.
    pub(super) fn whole(&self) -> Option<&Bytes> {
        match &self.inner {
            Inner::Full(bytes) => Some(bytes),
            Inner::Stream(_) => None,
        }
    }

    /// An upstream's bytes, as they come.
    pub fn stream(body: StreamBody) -> Self {
        Self { inner: Inner::Stream(Box::new(body)) }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut self.inner {
            Inner::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Inner::Stream(stream) => Pin::new(stream.as_mut()).poll_frame(cx).map_err(Broken),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Full(bytes) => bytes.is_empty(),
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Stream(stream) => stream.size_hint(),
        }
    }
}
