//! Whether the other end of a connection is still there.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::time::Instant;

use crate::base::heard::{Heard, Listened};
use crate::base::moment;
use crate::server::timer::Timer;

/// How often a silent client is asked whether it lives, and how long it may take to say so.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_PATIENCE: Duration = Duration::from_secs(20);

/// Asks a client that is silent whether it lives. Whatever it sends says so: what it answers may stand behind a body on a thin line.
pub(super) struct Alive {
    pings: Option<PingPong>,
    heard: Arc<Heard>,
    timer: Pin<Box<Timer>>,
    /// When it was asked, and has not answered.
    asked: Option<Instant>,
    over: bool,
}

/// Listens to a connection from now on.
pub(super) fn listen<T>(wire: T) -> (Alive, Listened<T>) {
    let heard = Arc::new(Heard::new());
    let alive = Alive { pings: None, heard: Arc::clone(&heard), timer: Box::pin(Timer::new()), asked: None, over: false };
    (alive, Listened::new(wire, heard))
}

impl Alive {
    /// The client may be asked from here on.
    pub(super) fn begin(&mut self, pings: Option<PingPong>) {
        self.pings = pings;
    }

    /// Ready, once, when there is no sign of life.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(pings) = self.pings.as_mut().filter(|_| !self.over) else { return Poll::Pending };
        if self.asked.is_some() && pings.poll_pong(cx).is_ready() {
            self.asked = None;
        }
        loop {
            let (asked, heard) = (self.asked, &self.heard);
            let due = || {
                let at = asked.map_or(heard.last() + PING_EVERY, |asked| asked.max(heard.last()) + PING_PATIENCE);
                if at <= moment::now() { Ok(()) } else { Err(at) }
            };
            if self.timer.as_mut().poll(cx, due).is_pending() {
                return Poll::Pending;
            }
            if asked.is_some() {
                self.over = true;
                return Poll::Ready(());
            }
            if pings.send_ping(Ping::opaque()).is_err() {
                // The connection is at its end, and says so itself.
                return Poll::Pending;
            }
            self.asked = Some(moment::now());
            // So that the answer wakes this task.
            if pings.poll_pong(cx).is_ready() {
                self.asked = None;
            }
        }
    }

    /// Whether there was no sign of life.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }
}
