//! The body of a page that has begun: its head at once, the rest when it is there.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::sync::oneshot;

/// A page that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    /// What leaves next.
    ready: Bytes,
    late: Option<Late>,
}

/// What of a page comes later.
pub(super) struct Late {
    /// What makes it. It is at its end when `rest` has what there is, or never will.
    pub(super) work: Pin<Box<dyn Future<Output = ()> + Send>>,
    pub(super) rest: oneshot::Receiver<Bytes>,
    /// What ends the page when `rest` has nothing.
    pub(super) reserve: Bytes,
    pub(super) route: Arc<str>,
    /// The request's id.
    pub(super) request: String,
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Late").field("route", &self.route).finish_non_exhaustive()
    }
}

impl Begun {
    /// A body with a head that leaves at once.
    pub(super) fn new(head: Bytes, late: Late) -> Self {
        Self { ready: head, late: Some(late) }
    }

    /// Nothing is left of it.
    pub(super) fn is_over(&self) -> bool {
        self.ready.is_empty() && self.late.is_none()
    }

    /// The next bytes; none at the end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ready.is_empty()
            && let Some(late) = &mut self.late
        {
            ready!(late.work.as_mut().poll(cx));
            self.ready = late.rest.try_recv().unwrap_or_else(|_| {
                tracing::warn!(request_id = late.request, route = &*late.route, "a page ends without what came after its head");
                std::mem::take(&mut late.reserve)
            });
            self.late = None;
        }
        let ready = std::mem::take(&mut self.ready);
        Poll::Ready((!ready.is_empty()).then_some(ready))
    }
}
