//! Routes: what is checked, who is called, what becomes of the reply.

use std::sync::Arc;
use std::time::Duration;

use super::calls::Feeds;
use super::compiler::Compiler;
use super::{Call, Limits, Page};
use crate::check::Rules;
use crate::page::Templates;
use crate::route::Pattern;
use crate::shape::Shape;
use crate::spec::{At, CallSpec, FileSpec, RouteSpec};

/// A route of the plan.
#[derive(Debug)]
pub struct Route {
    name: Arc<str>,
    pattern: Pattern,
    rules: Rules,
    answer: Answer,
    page: Option<Page>,
    timeout: Duration,
}

/// How a route is answered.
#[derive(Debug)]
pub enum Answer {
    /// A call whose reply is decoded and shaped.
    Call {
        /// The call.
        call: Call,
        /// The member of the document that the reply becomes, when `calls` names it.
        name: Option<String>,
        /// The route's steps.
        shape: Shape,
    },
    /// Bytes through untouched.
    Proxy(Call),
}

impl Route {
    /// Methods and path as typed, for logs: `GET /detail/{id}`.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Methods and path.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// What a request must look like.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How it is answered.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// The page that a browser gets.
    pub fn page(&self) -> Option<&Page> {
        self.page.as_ref()
    }

    /// The time it may take in all.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl Compiler<'_> {
    /// A route, as far as it can be built; its pattern even when the rest is broken, so that conflicts are found too.
    pub(super) fn route(
        &mut self,
        at: &At,
        spec: &RouteSpec,
        file: &FileSpec,
        limits: &Limits,
        templates: Option<&Templates>,
    ) -> (Option<Pattern>, Option<Route>) {
        let pattern = match Pattern::parse(&spec.route) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.problem(&at.key("route"), error.to_string());
                None
            }
        };
        if pattern.as_ref().is_some_and(|pattern| pattern.path() == "/_forecourt" || pattern.path().starts_with("/_forecourt/")) {
            self.problem(&at.key("route"), "paths below /_forecourt are the gateway's own".to_owned());
        }
        // The rest is checked against a pattern without holes when the real one cannot be read: fewer holes to feed, no panic.
        let stand_in = Pattern::parse("ANY /").ok();
        let Some(pattern_or_none) = pattern.as_ref().or(stand_in.as_ref()) else { return (None, None) };
        let rules = self.input(&at.key("input"), spec.input.as_ref(), pattern_or_none, limits);
        let feeds = Feeds { pattern: pattern_or_none, input: spec.input.as_ref() };
        let page = spec.page.as_ref().map(|page| self.page(&at.key("page"), page, templates));
        let answer = self.answer(at, spec, file, &feeds);
        let default = file.defaults.as_ref().and_then(|defaults| defaults.timeout.as_ref());
        let default = self.duration(&At::root().key("defaults").key("timeout"), default, Duration::from_secs(10));
        let timeout = self.duration(&at.key("timeout"), spec.timeout.as_ref(), default);
        if timeout.is_zero() {
            self.problem(&at.key("timeout"), "no answer takes no time: write a duration above zero".to_owned());
        }
        let page = match page {
            None => Some(None),
            Some(page) => page.map(Some),
        };
        let parts = pattern.clone().zip(rules).zip(answer.zip(page));
        let route = parts.map(|((pattern, rules), (answer, page))| {
            let name = pattern.to_string().into();
            Route { name, pattern, rules, answer, page, timeout }
        });
        (pattern, route)
    }

    fn answer(&mut self, at: &At, spec: &RouteSpec, file: &FileSpec, feeds: &Feeds<'_>) -> Option<Answer> {
        let ways: Vec<&str> = [("call", spec.call.is_some()), ("calls", spec.calls.is_some()), ("proxy", spec.proxy.is_some())]
            .into_iter()
            .filter_map(|(key, there)| there.then_some(key))
            .collect();
        if let [_, second, ..] = ways.as_slice() {
            self.expected(&at.key(*second), format!("a route has one of {}", ways.join(", ")), "one way to answer");
        }
        if let Some(proxy) = &spec.proxy {
            let reads_body = spec.input.as_ref().is_some_and(|input| input.body.is_some());
            let body = at.key("input").key("body");
            for (at, key, there) in [
                (at.key("shape"), "shape", spec.shape.is_some()),
                (at.key("page"), "page", spec.page.is_some()),
                (body, "input.body", reads_body),
            ] {
                if there {
                    self.problem(&at, format!("`{key}` has no say here: `proxy` passes bytes through untouched"));
                }
            }
            return self.call(&at.key("proxy"), proxy, feeds).map(Answer::Proxy);
        }
        let shape = self.shape_of(at, spec, file);
        let (call, name) = match (&spec.call, &spec.calls) {
            (Some(call), _) => (self.call(&at.key("call"), call, feeds), None),
            (None, Some(calls)) => {
                let below = at.key("calls");
                let mut made = None;
                for (name, call) in calls {
                    let (at, text) = match call {
                        CallSpec::Short(text) => (below.key(name), text),
                        CallSpec::Long(form) => (below.key(name).key("to"), &form.to),
                    };
                    let call = self.call(&at, text, feeds);
                    made.get_or_insert((call, Some(name.clone())));
                }
                if calls.is_empty() {
                    self.expected(&below, "no calls".to_owned(), "a name and a call, as in `user: GET account:/api/me`");
                }
                made?
            }
            (None, None) => (self.forward(at), None),
        };
        Some(Answer::Call { call: call?, name, shape: shape? })
    }

    fn shape_of(&mut self, at: &At, spec: &RouteSpec, file: &FileSpec) -> Option<Shape> {
        let defaults = file.defaults.as_ref();
        let strict = spec.strict.or_else(|| defaults.and_then(|defaults| defaults.strict)).unwrap_or(false);
        let steps = match (&spec.shape, defaults.and_then(|defaults| defaults.shape.as_ref())) {
            (Some(steps), _) => self.steps(&at.key("shape"), steps),
            (None, Some(steps)) => self.steps(&At::root().key("defaults").key("shape"), steps),
            (None, None) => super::steps::default_steps(),
        };
        steps.map(|steps| Shape::new(steps, strict))
    }
}
