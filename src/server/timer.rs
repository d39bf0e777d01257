//! One alarm for all that a connection waits for.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

pin_project_lite::pin_project! {
    /// An alarm that is moved forward at once and backward only when it rings: most deadlines move further away with every
    /// request.
    pub(super) struct Timer {
        #[pin]
        sleep: Sleep,
        set: Option<Instant>,
    }
}

impl Timer {
    pub(super) fn new() -> Self {
        Self { sleep: sleep_until(Instant::now()), set: None }
    }

    /// Ready with what time demands; pending until it demands something. `due` gives what is due, or the moment before which
    /// nothing is.
    pub(super) fn poll<D>(mut self: Pin<&mut Self>, cx: &mut Context<'_>, due: impl Fn() -> Result<D, Instant>) -> Poll<D> {
        loop {
            let at = match due() {
                Err(at) => at,
                Ok(due) => return Poll::Ready(due),
            };
            let mut this = self.as_mut().project();
            if this.set.is_none_or(|set| at < set) {
                this.sleep.as_mut().reset(at);
                *this.set = Some(at);
            }
            if this.sleep.poll(cx).is_pending() {
                return Poll::Pending;
            }
            *this.set = None;
        }
    }
}
