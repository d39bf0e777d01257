//! A page whose head leaves before its last calls are over.
//!
//! The status of a page is known once its required calls are over and a page can be made of what they brought. So one is made
//! (`rehearsing`), as if whatever is still under way had failed: its head leaves, and the rest of it is the reserve. When the last call
//! is over the page is made anew, and the rest of that leaves. When it cannot be made, or is not there in time, the reserve does. What has
//! begun as a page ends as one; only a panic, which is the connection's to catch, cuts it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant as Clock;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, ETAG, IF_NONE_MATCH, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, Method, Response};
use tokio::sync::oneshot;

use super::answer::Incoming;
use super::begun::{Begun, Late};
use super::edge::{Later, RequestId, Trace};
use super::keeping::tell;
use super::nonce::Nonce;
use super::{Body, Gateway};
use crate::cache::Status;
use crate::page;
use crate::plan::{Page, Route};
use crate::upstream::Tally;

/// What the cache says of an answer that left before it was whole.
const DETAIL: &str = "early-head";

/// Among the extensions of a request: its page may begin before it is whole.
#[derive(Debug, Clone)]
pub(super) struct Early(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Every making of one page has the same, for their pieces are put together.
    nonce: Nonce,
    stage: Mutex<Stage>,
}

#[derive(Debug)]
enum Stage {
    /// Nothing has left.
    Waiting(oneshot::Sender<Start>),
    /// The head has, with so many cookies.
    Begun { head: Bytes, cookies: usize, rest: oneshot::Sender<Bytes> },
    /// Nothing more is wanted.
    Over,
}

/// A page that begins: its answer without a body, and what of the body leaves at once, later, or in its place.
#[derive(Debug)]
struct Start {
    response: Response<()>,
    head: Bytes,
    rest: oneshot::Receiver<Bytes>,
    reserve: Bytes,
}

/// Whether a request may be answered with a page that begins early. One that knows a page already may be told that it is still the same,
/// and HEAD has no body to wait for.
pub(super) fn may_be(route: &Route, parts: &Parts) -> bool {
    route.page().is_some_and(Page::early_head) && parts.method == Method::GET && !parts.headers.contains_key(IF_NONE_MATCH)
}

impl Early {
    fn new() -> (Self, oneshot::Receiver<Start>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Arc::new(Shared { nonce: Nonce::new(), stage: Mutex::new(Stage::Waiting(sender)) })), receiver)
    }

    /// The nonce of the page.
    pub(super) fn nonce(&self) -> Nonce {
        self.0.nonce.clone()
    }

    /// Whether somebody waits for the page to begin.
    pub(super) fn is_awaited(&self) -> bool {
        matches!(&*self.stage(), Stage::Waiting(begin) if !begin.is_closed())
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page begins with the head of this one, and ends with the rest of it if no other comes.
    ///
    /// # Errors
    /// Its head has no end.
    pub(super) fn begin(&self, response: Response<Body>) -> Result<(), &'static str> {
        let (head, reserve) = split(&response).ok_or("it has no `</head>`")?;
        let (mut parts, _) = response.into_parts();
        for name in [ETAG, CONTENT_LENGTH] {
            parts.headers.remove(name);
        }
        let (sender, rest) = oneshot::channel();
        let begun = Stage::Begun { head: head.clone(), cookies: cookies(&parts.headers), rest: sender };
        let mut stage = self.stage();
        // With a cache it may be made twice at a time: the first one that can begin does.
        if matches!(&*stage, Stage::Waiting(_))
            && let Stage::Waiting(begin) = std::mem::replace(&mut *stage, begun)
        {
            // Who waited for it may have left.
            let _left = begin.send(Start { response: Response::from_parts(parts, ()), head, rest, reserve });
        }
        Ok(())
    }

    /// The page is whole: what of it has not left, leaves.
    pub(super) fn end(&self, parts: &Parts, response: &Response<Body>) {
        let Stage::Begun { head: left, cookies: set, rest } = std::mem::replace(&mut *self.stage(), Stage::Over) else { return };
        let Some((head, tail)) = split(response) else { return };
        let id = id(parts);
        if head != left {
            tracing::warn!(request_id = id, "the head of a page depends on a call that came after it had left");
        }
        if cookies(response.headers()) > set {
            tracing::warn!(request_id = id, "cookies of a call that came after the head had left are not set");
        }
        // Who waited for it may have left.
        let _left = rest.send(tail);
    }
}

/// The head of a page, and what comes behind it.
fn split(response: &Response<Body>) -> Option<(Bytes, Bytes)> {
    let body = response.body().whole()?;
    let end = page::end_of_head(std::str::from_utf8(body).ok()?)?;
    Some((body.slice(..end), body.slice(end..)))
}

fn id(parts: &Parts) -> &str {
    parts.extensions.get::<RequestId>().map_or("", RequestId::as_str)
}

fn cookies(headers: &HeaderMap) -> usize {
    headers.get_all(SET_COOKIE).iter().count()
}

impl Gateway {
    /// The answer of a route whose pages begin early: whole when it is there at once, else its head, and the rest as it comes.
    pub(super) async fn early<B: Incoming>(
        &self,
        route: &Arc<Route>,
        parts: &Parts,
        body: B,
        holes: Vec<(String, String)>,
        trace: &mut Trace,
    ) -> Response<Body> {
        let (early, mut begins) = Early::new();
        let request = id(parts).to_owned();
        let (gateway, asked, mut parts) = (self.clone(), Arc::clone(route), parts.clone());
        parts.extensions.insert(early);
        let (later, started) = (Later::awaited(), Clock::now());
        let told = later.clone();
        let mut work = Box::pin(async move {
            let mut trace = Trace { route: Some(Arc::clone(asked.name())), ..Trace::default() };
            let answered = gateway.routed(&asked, &parts, body, holes, &mut trace).await;
            let response = answered.unwrap_or_else(|fault| gateway.faulted(&parts, &fault, &mut trace));
            trace.calls = parts.extensions.get::<Tally>().map(Tally::calls).unwrap_or_default();
            told.tell(&trace);
            (response, trace)
        });
        let start = tokio::select! {
            // What is whole by now leaves whole.
            biased;
            (response, whole) = &mut work => {
                *trace = whole;
                return response;
            }
            Ok(start) = &mut begins => start,
        };
        let Start { response, head, rest, reserve } = start;
        let work = Box::pin(async move { drop(work.await) });
        let late = Late { work, rest, reserve, route: Arc::clone(route.name()), request };
        let mut response = response.map(|()| Begun::new(head, late).into());
        (trace.upstream, trace.later) = (started.elapsed(), later);
        if route.caching().is_some() {
            tell(&mut response, Status::Miss { stale: false, stored: false, collapsed: false, detail: Some(DETAIL) }, trace);
        }
        response
    }
}
