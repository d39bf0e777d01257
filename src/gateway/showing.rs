//! From a shaped document to its page: on the loop while it is quick, else aside.

use std::sync::Arc;
use std::time::Instant as Clock;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, ETAG, LINK, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use tokio::time::Instant;

use super::accept::Form;
use super::answer::around;
use super::aside::ON_LOOP;
use super::compressing::is_known;
use super::early::Early;
use super::edge::{RequestId, Trace};
use super::fault::Fault;
use super::fragment::{self, Wanted};
use super::keeping::Heard;
use super::nonce::{self, Nonce};
use super::paper::Paper;
use super::reply::{respond, set_control, vary_on};
use super::{Body, Gateway};
use crate::cache::directs;
use crate::check::Input;
use crate::json::Node;
use crate::page;
use crate::plan::{Page, Route};

/// The type of every page.
pub(super) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// What a page can see of its request, and until when it is of use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit<'v> {
    pub(super) parts: &'v Parts,
    pub(super) params: &'v [(String, Node<'static>)],
    pub(super) query: &'v [(String, Node<'static>)],
    pub(super) deadline: Instant,
    /// Whether others wait while it is worked on.
    on_loop: bool,
}

/// The same, on its way to another thread.
#[derive(Debug)]
pub(super) struct Away {
    parts: Parts,
    params: Vec<(String, Node<'static>)>,
    query: Vec<(String, Node<'static>)>,
    deadline: Instant,
}

/// What a document has become.
pub(super) enum Composed {
    /// The answer.
    Answer(Response<Body>),
    /// A page that takes long.
    Slow(Box<Sheet>),
}

/// A page that is made aside, and all that it is made of.
pub(super) struct Sheet {
    gateway: Gateway,
    route: Arc<Route>,
    paper: Paper<'static>,
    head: HeaderMap,
    block: Option<String>,
    away: Away,
}

impl<'v> Visit<'v> {
    pub(super) fn new(parts: &'v Parts, input: &'v Input<'_>, deadline: Instant) -> Self {
        Self { parts, params: &input.path, query: &input.query, deadline, on_loop: true }
    }

    /// The id of the request.
    fn id(&self) -> &'v str {
        self.parts.extensions.get::<RequestId>().map_or("", RequestId::as_str)
    }

    pub(super) fn away(&self) -> Away {
        Away { parts: self.parts.clone(), params: self.params.to_vec(), query: self.query.to_vec(), deadline: self.deadline }
    }
}

impl Away {
    pub(super) fn visit(&self) -> Visit<'_> {
        Visit { parts: &self.parts, params: &self.params, query: &self.query, deadline: self.deadline, on_loop: false }
    }
}

impl Gateway {
    /// The page of a route with a document.
    pub(super) fn show(
        &self,
        route: &Arc<Route>,
        page: &Page,
        paper: Paper<'_>,
        head: HeaderMap,
        wanted: &Wanted,
        visit: &Visit<'_>,
    ) -> Result<Composed, Fault> {
        if paper.has_nothing(page.required())? {
            return Err(Fault::NoData);
        }
        let block = wanted.block.as_deref();
        let deadline = visit.deadline.into_std();
        let began = Clock::now();
        let until = if visit.on_loop { deadline.min(began + ON_LOOP) } else { deadline };
        if !visit.on_loop || !self.aside.is_slow(route.name()) {
            let nonce = self.nonce(visit);
            let shown = self.shown(route, page, &paper, block, visit, nonce.as_ref(), until);
            self.aside.took(route.name(), began.elapsed());
            match shown {
                Err(Fault::Page(page::Error::Engine)) => {}
                Err(Fault::Page(page::Error::Deadline)) if until < deadline => {}
                Err(fault) => return Err(fault),
                Ok(html) => {
                    let is_whole = block.is_none();
                    return Ok(Composed::Answer(self.dressed(route, page, html, is_whole, head, nonce, visit)));
                }
            }
        }
        Ok(Composed::Slow(Box::new(Sheet {
            gateway: self.clone(),
            route: Arc::clone(route),
            paper: paper.into_owned(),
            head,
            block: wanted.block.clone(),
            away: visit.away(),
        })))
    }

    /// Waits for a page that is made aside.
    pub(super) async fn composed(&self, composed: Composed, trace: &Trace) -> Result<Response<Body>, Fault> {
        match composed {
            Composed::Answer(response) => Ok(response),
            Composed::Slow(sheet) => {
                tracing::debug!(route = trace.route.as_deref(), "a page is made beside the event loop");
                // In a box, for its size: few requests need it.
                Box::pin(self.aside.run(sheet.away.deadline, move || sheet.show())).await?
            }
        }
    }

    /// The nonce of a page, if the pages have a policy.
    fn nonce(&self, visit: &Visit<'_>) -> Option<Nonce> {
        let early = visit.parts.extensions.get::<Early>();
        self.plan.csp().map(|_| early.map_or_else(Nonce::new, Early::nonce))
    }

    /// The markup of a page, or of one block of it.
    #[expect(
        clippy::too_many_arguments,
        reason = "the straight line hands on what it has; a struct of all would only rename them"
    )]
    fn shown(
        &self,
        route: &Route,
        page: &Page,
        paper: &Paper<'_>,
        block: Option<&str>,
        visit: &Visit<'_>,
        nonce: Option<&Nonce>,
        until: Clock,
    ) -> Result<String, Fault> {
        let id = visit.id();
        let mut around = around(self.plan.origin(), visit.parts, id, Some(route.name()), visit.params, visit.query);
        (around.deadline, around.on_loop) = (Some(until), visit.on_loop);
        around.nonce = nonce.map_or("", Nonce::as_str);
        let shown = paper.shown(self.plan.templates(), page.view(), block, &around)?;
        for warning in &shown.warnings {
            tracing::warn!(request_id = id, route = &**route.name(), "{warning}");
        }
        Ok(shown.html)
    }

    /// The answer with a page: what its head says of it.
    #[expect(
        clippy::too_many_arguments,
        reason = "the straight line hands on what it has; a struct of all would only rename them"
    )]
    fn dressed(
        &self,
        route: &Route,
        page: &Page,
        html: String,
        is_whole: bool,
        mut head: HeaderMap,
        nonce: Option<Nonce>,
        visit: &Visit<'_>,
    ) -> Response<Body> {
        vary_on(&mut head, &fragment::vary(page, self.plan.templates()));
        nonce::forget(&mut head);
        if let (Some(csp), Some(nonce)) = (self.plan.csp(), &nonce) {
            head.insert(csp.name(), csp.value(nonce.as_str()));
        }
        let links = if is_whole { page::links(&html) } else { None };
        if let Some(Ok(links)) = links.map(HeaderValue::try_from) {
            head.append(LINK, links);
        }
        let is_kept = visit.parts.extensions.get::<Heard>().is_some();
        if !is_kept && route.caching().is_none_or(|_| is_signed_in(visit.parts, &head)) {
            control(visit.parts, &mut head);
        }
        let body = Bytes::from(html.into_bytes());
        if page.status() == StatusCode::OK && !is_kept && is_worth_a_tag(&head) {
            let tag = match &nonce {
                Some(nonce) => nonce.tag(self.plan.tag_key(), Some(&HTML), &body),
                None => self.plan.tag_key().tag(Some(&HTML), [&body[..]]),
            };
            let is_known = is_known(&visit.parts.headers, &tag);
            head.insert(ETAG, tag);
            if is_known && matches!(visit.parts.method, Method::GET | Method::HEAD) {
                nonce::leave_out(&mut head);
                return respond(StatusCode::NOT_MODIFIED, head, None);
            }
        }
        let mut response = respond(page.status(), head, Some(("text/html; charset=utf-8", Body::full(body))));
        if let Some(nonce) = nonce {
            response.extensions_mut().insert(nonce);
        }
        response
    }
}

/// Whether a page is made for somebody in particular, as far as it can be told.
fn is_signed_in(parts: &Parts, head: &HeaderMap) -> bool {
    parts.headers.contains_key(AUTHORIZATION) || parts.headers.contains_key(COOKIE) || head.contains_key(SET_COOKIE)
}

/// Says who may keep a page: what the backend says holds, but for somebody's own page, unless it is public by the backend's own word.
/// Without a word of the backend's a browser may keep it and asks every time whether it is still the same.
fn control(parts: &Parts, head: &mut HeaderMap) {
    if is_signed_in(parts, head) {
        control_for_one(head);
    } else {
        head.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    }
}

/// Says that a page is somebody's own and nobody's to keep, unless the backend has called it public.
pub(super) fn control_for_one(head: &mut HeaderMap) {
    if !directs(head, "public") {
        set_control(head, "private, no-store");
    }
}

/// Whether anybody may keep a page, to ask for it by its tag.
fn is_worth_a_tag(head: &HeaderMap) -> bool {
    head.contains_key(CACHE_CONTROL) && !directs(head, "no-store")
}

impl Sheet {
    fn show(self) -> Result<Response<Body>, Fault> {
        let Self { gateway, route, paper, head, block, away } = self;
        let wanted = Wanted { form: Form::Html, block };
        let page = route.page().ok_or(Fault::NoData)?;
        match gateway.show(&route, page, paper, head, &wanted, &away.visit())? {
            Composed::Answer(response) => Ok(response),
            // Aside, a page has until its deadline.
            Composed::Slow(_) => Err(Fault::Late),
        }
    }
}
