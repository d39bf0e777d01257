//! The body of a request between the connection, which reads it, and the service, which asks for it: one piece at a time.
//!
//! The two are of one task mostly, and then need not wake each other: who hands over goes on to the other in the same turn. A service
//! that gives the body to another task is woken there.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};

/// What a body ends with when its connection does.
const CUT: &str = "connection closed before message completed";

/// The connection's end.
#[derive(Debug)]
pub(super) struct Feed {
    shared: Arc<Shared>,
    /// The client waits to be told that the body is wanted.
    expects: bool,
}

/// The service's end.
#[derive(Debug)]
pub(in crate::server) struct Upload {
    shared: Arc<Shared>,
    /// What is still to come, if that was said.
    left: Option<u64>,
}

#[derive(Debug, Default)]
struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// What was read and is not taken.
    piece: Option<Bytes>,
    end: Option<End>,
    /// The service has asked at least once.
    asked: bool,
    /// Nobody will ask again.
    left: bool,
    reader: Option<Waker>,
    feeder: Option<Waker>,
}

#[derive(Debug)]
enum End {
    Whole(Option<HeaderMap>),
    Broken(String),
    Told,
}

/// What the service wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    More,
    /// More, and the client is to be told so first.
    Begin,
    /// Nothing now. The connection is woken when that changes.
    Later,
    /// Nothing any more.
    Never,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes who waits, unless that is the task that is at work here: it looks again itself.
fn wake(waiting: &mut Option<Waker>, cx: &Context<'_>) {
    if let Some(waiting) = waiting.take().filter(|waiting| !waiting.will_wake(cx.waker())) {
        waiting.wake();
    }
}

/// Remembers whom to wake.
fn wait(waiting: &mut Option<Waker>, cx: &Context<'_>) {
    match waiting {
        Some(waiting) => waiting.clone_from(cx.waker()),
        None => *waiting = Some(cx.waker().clone()),
    }
}

impl Feed {
    /// A body that was announced with `length` bytes, or in chunks.
    pub(super) fn new(length: Option<u64>, expects: bool) -> (Self, Upload) {
        let shared = Arc::<Shared>::default();
        (Self { shared: Arc::clone(&shared), expects }, Upload { shared, left: length })
    }

    pub(super) fn wish(&mut self, cx: &Context<'_>) -> Wish {
        let mut state = self.shared.state();
        if state.left {
            return Wish::Never;
        }
        wait(&mut state.feeder, cx);
        if state.piece.is_some() || (self.expects && !state.asked) {
            return Wish::Later;
        }
        if std::mem::take(&mut self.expects) { Wish::Begin } else { Wish::More }
    }

    /// Whether nobody will ask for more.
    pub(super) fn is_left(&self) -> bool {
        self.shared.state().left
    }

    pub(super) fn give(&mut self, piece: Bytes, cx: &Context<'_>) {
        let mut state = self.shared.state();
        if !state.left {
            state.piece = Some(piece);
            wake(&mut state.reader, cx);
        }
    }

    /// Nothing comes behind what was given.
    pub(super) fn end(self, trailers: Option<HeaderMap>, cx: &Context<'_>) {
        self.close(End::Whole(trailers), cx);
    }

    /// What comes behind what was given is lost.
    pub(super) fn fail(self, reason: String, cx: &Context<'_>) {
        self.close(End::Broken(reason), cx);
    }

    fn close(self, end: End, cx: &Context<'_>) {
        let mut state = self.shared.state();
        state.end = Some(end);
        wake(&mut state.reader, cx);
    }
}

/// A body never ends as if whole because its connection did.
impl Drop for Feed {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if state.end.is_none() {
            state.end = Some(End::Broken(CUT.to_owned()));
            if let Some(reader) = state.reader.take() {
                reader.wake();
            }
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        let this = &mut *self;
        let mut state = this.shared.state();
        let piece = state.piece.take();
        if piece.is_none()
            && let Some(end) = &mut state.end
        {
            return Poll::Ready(match std::mem::replace(end, End::Told) {
                End::Whole(trailers) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
                End::Broken(reason) => Some(Err(reason)),
                End::Told => None,
            });
        }
        state.asked = true;
        wake(&mut state.feeder, cx);
        match piece {
            Some(piece) => {
                this.left = this.left.map(|left| left.saturating_sub(piece.len() as u64));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            None => {
                wait(&mut state.reader, cx);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        (state.left, state.piece) = (true, None);
        if let Some(feeder) = state.feeder.take() {
            feeder.wake();
        }
    }
}
