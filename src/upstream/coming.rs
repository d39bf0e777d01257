//! The body of a reply on its way, whichever protocol it comes by.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::Error;
use super::http1::{self, Beside, Incoming};
use super::pool::Alone;
use super::streams::{self, Hold};
use crate::base::stream::Received;

/// A body that comes, with what its call holds of the upstream. Dropped before its end, it cuts the connection, or its stream of a
/// shared one.
pub(super) enum Coming {
    /// On a connection of its own.
    Alone(Incoming),
    /// On such a connection, while the request is still being sent.
    Beside(Beside),
    /// On a stream of a shared one.
    Stream(Box<(Received, Hold)>),
    /// None: the connection speaks another protocol from here on.
    Switched(Alone),
    /// It has ended, or is not wanted any more.
    Gone,
}

/// Why it comes no further.
pub(super) enum Broken {
    Alone(http1::Broken),
    Stream(h2::Error),
}

impl Broken {
    /// What that is, after so many bytes of the body.
    pub(super) fn after(&self, received: u64) -> Error {
        match self {
            Self::Alone(broken) => broken.after(received),
            Self::Stream(error) => streams::classify(error, Some(received)),
        }
    }
}

impl Coming {
    /// The exchange has ended, request and reply: what it held waits for the next call.
    pub(super) fn give_back(&mut self) {
        match std::mem::replace(self, Self::Gone) {
            Self::Alone(incoming) => incoming.give_back(),
            Self::Stream(stream) => stream.1.give_back(),
            Self::Beside(_) | Self::Switched(_) | Self::Gone => {}
        }
    }

    /// Whatever comes is not wanted.
    pub(super) fn cut(&mut self) {
        *self = Self::Gone;
    }
}

impl Body for Coming {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Alone(body) => body.poll_frame(cx).map_err(Broken::Alone),
            Self::Beside(body) => body.poll_frame(cx).map_err(Broken::Alone),
            Self::Stream(stream) => Pin::new(&mut stream.0).poll_frame(cx).map_err(Broken::Stream),
            Self::Switched(_) | Self::Gone => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Alone(body) => body.is_over(),
            Self::Beside(body) => body.left().exact() == Some(0),
            Self::Stream(stream) => stream.0.is_end_stream(),
            Self::Switched(_) | Self::Gone => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Alone(body) => body.left(),
            Self::Beside(body) => body.left(),
            Self::Stream(stream) => stream.0.size_hint(),
            Self::Switched(_) | Self::Gone => SizeHint::with_exact(0),
        }
    }
}
