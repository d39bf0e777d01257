//! A connection's driver that is not woken for nothing.
//!
//! Whenever somebody takes a piece of a reply, hyper wakes the driver to fetch the next one. Behind the last piece there is none, and the
//! driver has long done all that there was to do: its turn would bring nothing, and most replies are one piece.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

use hyper::body::{Body, Frame};
use pin_project_lite::pin_project;

/// The next frame of a body, if there is one.
type Next<B> = Option<Result<Frame<<B as Body>::Data>, <B as Body>::Error>>;

thread_local! {
    static TAKING: Cell<Taking> = const { Cell::new(Taking::Nothing) };
}

/// Whether this thread is taking a piece of a reply at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taking {
    Nothing,
    Piece,
    /// And the driver was to be woken for it.
    Rung,
}

/// What wakes a driver.
#[derive(Debug, Default)]
pub(super) struct Bell {
    /// The task that the driver runs in; none before its first turn.
    task: OnceLock<Waker>,
}

impl Bell {
    /// Wakes the driver.
    pub(super) fn ring(&self) {
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }

    /// Takes the next frame of a body that comes on the driver's connection. Wakes the driver for it if there can be more.
    pub(super) fn take<B: Body + Unpin>(&self, body: &mut B, cx: &mut Context<'_>) -> Poll<Next<B>> {
        let taking = Pieces::begin();
        let polled = Pin::new(&mut *body).poll_frame(cx);
        let is_last = matches!(polled, Poll::Ready(Some(Ok(_)))) && body.is_end_stream();
        if taking.end() && !is_last {
            self.ring();
        }
        polled
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Only what happens on this thread while it takes a piece can be for the piece: nothing that the system tells is held back.
        match TAKING.get() {
            Taking::Nothing => self.ring(),
            Taking::Piece | Taking::Rung => TAKING.set(Taking::Rung),
        }
    }
}

/// The time in which a piece is taken.
struct Pieces(Taking);

impl Pieces {
    fn begin() -> Self {
        Self(TAKING.replace(Taking::Piece))
    }

    /// Whether the driver was to be woken.
    fn end(self) -> bool {
        TAKING.get() == Taking::Rung
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        TAKING.set(self.0);
    }
}

pin_project! {
    /// The driver of a connection, in a task of its own, woken by its bell.
    pub(super) struct Driven<D> {
        #[pin]
        driver: D,
        bell: Arc<Bell>,
        waker: Waker,
    }
}

impl<D> Driven<D> {
    pub(super) fn new(driver: D, bell: Arc<Bell>) -> Self {
        let waker = Waker::from(Arc::clone(&bell));
        Self { driver, bell, waker }
    }
}

impl<D: Future> Future for Driven<D> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        // A task has one waker as long as it lives.
        this.bell.task.get_or_init(|| cx.waker().clone());
        // How it ends is told to whoever waits for the reply.
        this.driver.poll(&mut Context::from_waker(this.waker)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// So many pieces, each of which wakes for the next one as hyper does, and panics when there is none left.
    struct Pieces {
        left: usize,
        waker: Waker,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = ();

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ()>>> {
            self.waker.wake_by_ref();
            self.left = self.left.checked_sub(1).expect("nothing is left");
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"piece")))))
        }

        fn is_end_stream(&self) -> bool {
            self.left == 0
        }
    }

    #[test]
    fn a_driver_is_woken_for_the_next_piece_and_not_behind_the_last_one() {
        let (bell, count) = (Arc::new(Bell::default()), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&count));
        let mut driven = Box::pin(Driven::new(std::future::pending::<()>(), Arc::clone(&bell)));
        assert!(driven.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let mut body = Pieces { left: 3, waker: driven.waker.clone() };
        let woken = || count.0.load(Ordering::Relaxed);
        let mut nobody = Context::from_waker(Waker::noop());
        for expected in [1, 2, 2] {
            assert!(bell.take(&mut body, &mut nobody).is_ready());
            assert_eq!(woken(), expected);
        }
        // Whatever else wakes it is heard, behind a panic too.
        driven.waker.wake_by_ref();
        assert_eq!(woken(), 3);
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bell.take(&mut body, &mut nobody).is_ready()));
        assert!(broken.is_err());
        driven.waker.wake_by_ref();
        assert_eq!(woken(), 4);
    }

    #[test]
    fn what_another_thread_wakes_is_heard_while_a_piece_is_taken() {
        let (bell, count) = (Arc::new(Bell::default()), Arc::new(Count::default()));
        let waker = Waker::from(Arc::clone(&count));
        let mut driven = Box::pin(Driven::new(std::future::pending::<()>(), Arc::clone(&bell)));
        assert!(driven.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        let _taking = super::Pieces::begin();
        let heard = driven.waker.clone();
        std::thread::spawn(move || heard.wake()).join().unwrap();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
    }
}
