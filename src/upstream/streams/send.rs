//! A call as a stream: its request, and the head of its reply.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream, SendStream};
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use tokio::task::AbortHandle;

use super::line::Slot;
use crate::upstream::Malformed;
use crate::upstream::body::RequestBody;
use crate::upstream::reply_head::MAX_INTERIM;

/// What a call holds of a connection. Dropped, it lets go of it and stops what it still sends; other calls notice nothing.
pub(in crate::upstream) struct Hold {
    slot: Option<Slot>,
    upload: Option<AbortHandle>,
}

impl Hold {
    /// The call has ended, request and reply.
    pub(in crate::upstream) fn give_back(mut self) {
        self.upload = None;
        if let Some(slot) = self.slot.take() {
            slot.done();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(upload) = &self.upload {
            upload.abort();
        }
    }
}

/// A request that is on its way. Dropped, its stream is reset.
pub(in crate::upstream) struct Sent {
    response: ResponseFuture,
    interim: u32,
    hold: Hold,
}

/// Why there is no head of a reply.
pub(in crate::upstream) enum HeadError {
    Stream(h2::Error),
    Malformed(Malformed),
}

/// Sends a request; the body goes on being sent beside whatever comes.
///
/// # Errors
/// The body, untouched: the connection takes no more requests, and will not again.
pub(in crate::upstream) fn send(slot: Slot, request: Request<()>, body: RequestBody) -> Result<Sent, RequestBody> {
    let is_empty = body.is_end_stream();
    let Ok((response, mut stream)) = slot.line.sender.clone().send_request(request, is_empty) else {
        slot.line.is_over();
        return Err(body);
    };
    let upload = match body {
        _ if is_empty => None,
        RequestBody::Whole(bytes) => {
            // It is in memory already. That the stream has ended in the meantime shows in its reply.
            let _sent = stream.send_data(bytes, true);
            None
        }
        body => Some(tokio::spawn(upload(body, stream)).abort_handle()),
    };
    Ok(Sent { response, interim: 0, hold: Hold { slot: Some(slot), upload } })
}

impl Sent {
    /// Waits for the head of the reply.
    pub(in crate::upstream) async fn head(&mut self) -> Result<Response<RecvStream>, HeadError> {
        poll_fn(|cx| {
            while let Poll::Ready(Some(Ok(interim))) = self.response.poll_informational(cx) {
                self.interim += 1;
                if interim.status() == StatusCode::SWITCHING_PROTOCOLS {
                    return Poll::Ready(Err(HeadError::Malformed(Malformed::Switch)));
                }
                if self.interim > MAX_INTERIM {
                    return Poll::Ready(Err(HeadError::Malformed(Malformed::InterimFlood(MAX_INTERIM))));
                }
            }
            Pin::new(&mut self.response).poll(cx).map_err(HeadError::Stream)
        })
        .await
    }

    /// Whether anything of a reply came.
    pub(in crate::upstream) fn is_answered(&self) -> bool {
        self.interim > 0
    }

    /// The head is there: what the call holds on to until its end.
    pub(in crate::upstream) fn into_hold(self) -> Hold {
        self.hold
    }
}

/// Sends a body as it comes, no faster than the server takes it.
async fn upload(mut body: RequestBody, mut stream: SendStream<Bytes>) {
    loop {
        stream.reserve_capacity(1);
        let next = poll_fn(|cx| {
            if stream.poll_reset(cx).is_ready() {
                // The server wants no more of it; what it thinks of that is in its reply.
                return Poll::Ready(None);
            }
            while stream.capacity() == 0 {
                match stream.poll_capacity(cx) {
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(_) => return Poll::Ready(None),
                    Poll::Pending => return Poll::Pending,
                }
            }
            Pin::new(&mut body).poll_frame(cx).map(Some)
        });
        let Some(frame) = next.await else { return };
        let sent = match frame {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => {
                    let is_last = body.is_end_stream();
                    stream.send_data(data, is_last).map(|()| is_last)
                }
                Err(frame) => stream.send_trailers(frame.into_trailers().unwrap_or_default()).map(|()| true),
            },
            // Never ended as if whole.
            Some(Err(_)) => return stream.send_reset(Reason::CANCEL),
            None => stream.send_data(Bytes::new(), true).map(|()| true),
        };
        if !matches!(sent, Ok(false)) {
            return;
        }
    }
}
