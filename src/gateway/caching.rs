//! A request of a route with a cache: what its answer depends on, and whether one is there.

use http::header::{AUTHORIZATION, COOKIE, HOST};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method, Response, Uri};
use std::ops::Range;
use std::sync::Arc;
use tokio::task::yield_now;

use super::accept::Form;
use super::answer::{Incoming, Task, checked};
use super::calling::host;
use super::degrading::deadline;
use super::edge::{Interim, Peer, Trace};
use super::fetching::Fetch;
use super::fragment::Wanted;
use super::hinting::hint;
use super::keeping::{give, tell};
use super::shedding::Term;
use super::{Body, Gateway};
use crate::base::moment;
use crate::cache::{Failing, Found, Key, Standing, Status};
use crate::plan::{Caching, Route};

/// What reaches the upstream of every request, whatever tells replies apart: it names the request and changes no reply.
const TRACING: [&str; 3] = ["x-request-id", "traceparent", "tracestate"];

impl Gateway {
    /// The answer of a route whose answers are kept.
    #[expect(
        clippy::too_many_arguments,
        reason = "the straight line hands on what it has; a struct of all would only rename them"
    )]
    pub(super) async fn through_cache<B: Incoming>(
        &self,
        route: &Arc<Route>,
        caching: &Caching,
        parts: &Parts,
        body: B,
        holes: Vec<(String, String)>,
        wanted: Wanted,
        trace: &mut Trace,
    ) -> Response<Body> {
        if let Some(status) = past(caching, parts, !http_body::Body::is_end_stream(&body)) {
            let bare = (status != Status::Method).then(|| with_query(parts, &address(caching, parts)));
            let asked = bare.as_ref().unwrap_or(parts);
            // What a cache has no part in is not boxed for it: this is a future as large as a request's.
            let term = Term { time: self.time(route, &wanted), place: None };
            let task = Task { route, parts: asked, holes: &holes, wanted: &wanted, term };
            let answered = Box::pin(self.answered(task, body, trace)).await;
            let mut response = answered.unwrap_or_else(|fault| self.faulted(parts, &fault, trace));
            tell(&mut response, status, trace);
            return response;
        }
        let question = Question::of(route, caching, parts, &wanted);
        let now = moment::now();
        let found = self.kept.find(&question.text, now);
        let (deadline, time) = (deadline(route, &wanted), self.time(route, &wanted));
        // Here, for what brings it knows no client. What breaks a rule is told so without any call.
        let is_at_hand = match &found {
            Found::Kept(_, Standing::Fresh | Standing::Revalidate) => true,
            Found::Kept(entry, Standing::OnError) => entry.failing(now) != Failing::No,
            _ => false,
        };
        if !is_at_hand && hint(route, parts, &wanted, || checked(route, parts, &holes, &[]).is_ok()) {
            yield_now().await;
        }
        let fetch = || {
            let address = question.address();
            Fetch {
                gateway: self.clone(),
                route: Arc::clone(route),
                asked: for_all(caching, parts, &address),
                holes,
                wanted,
                key: Key::new(question.text),
                address,
                began: now,
                time: route.timeout(),
            }
        };
        match found {
            Found::Kept(entry, Standing::Fresh) => give(&entry, parts, now, Status::Hit { ttl: entry.ttl(now) }, trace),
            Found::Kept(entry, Standing::Revalidate) => {
                if entry.failing(now) != Failing::LetBe {
                    fetch().behind(Some(Arc::clone(&entry)));
                }
                give(&entry, parts, now, Status::Revalidating { ttl: entry.ttl(now) }, trace)
            }
            Found::Kept(entry, Standing::OnError) if entry.failing(now) != Failing::No => {
                if entry.failing(now) == Failing::AskAgain {
                    fetch().behind(Some(Arc::clone(&entry)));
                }
                give(&entry, parts, now, Status::StaleOnError { ttl: entry.ttl(now) }, trace)
            }
            Found::Alone => Box::pin(Fetch { time, ..fetch() }.alone(parts, None, trace)).await,
            found => {
                let stale = if let Found::Kept(entry, _) = found { Some(entry) } else { None };
                match deadline {
                    Some(deadline) => Box::pin(fetch().by(deadline, parts, stale, trace)).await,
                    None => Box::pin(fetch().together(parts, stale, trace)).await,
                }
            }
        }
    }
}

/// Why a request is nothing to the cache, if it is not.
fn past(caching: &Caching, parts: &Parts, has_body: bool) -> Option<Status> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return Some(Status::Method);
    }
    let of_person = |name: HeaderName| parts.headers.contains_key(&name) && !caching.headers().contains(&name);
    if of_person(AUTHORIZATION) {
        Some(Status::Bypass("authorization"))
    } else if of_person(COOKIE) {
        Some(Status::Bypass("cookie"))
    } else {
        has_body.then_some(Status::Bypass("body"))
    }
}

/// Path and query, without what tells no replies apart.
fn address(caching: &Caching, parts: &Parts) -> String {
    let mut address = Vec::new();
    write_address(caching, parts, &mut address);
    text(&address)
}

fn write_address(caching: &Caching, parts: &Parts, text: &mut Vec<u8>) {
    text.extend_from_slice(parts.uri.path().as_bytes());
    let query = caching.query(parts.uri.query().unwrap_or_default());
    if !query.is_empty() {
        text.push(b'?');
        text.extend_from_slice(query.as_bytes());
    }
}

/// What was written as text is text.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What is looked for in the cache. Most of the time it is there, so no key is made of it before it is not.
struct Question {
    /// Everything that an answer of this route can depend on: what else a request says does not reach the upstream. No part can hold what
    /// separates it from the next one.
    text: Vec<u8>,
    /// Where in it path and query stand.
    address: Range<usize>,
}

impl Question {
    fn of(route: &Route, caching: &Caching, parts: &Parts, wanted: &Wanted) -> Self {
        let path = parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
        let mut text = Vec::with_capacity(route.name().len() + path + 128);
        text.extend_from_slice(route.name().as_bytes());
        text.extend_from_slice(match wanted.form {
            Form::Json => b"\njson\n",
            Form::Html => b"\nhtml\n",
        });
        // A page and a block without a name are two things.
        if let Some(block) = &wanted.block {
            text.push(b'#');
            text.extend_from_slice(block.as_bytes());
        }
        // The upstream is told which host was asked for and how, and may make links of it.
        let is_secure = parts.extensions.get::<Peer>().is_some_and(|peer| peer.secure);
        text.extend_from_slice(if is_secure { b"\nhttps\n" } else { b"\nhttp\n" });
        text.extend(host(parts).unwrap_or_default().bytes().map(|byte| byte.to_ascii_lowercase()));
        text.push(b'\n');
        let from = text.len();
        write_address(caching, parts, &mut text);
        let address = from..text.len();
        text.push(b'\n');
        for name in caching.headers() {
            for value in parts.headers.get_all(name) {
                text.extend_from_slice(value.as_bytes());
                text.push(0);
            }
            text.push(b'\n');
        }
        Self { text, address }
    }

    /// Path and query, as the answer is called.
    fn address(&self) -> String {
        text(self.text.get(self.address.clone()).unwrap_or_default())
    }
}

/// The request as it is made for all with the same key: nothing of it speaks of one client, but for the name of the request and the
/// address that backends log.
fn for_all(caching: &Caching, parts: &Parts, address: &str) -> Parts {
    let mut asked = with_query(parts, address);
    asked.method = Method::GET;
    let mut headers = HeaderMap::new();
    let told_apart = caching.headers().iter().cloned();
    for name in told_apart.chain([HOST]).chain(TRACING.map(HeaderName::from_static)) {
        for value in parts.headers.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    asked.headers = headers;
    asked.extensions.remove::<Interim>();
    asked
}

fn with_query(parts: &Parts, address: &str) -> Parts {
    let mut parts = parts.clone();
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    // Pieces of an address that was parsed parse again.
    uri.path_and_query = PathAndQuery::try_from(address).ok();
    parts.uri = Uri::from_parts(uri).unwrap_or_default();
    parts
}
