//! Between answers and what is kept: whether an answer may be, what it is then, and how it is given out again.

use std::sync::{Arc, Mutex, PoisonError};

use http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, IF_NONE_MATCH, PRAGMA, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tokio::time::Instant;

use super::compressing::is_known;
use super::edge::Trace;
use super::gathered::PARTIAL;
use super::nonce::{self, Nonce};
use super::reply::{set_control, vary_on};
use super::{Body, fetching, showing};
use crate::cache::{Entry, Label, Obey, Refusal, Said, Status, TagKey, Times};
use crate::plan::Caching;

/// Among the extensions of a request whose answer may be kept: what the replies behind it say about that.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Option<Said>>>);

impl Heard {
    /// Hears one reply.
    pub(super) fn add(&self, headers: &HeaderMap) {
        let said = Said::of(headers);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *all {
            Some(all) => all.add(said),
            None => *all = Some(said),
        }
    }

    /// What all of them said; none when there was no reply.
    pub(super) fn said(&self) -> Option<Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What an answer is to others than the client that it was made for.
pub(super) enum Worth {
    /// Good for all with the same key, for so long.
    Kept(Entry),
    /// Good for all who asked at the same time, and then no more; with the reason.
    Shared(Entry, &'static str),
    /// Nothing; with the reason, and whether the next answer will be for one client alone too.
    Alone(Response<Body>, &'static str, bool),
}

/// Judges an answer.
pub(super) fn judge(
    response: Response<Body>,
    caching: &Caching,
    key: &TagKey,
    said: Option<&Said>,
    mut label: Label,
    now: Instant,
) -> Worth {
    // Nobody has said that it may be kept: no call was made for it.
    let Some(said) = said else { return Worth::Alone(response, "no-reply", false) };
    let Some(body) = response.body().whole().cloned() else { return Worth::Alone(response, "streamed", true) };
    if response.headers().contains_key(SET_COOKIE) {
        let mut response = response;
        if response.headers().get(CONTENT_TYPE) == Some(&showing::HTML) {
            showing::control_for_one(response.headers_mut());
        }
        return Worth::Alone(response, Refusal::SetCookie.word(), true);
    }
    let times = caching.rules().times(said);
    if let Err(refusal) = times
        && refusal > Refusal::NoTime
    {
        return Worth::Alone(response, refusal.word(), true);
    }
    label.tags.extend(said.tags().iter().cloned());
    let (mut parts, _) = response.into_parts();
    nonce::forget(&mut parts.headers);
    let nonce = parts.extensions.remove::<Nonce>();
    if let Some(nonce) = &nonce {
        nonce.keep(&mut parts.headers);
    }
    let never = Times { fresh: Default::default(), swr: Default::default(), stale_if_error: Default::default() };
    let entry = |headers, times| Entry::new(parts.status, headers, &body, label, times, said, now);
    match times {
        Err(refusal) => Worth::Shared(entry(parts.headers, never), refusal.word()),
        Ok(_) if parts.status != StatusCode::OK => Worth::Shared(entry(parts.headers, never), "status"),
        Ok(_) if parts.headers.contains_key(PARTIAL) => Worth::Shared(entry(parts.headers, never), fetching::PARTIAL),
        Ok(times) => Worth::Kept(entry(kept_head(parts.headers, caching, key, said, &body, nonce.as_ref()), times)),
    }
}

/// The head of an answer that is kept: with a strong tag, and with the word that whoever keeps it further on shall ask here every time, for
/// here it may be dropped by name.
fn kept_head(
    mut headers: HeaderMap,
    caching: &Caching,
    key: &TagKey,
    said: &Said,
    body: &[u8],
    nonce: Option<&Nonce>,
) -> HeaderMap {
    let content_type = headers.get(CONTENT_TYPE);
    let tag = nonce.map_or_else(|| key.tag(content_type, [body]), |nonce| nonce.tag(key, content_type, body));
    headers.insert(ETAG, tag);
    // An answer of several calls has no word of theirs, but what every answer has that says nothing else.
    let is_own = headers.get(CACHE_CONTROL).is_none_or(|control| control == "no-store");
    if is_own || caching.rules().obey != Obey::All || !said.has_lifetime() {
        let control = if caching.is_personal() { "private, no-cache" } else { "no-cache" };
        set_control(&mut headers, control);
        headers.remove(EXPIRES);
        headers.remove(PRAGMA);
    }
    let names: Vec<&str> = caching.headers().iter().map(http::HeaderName::as_str).collect();
    vary_on(&mut headers, &names);
    headers
}

/// Gives an entry to a client: all of it, or the word that the client has it already.
pub(super) fn give(entry: &Entry, parts: &Parts, now: Instant, status: Status, trace: &mut Trace) -> Response<Body> {
    let has_it =
        parts.headers.contains_key(IF_NONE_MATCH) && entry.headers.get(ETAG).is_some_and(|tag| is_known(&parts.headers, tag));
    let mut response = if has_it {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.headers_mut() = entry.head_without_body(now);
        nonce::leave_out(response.headers_mut());
        response
    } else {
        let mut headers = entry.head(now);
        let (body, nonce) = nonce::renew(&mut headers, &entry.body);
        let mut response = Response::new(Body::full(body));
        if let Some(nonce) = nonce {
            response.extensions_mut().insert(nonce);
        }
        *response.status_mut() = entry.status;
        *response.headers_mut() = headers;
        response
    };
    // Straight from the upstream, an answer has the age that it came with, if any.
    if matches!(status, Status::Miss { .. }) && response.headers().get(AGE).is_some_and(|age| age == "0") {
        response.headers_mut().remove(AGE);
    }
    say(&mut response, status, entry.says(status), trace);
    response
}

/// Says what the cache did.
pub(super) fn tell(response: &mut Response<Body>, status: Status, trace: &mut Trace) {
    say(response, status, status.header(), trace);
}

fn say(response: &mut Response<Body>, status: Status, value: HeaderValue, trace: &mut Trace) {
    response.headers_mut().append(Status::NAME, value);
    trace.cache = Some(status.word());
}
