//! What keeps one connection going: its protocol's future, one timer, and the word to leave.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::sync::watch;

use super::core::Phase;
use super::timer::Timer;
use super::traffic::{Due, Traffic};
use crate::base::moment::Turn;

/// A connection, of either protocol.
pub(super) trait Connection: Future<Output = Result<(), Self::Broken>> {
    /// Why it ended early.
    type Broken: fmt::Display;

    /// Has it close when it can.
    fn close(self: Pin<&mut Self>);
}

/// Runs `connection` to its end, or to the moment when it has to be cut. Tells whether it ended in order.
pub(super) async fn drive<C: Connection>(
    mut connection: Pin<&mut C>,
    traffic: &Traffic,
    phase: &mut watch::Receiver<Phase>,
) -> bool {
    let mut timer = pin!(Timer::new());
    loop {
        let now = *phase.borrow_and_update();
        if now != Phase::Serving {
            traffic.begin_drain();
        }
        let step = poll_fn(|cx| {
            let _turn = Turn::begin();
            if let Poll::Ready(end) = connection.as_mut().poll(cx) {
                return Poll::Ready(Step::End(end));
            }
            // The timer is looked at after the connection: whatever has come by now is judged before it counts as late.
            let due = || match traffic.due(now) {
                Due::Wait(at) => Err(at),
                due => Ok(due),
            };
            timer.as_mut().poll(cx, due).map(Step::Due)
        });
        let step = tokio::select! {
            biased;
            step = step => step,
            Ok(()) = phase.changed() => continue,
        };
        match step {
            Step::End(Ok(())) => return true,
            Step::End(Err(error)) => {
                tracing::debug!(%error, "a connection ended early");
                return false;
            }
            Step::Due(Due::Wait(_)) => {}
            Step::Due(Due::Head) => traffic.set_head_late(),
            Step::Due(Due::Leave) => traffic.set_leaving(),
            Step::Due(Due::Close) => {
                traffic.set_closing();
                connection.as_mut().close();
            }
            Step::Due(Due::Cut(reason)) => {
                tracing::debug!(reason, "a connection is cut");
                traffic.set_cut(reason);
                return false;
            }
        }
    }
}

enum Step<E> {
    End(Result<(), E>),
    Due(Due),
}
