//! One request and its answer.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Poll, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{Response, StatusCode, header};
use http_body::{Body, Frame};

use super::head::head;
use crate::base::moment::Turn;
use crate::gateway::edge::Interim;
use crate::server::answer::{Cause, Outgoing};
use crate::server::service::Answered;

/// Answers one request, to the end or until the client takes it back. That drops what was at work for it, and its body.
pub(super) async fn serve<B>(answering: Answered<B>, interim: Interim, mut respond: SendResponse<Bytes>, is_head: bool)
where
    B: Body<Data = Bytes>,
    B::Error: Into<Cause>,
{
    let Some(response) = answer(answering, &interim, &mut respond).await else { return };
    let (parts, body) = response.into_parts();
    let left = (!body.is_end_stream()).then(|| body.size_hint());
    let (head, follows) = head(parts, is_head, left);
    match respond.send_response(head, !follows) {
        Ok(stream) if follows => send(body, stream).await,
        Ok(_) => {}
        Err(error) => {
            tracing::debug!(%error, "an answer cannot be sent");
            respond.send_reset(Reason::INTERNAL_ERROR);
        }
    }
}

/// The service's answer; `None` when nobody waits for it any more.
async fn answer<B>(
    mut answering: Answered<B>,
    interim: &Interim,
    respond: &mut SendResponse<Bytes>,
) -> Option<Response<Outgoing<B>>> {
    poll_fn(|cx| {
        if respond.poll_reset(cx).is_ready() {
            return Poll::Ready(None);
        }
        let _turn = Turn::begin();
        if let Poll::Ready(response) = answering.as_mut().poll(cx) {
            return Poll::Ready(response.ok());
        }
        if let Some(links) = interim.take() {
            let mut hint = Response::new(());
            *hint.status_mut() = StatusCode::EARLY_HINTS;
            hint.headers_mut().insert(header::LINK, links);
            if let Err(error) = respond.send_informational(hint) {
                tracing::debug!(%error, "a hint cannot be sent");
            }
        }
        Poll::Pending
    })
    .await
}

/// What comes of a body.
enum Next {
    Frame(Frame<Bytes>),
    End,
    Failed,
    /// The client takes no more.
    Left,
}

/// Sends a body as it comes, no faster than the client takes it.
async fn send<B>(body: Outgoing<B>, mut stream: SendStream<Bytes>)
where
    B: Body<Data = Bytes>,
    B::Error: Into<Cause>,
{
    let mut body = pin!(body);
    loop {
        // A body is asked before room is: what waits for a slow backend takes no room from other answers.
        let sent = match next(body.as_mut(), &mut stream).await {
            Next::Frame(frame) => match frame.into_data() {
                Ok(data) => {
                    let is_last = body.is_end_stream();
                    if data.is_empty() && !is_last {
                        continue;
                    }
                    if !data.is_empty() && !has_room(&mut stream).await {
                        return;
                    }
                    stream.send_data(data, is_last).map(|()| is_last)
                }
                Err(frame) => {
                    stream.reserve_capacity(0);
                    stream.send_trailers(frame.into_trailers().unwrap_or_default()).map(|()| true)
                }
            },
            Next::End => stream.send_data(Bytes::new(), true).map(|()| true),
            Next::Failed => {
                // What came before it, the head above all, leaves first: a reset takes along what has not.
                tokio::task::yield_now().await;
                // Never ended as if whole.
                return stream.send_reset(Reason::INTERNAL_ERROR);
            }
            Next::Left => return,
        };
        if !matches!(sent, Ok(false)) {
            return;
        }
    }
}

async fn next<B>(mut body: Pin<&mut Outgoing<B>>, stream: &mut SendStream<Bytes>) -> Next
where
    B: Body<Data = Bytes>,
    B::Error: Into<Cause>,
{
    poll_fn(|cx| {
        if stream.poll_reset(cx).is_ready() {
            return Poll::Ready(Next::Left);
        }
        let _turn = Turn::begin();
        Poll::Ready(match ready!(body.as_mut().poll_frame(cx)) {
            Some(Ok(frame)) => Next::Frame(frame),
            Some(Err(error)) => {
                tracing::debug!(%error, "an answer breaks off");
                Next::Failed
            }
            None => Next::End,
        })
    })
    .await
}

/// Waits until a piece may be handed over; false when the client takes no more.
async fn has_room(stream: &mut SendStream<Bytes>) -> bool {
    // The piece goes as a whole once there is room for a byte: the frame layer asks for the rest of it itself.
    stream.reserve_capacity(1);
    poll_fn(|cx| {
        if stream.poll_reset(cx).is_ready() {
            return Poll::Ready(false);
        }
        while stream.capacity() == 0 {
            match ready!(stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Poll::Ready(false),
            }
        }
        Poll::Ready(true)
    })
    .await
}
