//! The body of an answer on its way out.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::departures::Way;
use super::lasting::{Lasting, Wish};
use super::record::{DRAIN, Record};

/// Why an answer broke off.
pub(super) type Cause = Box<dyn Error + Send + Sync>;

/// The most bytes that an HTTP/2 stream is handed at once: so an answer that its client does not take is seen to wait, and
/// is not copied into the connection's buffer whole.
const PIECE: usize = 64 * 1024;

pin_project_lite::pin_project! {
    /// The body of the service's answer, or of the edge's own.
    #[project = OriginPinned]
    pub(super) enum Origin<B> {
        Service { #[pin] body: B },
        House { #[pin] body: axum::body::Body },
    }
}

impl<B> Origin<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Cause>,
{
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        match self.project() {
            OriginPinned::Service { body } => body.poll_frame(cx).map_err(Into::into),
            OriginPinned::House { body } => body.poll_frame(cx).map_err(Into::into),
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        match self {
            Self::Service { body } => body.is_end_stream(),
            Self::House { body } => body.is_end_stream(),
        }
    }

    /// Whether it is known how many bytes are to come.
    pub(super) fn has_known_end(&self) -> bool {
        self.size_hint().exact().is_some()
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Service { body } => body.size_hint(),
            Self::House { body } => body.size_hint(),
        }
    }
}

pin_project_lite::pin_project! {
    /// An answer's body that keeps the record of what became of it.
    pub(super) struct Outgoing<B> {
        #[pin]
        origin: Origin<B>,
        // None behind a 101, whose record goes with the tunnel.
        record: Option<Box<Record>>,
        // What there is to say of an answer without a known end.
        lasting: Option<Lasting>,
        // What is left of a frame that was too large to hand over at once.
        left: Bytes,
    }
}

impl<B> Outgoing<B> {
    pub(super) fn new(origin: Origin<B>, record: Box<Record>, lasting: Option<Lasting>) -> Self {
        Self { origin, record: Some(record), lasting, left: Bytes::new() }
    }

    /// No bytes, behind which the connection becomes another.
    pub(super) fn switched() -> Self {
        Self { origin: Origin::House { body: axum::body::Body::empty() }, record: None, lasting: None, left: Bytes::new() }
    }
}

impl<B> Body for Outgoing<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Cause>,
{
    type Data = Bytes;
    type Error = Cause;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        let mut this = self.project();
        let Some(record) = this.record else { return Poll::Ready(None) };
        record.taken();
        let mut data = std::mem::take(this.left);
        if data.is_empty() {
            match this.lasting.as_mut().map_or(Wish::Stay, |lasting| lasting.poll(cx)) {
                Wish::Stay => {}
                Wish::Tell => {
                    record.traffic.lose(Way::Told);
                    record.answer.trace.code = Some(DRAIN.into());
                    record.answer.complete = true;
                    return Poll::Ready(None);
                }
                Wish::Cut => {
                    record.traffic.lose(Way::Cut);
                    record.answer.cut = Some(DRAIN);
                    record.answer.failed = true;
                    return Poll::Ready(Some(Err("the drain is over".into())));
                }
            }
            let polled = catch_unwind(AssertUnwindSafe(|| this.origin.as_mut().poll(cx)));
            let Ok(polled) = polled else {
                tracing::error!(request_id = %record.id, "the body of an answer panicked");
                record.panicked();
                record.answer.failed = true;
                return Poll::Ready(Some(Err("the body of the answer panicked".into())));
            };
            let frame = match ready!(polled) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    record.broke_off(&error);
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    record.answer.complete = true;
                    return Poll::Ready(None);
                }
            };
            data = match frame.into_data() {
                Ok(data) => data,
                Err(trailers) => {
                    // The last there is: nobody asks for more.
                    record.answer.complete = true;
                    return Poll::Ready(Some(Ok(trailers)));
                }
            };
        }
        if record.traffic.is_multiplexed() && data.len() > PIECE {
            *this.left = data.split_off(PIECE);
        }
        if let Some(lasting) = this.lasting {
            lasting.see(&data);
        }
        record.gave(data.len());
        record.answer.complete = this.left.is_empty() && this.origin.is_end_stream();
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.origin.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, left) = (self.origin.size_hint(), self.left.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(left));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(left));
        }
        hint
    }
}
