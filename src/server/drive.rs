//! What keeps one connection going: hyper's future, one timer, and the word to leave.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use super::core::Phase;
use super::traffic::{Due, Traffic};

/// A connection of hyper's, of either protocol.
pub(super) trait Connection: Future<Output = hyper::Result<()>> {
    /// Has it close when it can.
    fn close(self: Pin<&mut Self>);
}

impl<I, B, S> Connection for hyper::server::conn::http1::Connection<I, S>
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn close(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, B, S, E> Connection for hyper::server::conn::http2::Connection<I, S, E>
where
    S: hyper::service::HttpService<hyper::body::Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, B>,
{
    fn close(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Runs `connection` to its end, or to the moment when it has to be cut.
pub(super) async fn drive<C: Connection>(mut connection: Pin<&mut C>, traffic: &Traffic, phase: &mut watch::Receiver<Phase>) {
    let mut timer = pin!(Timer::new());
    loop {
        let now = *phase.borrow_and_update();
        let step = poll_fn(|cx| {
            if let Poll::Ready(end) = connection.as_mut().poll(cx) {
                return Poll::Ready(Step::End(end));
            }
            // The timer is looked at after the connection: whatever has come by now is judged before it counts as late.
            timer.as_mut().due(cx, traffic, now).map(Step::Due)
        });
        let step = tokio::select! {
            biased;
            step = step => step,
            Ok(()) = phase.changed() => continue,
        };
        match step {
            Step::End(Ok(())) => return,
            Step::End(Err(error)) => {
                tracing::debug!(%error, "a connection ended early");
                return;
            }
            Step::Due(Due::Wait(_)) => {}
            Step::Due(Due::Head) => traffic.set_head_late(),
            Step::Due(Due::Close) => {
                traffic.set_closing();
                connection.as_mut().close();
            }
            Step::Due(Due::Cut(reason)) => {
                tracing::debug!(reason, "a connection is cut");
                traffic.set_cut(reason);
                return;
            }
        }
    }
}

enum Step {
    End(hyper::Result<()>),
    Due(Due),
}

pin_project_lite::pin_project! {
    /// One alarm for all that a connection waits for. It is moved forward at once and backward only when it rings: most
    /// deadlines move further away with every request.
    struct Timer {
        #[pin]
        sleep: Sleep,
        set: Option<Instant>,
    }
}

impl Timer {
    fn new() -> Self {
        Self { sleep: sleep_until(Instant::now()), set: None }
    }

    /// Ready with what time demands; pending until it demands something.
    fn due(mut self: Pin<&mut Self>, cx: &mut Context<'_>, traffic: &Traffic, phase: Phase) -> Poll<Due> {
        loop {
            let at = match traffic.due(phase) {
                Due::Wait(at) => at,
                due => return Poll::Ready(due),
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
