//! The body of an answer: whole, or passing through.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::begun::Begun;
use super::coded::Coded;
use super::fault::shape_code;
use super::streaming::Shaped;
use crate::files::FileBody;
use crate::shape::Refused;
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
    Shaped(Box<Shaped>),
    /// A page that has begun.
    Begun(Box<Begun>),
    /// A file, as it is read.
    File(FileBody),
    /// Another one, in a content coding.
    Coded(Box<Coded>),
    /// Another one that breaks off.
    Cut(Box<Body>, Left),
}

/// What is left of a body that breaks off.
#[derive(Debug)]
enum Left {
    /// So many bytes.
    Bytes(u64),
    /// No more, once what there was has left.
    Flush,
    Nothing,
}

/// A body that broke off on its way through. The connection is cut: what was sent must not look whole.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// There is no more of it.
    #[error("the upstream broke off: {0}")]
    Upstream(crate::upstream::Error),
    /// What comes cannot be shaped.
    #[error("the reply cannot be shaped to its end: {0}")]
    Reply(Refused),
    /// A file cannot be read to its end.
    #[error("the file cannot be read: {0}")]
    File(std::io::Error),
    /// It cannot be put into its coding.
    #[error("the answer cannot be encoded: {0}")]
    Coding(std::io::Error),
}

impl Broken {
    /// The stable word for that in the logs; nobody else gets to know.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Upstream(error) => error.kind(),
            Self::Reply(Refused::NoJson) => "upstream_not_json",
            Self::Reply(Refused::Step { .. }) => "shape_cut",
            Self::Reply(Refused::Shape(error)) => shape_code(error),
            Self::File(_) | Self::Coding(_) => "internal",
        }
    }

    /// Whether it is the client's own doing: its upload broke off while the answer came.
    pub fn is_of_client(&self) -> bool {
        matches!(self, Self::Upstream(crate::upstream::Error::ClientBody(_)))
    }
}

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
        self.whole().map(Bytes::len)
    }

    /// Its bytes; none when they are under way.
    pub(super) fn whole(&self) -> Option<&Bytes> {
        match &self.inner {
            Inner::Full(bytes) => Some(bytes),
            Inner::Stream(_) | Inner::Shaped(_) | Inner::Begun(_) | Inner::File(_) | Inner::Coded(_) => None,
            Inner::Cut(body, _) => body.whole(),
        }
    }

    /// Whether it is an upstream's, untouched.
    pub(super) fn is_passed(&self) -> bool {
        matches!(self.inner, Inner::Stream(_))
    }

    /// The same, which breaks off after so many bytes if it is longer.
    pub(super) fn cut_after(self, bytes: u64) -> Self {
        Self { inner: Inner::Cut(Box::new(self), Left::Bytes(bytes)) }
    }

    /// A file's bytes, as they are read.
    pub(super) fn file(body: FileBody) -> Self {
        Self { inner: Inner::File(body) }
    }

    /// An upstream's bytes, as they come.
    pub fn stream(body: StreamBody) -> Self {
        Self { inner: Inner::Stream(Box::new(body)) }
    }
}

impl From<Shaped> for Body {
    fn from(body: Shaped) -> Self {
        Self { inner: Inner::Shaped(Box::new(body)) }
    }
}

impl From<Begun> for Body {
    fn from(body: Begun) -> Self {
        Self { inner: Inner::Begun(Box::new(body)) }
    }
}

impl From<Coded> for Body {
    fn from(body: Coded) -> Self {
        Self { inner: Inner::Coded(Box::new(body)) }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut self.inner {
            Inner::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Full(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Inner::Stream(stream) => Pin::new(stream.as_mut()).poll_frame(cx).map_err(Broken::Upstream),
            Inner::Shaped(shaped) => shaped.poll(cx).map(|piece| piece.map(|piece| piece.map(Frame::data))),
            Inner::Begun(begun) => begun.poll(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece)))),
            Inner::File(file) => Pin::new(file).poll_frame(cx).map_err(Broken::File),
            Inner::Coded(coded) => coded.poll(cx),
            Inner::Cut(body, left) => {
                let rest = match *left {
                    Left::Bytes(rest) => rest,
                    Left::Flush => {
                        // An error at once would take what was sent before it down with it.
                        *left = Left::Nothing;
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Left::Nothing => {
                        return Poll::Ready(Some(Err(Broken::Upstream(crate::upstream::Error::Reset { in_body: true }))));
                    }
                };
                let data = match std::task::ready!(Pin::new(body.as_mut()).poll_frame(cx)) {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => data,
                        Err(frame) => return Poll::Ready(Some(Ok(frame))),
                    },
                    end => return Poll::Ready(end),
                };
                *left = rest.checked_sub(data.len() as u64).map_or(Left::Flush, Left::Bytes);
                let rest = usize::try_from(rest).unwrap_or(usize::MAX).min(data.len());
                Poll::Ready(Some(Ok(Frame::data(data.slice(..rest)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Full(bytes) => bytes.is_empty(),
            Inner::Stream(stream) => stream.is_end_stream(),
            Inner::Shaped(shaped) => shaped.is_over(),
            Inner::Begun(begun) => begun.is_over(),
            Inner::File(file) => file.is_end_stream(),
            Inner::Coded(coded) => coded.is_over(),
            // Only what is asked for tells whether something was left out.
            Inner::Cut(..) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Inner::Stream(stream) => stream.size_hint(),
            Inner::File(file) => file.size_hint(),
            Inner::Shaped(shaped) if shaped.is_over() => SizeHint::with_exact(0),
            Inner::Shaped(_) | Inner::Begun(_) | Inner::Coded(_) => SizeHint::default(),
            // What was promised.
            Inner::Cut(body, _) => body.size_hint(),
        }
    }
}
