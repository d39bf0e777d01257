//! The body of a reply on its way, whichever protocol it comes by.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::driven::Bell;
use super::streams;
use super::{Error, error};
use crate::base::stream::Received;

/// A body that comes.
pub(super) enum Coming {
    /// On a connection of its own, whose driver has this bell.
    Alone(Incoming, Arc<Bell>),
    /// On a stream of a shared one.
    Stream(Box<Received>),
}

/// Why it comes no further.
pub(super) enum Broken {
    Alone(hyper::Error),
    Stream(h2::Error),
}

impl Broken {
    /// What that is, after so many bytes of the body.
    pub(super) fn after(&self, received: u64) -> Error {
        match self {
            Self::Alone(error) => error::classify(error, Some(received)),
            Self::Stream(error) => streams::classify(error, Some(received)),
        }
    }
}

impl Body for Coming {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Alone(body, bell) => bell.take(body, cx).map_err(Broken::Alone),
            Self::Stream(body) => Pin::new(body.as_mut()).poll_frame(cx).map_err(Broken::Stream),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Alone(body, _) => body.is_end_stream(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Alone(body, _) => body.size_hint(),
            Self::Stream(body) => body.size_hint(),
        }
    }
}
