//! A reply that comes while its request is still being sent.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::AbortHandle;

use super::incoming::{Broken, Incoming};
use super::outbox::Outbox;
use crate::upstream::body::BrokeOff;

/// The body of such a reply. A task of its own sends and receives, so that neither waits for the other's reader. Dropped, the connection is
/// cut; it carries no other call.
pub(in crate::upstream) struct Beside {
    frames: Receiver<Result<Frame<Bytes>, Broken>>,
    left: SizeHint,
    task: AbortHandle,
}

impl Beside {
    pub(super) fn begin(incoming: Incoming, outbox: Outbox) -> Self {
        let left = incoming.left();
        let (to, frames) = channel(1);
        Self { frames, left, task: tokio::spawn(both_ways(incoming, outbox, to)).abort_handle() }
    }

    /// Waits for the next frame.
    pub(in crate::upstream) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let polled = self.frames.poll_recv(cx);
        if let (Poll::Ready(Some(Ok(frame))), Some(left)) = (&polled, self.left.exact()) {
            let came = frame.data_ref().map_or(0, |data| data.len() as u64);
            self.left = SizeHint::with_exact(left.saturating_sub(came));
        }
        polled
    }

    /// How many bytes are still to come, if that is known.
    pub(in crate::upstream) fn left(&self) -> SizeHint {
        self.left
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn both_ways(mut incoming: Incoming, mut outbox: Outbox, frames: Sender<Result<Frame<Bytes>, Broken>>) {
    // Half a request is no request: the reply is not its own.
    let mut send = |incoming: &mut Incoming, cx: &mut Context<'_>| {
        !matches!(outbox.poll(incoming.connection(), cx), Poll::Ready(Err(BrokeOff)))
    };
    loop {
        let mut room = pin!(frames.reserve());
        let room = poll_fn(|cx| match send(&mut incoming, cx) {
            true => room.as_mut().poll(cx).map(Some),
            false => Poll::Ready(None),
        });
        let Some(room) = room.await else {
            // It waits for its place behind what came.
            let _gone = frames.send(Err(Broken::Closed)).await;
            return;
        };
        let Ok(room) = room else { return };
        let next = poll_fn(|cx| match send(&mut incoming, cx) {
            true => incoming.poll_frame(cx),
            false => Poll::Ready(Some(Err(Broken::Closed))),
        });
        match next.await {
            Some(Ok(frame)) => room.send(Ok(frame)),
            Some(Err(broken)) => return room.send(Err(broken)),
            None => return,
        }
    }
}
