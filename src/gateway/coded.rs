//! An answer that goes through an encoder on its way.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame};

use super::Body;
use super::body::Broken;
use crate::coding::Encoder;

/// An answer that is encoded while it comes. What came is flushed when there is nothing more for the moment: nobody waits for bytes that are
/// held back here.
#[derive(Debug)]
pub(super) struct Coded {
    /// None once it is at its end.
    encoder: Option<Encoder>,
    body: Body,
    /// Whether something went in that did not come out.
    held: bool,
}

impl Coded {
    pub(super) fn new(encoder: Encoder, body: Body) -> Self {
        Self { encoder: Some(encoder), body, held: false }
    }

    /// Nothing is left of it.
    pub(super) fn is_over(&self) -> bool {
        self.encoder.is_none()
    }

    /// The next bytes; none at the end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            let Some(encoder) = &mut self.encoder else { return Poll::Ready(None) };
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending if self.held => {
                    self.held = false;
                    if let Err(error) = encoder.flush() {
                        return self.broken(Broken::Coding(error));
                    }
                    let piece = encoder.take();
                    if piece.is_empty() {
                        return Poll::Pending;
                    }
                    return Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece)))));
                }
                polled => ready!(polled),
            };
            let piece = match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.held = true;
                        encoder.push(&data).map(|()| encoder.take())
                    }
                    // A shaped reply has no trailers, and what speaks of its bytes would not hold for these.
                    Err(_) => continue,
                },
                // Cut, not ended: what is held is not worth a look that seems whole.
                Some(Err(broken)) => return self.broken(broken),
                None => match self.encoder.take() {
                    Some(encoder) => encoder.finish(),
                    None => return Poll::Ready(None),
                },
            };
            match piece {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => return Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece))))),
                Err(error) => return self.broken(Broken::Coding(error)),
            }
        }
    }

    fn broken(&mut self, broken: Broken) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        self.encoder = None;
        Poll::Ready(Some(Err(broken)))
    }
}
