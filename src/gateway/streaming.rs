//! A large reply, shaped while it comes.
//!
//! Until the first byte may leave, everything can still be answered otherwise: by the reference form, or by a fault. From then on the
//! client's connection is cut when something goes wrong, so that nothing looks whole that is not. Nobody reads from the upstream what
//! the client does not take.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::accept::Form;
use super::body::Broken;
use super::edge::{Later, Trace};
use super::fault::Fault;
use super::fragment::Wanted;
use super::{Body, Gateway};
use crate::json::decode::Opening;
use crate::plan::{Call, Route};
use crate::shape::{Shape, Stream};
use crate::upstream::{Growing, Reply, Rest, Tally, headers};

/// How much of a reply is shaped at once, so that no buffer becomes much larger.
const PIECE: usize = 64 << 10;

/// How much of a reply is held while the envelope has not told how it went.
const UNDECIDED: usize = 8 << 20;

/// What became of a large reply.
pub(super) enum Started {
    /// It leaves.
    Answer(Response<Body>),
    /// It has to be answered as a whole.
    Whole(Reply),
}

impl Gateway {
    /// Above how many bytes the reply of a route need not be whole.
    pub(super) fn streams_above(&self, route: &Route, wanted: &Wanted) -> Option<u64> {
        let is_page = route.page().is_some() && wanted.form == Form::Html;
        route.streams().ok().filter(|_| !is_page)
    }

    /// Begins the answer with a reply that is still under way.
    pub(super) async fn stream(
        &self,
        route: &Route,
        call: &Call,
        shape: &Shape,
        mut growing: Box<Growing>,
        parts: &Parts,
        trace: &mut Trace,
    ) -> Result<Started, Fault> {
        let (decode, above) = (call.backend().decode(), call.backend().stream_above());
        let failed = |error| self.failed(call, error);
        let mut fed = loop {
            let content_type = growing.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            match decode.opening(growing.at(0), content_type) {
                Opening::Document(at) => break at,
                Opening::Unclear if growing.lengthen().await.map_err(failed)? => {}
                Opening::Unclear | Opening::Other => return growing.whole().await.map(Started::Whole).map_err(failed),
            }
        };
        let stream = route.fused().and_then(|fused| fused.stream(shape.is_strict(), decode.depth()));
        let Some(mut stream) = stream else { return growing.whole().await.map(Started::Whole).map_err(failed) };
        // What is wrong up to the threshold is a fault, however much came at once.
        while (fed as u64) < above || !stream.is_ready() {
            if growing.at(fed).is_empty() && growing.more().await.map_err(failed)? {
                continue;
            }
            let came = growing.at(fed);
            let piece = came.get(..came.len().min(PIECE)).unwrap_or_default();
            if piece.is_empty() || stream.push(piece).is_err() {
                return growing.whole().await.map(Started::Whole).map_err(failed);
            }
            fed += piece.len();
            if stream.is_undecided() && fed > UNDECIDED {
                return Err(undecided(call));
            }
        }
        let (status, head) = (growing.status, headers::for_new_body(&growing.headers));
        let told = Told { trace: trace.clone(), calls: parts.extensions.get().cloned(), later: Later::awaited() };
        trace.later = told.later.clone();
        let (rest, route_name) = (growing.into_rest(fed), Arc::clone(route.name()));
        let shaped = Shaped { stream, came: Bytes::new(), rest, over: false, route: route_name, told };
        Ok(Started::Answer(self.json(route, status, head, Body::from(shaped))))
    }
}

fn undecided(call: &Call) -> Fault {
    let reason = format!("its envelope tells how it went only after more than {} MiB of payload", UNDECIDED >> 20);
    Fault::Contract { upstream: call.backend().upstream().name().to_owned(), code: "upstream_undecided", reason }
}

/// An answer that is shaped while its reply comes.
#[derive(Debug)]
pub(super) struct Shaped {
    stream: Stream,
    /// What came and is not shaped yet.
    came: Bytes,
    rest: Rest,
    over: bool,
    route: Arc<str>,
    told: Told,
}

/// What the access log is told of it at its end.
#[derive(Debug)]
struct Told {
    trace: Trace,
    calls: Option<Tally>,
    later: Later,
}

impl Told {
    fn tell(&mut self, warnings: usize, code: Option<&'static str>) {
        self.trace.warnings = u32::try_from(warnings).unwrap_or(u32::MAX);
        self.trace.code = code.map(Into::into);
        self.trace.calls = self.calls.as_ref().map(Tally::calls).unwrap_or_default();
        self.later.tell(&self.trace);
    }
}

impl Drop for Shaped {
    fn drop(&mut self) {
        // Of one that nobody wanted to its end, what there was to say so far.
        self.told.tell(self.stream.warnings(), None);
    }
}

impl Shaped {
    /// Nothing is left of it.
    pub(super) fn is_over(&self) -> bool {
        self.over && !self.stream.is_ready()
    }

    /// The next bytes of the answer; none at the end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        loop {
            if self.stream.is_ready() {
                return Poll::Ready(Some(Ok(Bytes::from(self.stream.take()))));
            }
            if self.over {
                return Poll::Ready(None);
            }
            let done = if self.came.is_empty() {
                match self.rest.poll_next(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Err(error))) => Err(Broken::Upstream(error)),
                    Poll::Ready(Some(Ok(piece))) => {
                        self.came = piece;
                        continue;
                    }
                    Poll::Ready(None) => {
                        self.over = true;
                        self.stream.finish().map_err(Broken::Reply)
                    }
                }
            } else {
                let piece = self.came.split_to(self.came.len().min(PIECE));
                self.stream.push(&piece).map_err(Broken::Reply)
            };
            if let Err(broken) = done {
                self.over = true;
                self.told.tell(self.stream.warnings(), Some(broken.code()));
                return Poll::Ready(Some(Err(broken)));
            }
            if self.over {
                for text in self.stream.notes() {
                    tracing::debug!(route = &*self.route, "{text}");
                }
                self.told.tell(self.stream.warnings(), None);
            }
        }
    }
}
