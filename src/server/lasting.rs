//! An answer without a known end when the process has to leave.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, header};
use tokio::time::{Instant, sleep_until};

use super::core::Core;
use super::drain::Drain;
use super::events::Events;
use crate::base::http1::media_type;

type Wait<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What an answer is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Go on.
    Stay,
    /// End here, where the client can take it up again.
    Tell,
    /// Break off.
    Cut,
}

/// Follows one such answer. An event stream ends between two events, from where its client comes back by itself; anything else
/// would look whole if it ended early, and breaks off when the window ends.
pub(super) struct Lasting {
    events: Option<Events>,
    stage: Stage,
}

enum Stage {
    /// Until it is its turn to leave, which gives the end of the window.
    Serving(Wait<Instant>),
    /// From there until the window ends.
    Leaving(Wait<()>),
}

impl Lasting {
    /// An answer with these headers begins.
    pub(super) fn new(core: &Arc<Core>, headers: &HeaderMap) -> Self {
        let events = is_event_stream(headers).then(Events::default);
        let turn = events.as_ref().map(|_| core.lasts());
        Self { events, stage: Stage::Serving(Box::pin(turn_to_leave(Arc::clone(core), turn))) }
    }

    /// These bytes leave.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        if let Some(events) = &mut self.events {
            events.see(bytes);
        }
    }

    /// What to do before the next piece; wakes the caller when that changes.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Wish {
        if let Stage::Serving(wait) = &mut self.stage {
            let Poll::Ready(end) = wait.as_mut().poll(cx) else { return Wish::Stay };
            self.stage = Stage::Leaving(Box::pin(sleep_until(end)));
        }
        if self.events.as_ref().is_some_and(Events::is_between) {
            return Wish::Tell;
        }
        let over = if let Stage::Leaving(wait) = &mut self.stage { wait.as_mut().poll(cx).is_ready() } else { false };
        if over { Wish::Cut } else { Wish::Stay }
    }
}

/// Waits for the drain, and in it for the turn of this answer, the end of the window without one. Gives that end.
async fn turn_to_leave(core: Arc<Core>, turn: Option<u32>) -> Instant {
    let mut phase = core.phase();
    // The sender is the core's own, so the channel cannot end before this does.
    let drain = phase.wait_for(|phase| phase.drain().is_some()).await.ok().and_then(|phase| phase.drain());
    match drain.and_then(|drain| Some((leave(&drain, turn)?, drain.end()?))) {
        Some((leave, end)) => {
            sleep_until(leave).await;
            end
        }
        None => std::future::pending().await,
    }
}

fn leave(drain: &Drain, turn: Option<u32>) -> Option<Instant> {
    turn.map_or_else(|| drain.end(), |turn| drain.leave(turn))
}

/// A stream of events whose bytes can be read: no content coding on top.
fn is_event_stream(headers: &HeaderMap) -> bool {
    media_type(headers).eq_ignore_ascii_case(b"text/event-stream") && !headers.contains_key(header::CONTENT_ENCODING)
}
