//! One alarm for all that a connection waits for.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::base::moment;

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
            // Else what was early a moment ago would be so for ever.
            moment::renewed();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::time::Duration;

    use super::*;

    /// Else it would be asked for ever.
    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_rings_within_a_turn_has_the_clock_read_anew() {
        let mut timer = pin!(Timer::new());
        let _turn = moment::Turn::begin();
        let at = moment::now() + Duration::from_secs(5);
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(moment::now() < at);
        poll_fn(|cx| timer.as_mut().poll(cx, || if moment::now() >= at { Ok(()) } else { Err(at) })).await;
        assert!(moment::now() > at);
    }
}
