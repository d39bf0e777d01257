//! Routes: what is checked, who is called, what becomes of the reply.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::compiler::Compiler;
use super::feeds::Feeds;
use super::templates::Shelf;
use super::{Caching, Call, Limits, NamedCall, Page};
use crate::check::Rules;
use crate::route::{MOST_HOLES, Methods, Pattern, PatternError};
use crate::shape::{Fused, Shape};
use crate::spec::{At, CacheSpec, FileSpec, InputSpec, PageSpec, Problem, RouteSpec, Switchable};
use crate::upstream::Repeat;

/// A route of the plan.
#[derive(Debug)]
pub struct Route {
    name: Arc<str>,
    pattern: Pattern,
    rules: Rules,
    answer: Answer,
    fused: Option<Fused>,
    page: Option<Page>,
    caching: Option<Caching>,
    timeout: Duration,
    in_flight: Option<usize>,
    compresses: bool,
}

/// How a route is answered.
#[derive(Debug)]
pub enum Answer {
    /// A call whose reply is decoded and shaped.
    Call {
        /// The call.
        call: Call,
        /// The route's steps.
        shape: Shape,
    },
    /// Several calls, whose results become one document that is shaped.
    Calls {
        /// The calls, in the order of the file.
        calls: Vec<NamedCall>,
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

    /// What becomes of a reply, from the envelope to the last step, in its fast form; none for a proxy.
    pub fn fused(&self) -> Option<&Fused> {
        self.fused.as_ref()
    }

    /// Above how many bytes a reply is shaped while it comes.
    ///
    /// # Errors
    /// Why it has to be whole, whatever its size.
    pub fn streams(&self) -> Result<u64, &'static str> {
        if self.caching().is_some() {
            return Err("its answers are kept");
        }
        match (&self.answer, &self.fused) {
            (Answer::Call { call, .. }, Some(fused)) => {
                fused.streams()?;
                call.backend().decode().streams()?;
                Ok(call.backend().stream_above())
            }
            (Answer::Calls { .. }, _) => Err("several replies become one document"),
            _ => Err("it is not shaped"),
        }
    }

    /// The page that a browser gets.
    pub fn page(&self) -> Option<&Page> {
        self.page.as_ref()
    }

    /// For how long its replies are kept, if they are.
    pub fn caching(&self) -> Option<&Caching> {
        self.caching.as_ref()
    }

    /// The time it may take in all.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether its answers leave in a content coding that the client takes.
    pub fn compresses(&self) -> bool {
        self.compresses
    }

    /// How many of its requests a worker answers at once, when it has a limit of its own.
    pub fn in_flight(&self) -> Option<usize> {
        self.in_flight
    }
}

/// What every route starts from, as far as it could be read.
pub(super) struct Defaults<'s> {
    file: &'s FileSpec,
    timeout: Duration,
    strict: bool,
    compress: bool,
}

impl<'s> Defaults<'s> {
    /// How replies are kept.
    fn cache(&self) -> Option<&'s CacheSpec> {
        self.file.defaults.as_ref().and_then(|defaults| defaults.cache.as_ref())
    }
}

/// Whether the calls of a route can be made twice.
fn repeat(spec: &RouteSpec) -> Repeat {
    match spec.retry {
        None => Repeat::ByMethod,
        Some(true) => Repeat::Always,
        Some(false) => Repeat::Never,
    }
}

/// All that is done to a reply, as one list of steps.
fn fused(answer: &Answer) -> Option<Fused> {
    let Answer::Call { call, shape } = answer else { return None };
    let envelope = call.backend().envelope().map_or(&[][..], Shape::steps);
    Some(Fused::new(envelope.iter().chain(shape.steps())))
}

impl Compiler<'_> {
    /// What every route starts from. The steps are compiled anew for every route that takes them; here only their problems count.
    pub(super) fn defaults<'f>(&mut self, file: &'f FileSpec) -> Defaults<'f> {
        let at = At::root().key("defaults");
        let spec = file.defaults.as_ref();
        if let Some(steps) = spec.and_then(|spec| spec.shape.as_ref()) {
            self.steps(&at.key("shape"), steps);
        }
        if let Some(cache) = spec.and_then(|spec| spec.cache.as_ref()) {
            self.shared_cache(&at.key("cache"), cache);
        }
        let timeout = spec.and_then(|spec| spec.timeout.as_ref());
        let timeout = self.limit(&at.key("timeout"), timeout, Duration::from_secs(10));
        Defaults {
            file,
            timeout,
            strict: spec.and_then(|spec| spec.strict).unwrap_or(false),
            compress: spec.and_then(|spec| spec.compress).unwrap_or(true),
        }
    }

    /// A route, as far as it can be built; its pattern even when the rest is broken, so that conflicts are found too.
    pub(super) fn route(
        &mut self,
        at: &At,
        spec: &RouteSpec,
        defaults: &Defaults<'_>,
        limits: &Limits,
        templates: &Shelf,
    ) -> (Option<Pattern>, Option<Route>) {
        let pattern = self.pattern(&at.key("route"), &spec.route);
        let none = InputSpec::default();
        let input = spec.input.as_ref().unwrap_or(&none);
        let rules = self.input(&at.key("input"), input, pattern.as_ref(), limits);
        let feeds = Feeds { at, pattern: pattern.as_ref(), input, calls: None, is_each: false, repeat: repeat(spec) };
        let page = match &spec.page {
            Some(page) if spec.proxy.is_none() => self.page(&at.key("page"), page, defaults.file, templates, &feeds).map(Some),
            _ => Some(None),
        };
        let answer = self.answer(at, spec, defaults, &feeds);
        let caching = self.caching(&at.key("cache"), spec, defaults.cache(), pattern.as_ref(), &feeds);
        let timeout = self.limit(&at.key("timeout"), spec.timeout.as_ref(), defaults.timeout);
        if let (Some(PageSpec::Long(form)), Some(Some(page)), Some(caching)) = (&spec.page, &page, &caching) {
            self.idle_deadline(&at.key("page"), form, page, caching.as_ref(), timeout);
        }
        if let (Some(PageSpec::Long(form)), Some(answer)) = (&spec.page, &answer) {
            self.idle_early_head(&at.key("page"), form, answer);
        }
        if let (Some(PageSpec::Long(form)), Some(pattern)) = (&spec.page, &pattern) {
            self.unheard_hints(&at.key("page"), form, pattern);
        }
        if spec.in_flight == Some(0) {
            self.expected(&at.key("in_flight"), "0 would refuse every request".to_owned(), "1 or more");
        }
        let parts = pattern.clone().zip(rules).zip(answer.zip(page).zip(caching));
        let route = parts.map(|((pattern, rules), ((answer, page), caching))| {
            let name = pattern.to_string().into();
            let fused = fused(&answer);
            let compresses = spec.compress.unwrap_or(defaults.compress);
            Route { name, pattern, rules, answer, fused, page, caching, timeout, in_flight: spec.in_flight, compresses }
        });
        (pattern, route)
    }

    fn answer(&mut self, at: &At, spec: &RouteSpec, defaults: &Defaults<'_>, feeds: &Feeds<'_>) -> Option<Answer> {
        let ways = [("call", spec.call.is_some()), ("calls", spec.calls.is_some()), ("proxy", spec.proxy.is_some())];
        let mut given = ways.into_iter().filter_map(|(key, there)| there.then_some(key));
        if let (Some(first), Some(second)) = (given.next(), given.next()) {
            self.push(
                Problem::new(at.key(second), format!("`{second}` is a second way to answer beside `{first}`"))
                    .at_key()
                    .expected("one of: call, calls, proxy"),
            );
            return None;
        }
        if let Some(proxy) = &spec.proxy {
            self.silent_beside_proxy(at, spec);
            return self.call(&at.key("proxy"), proxy, feeds).map(Answer::Proxy);
        }
        let shape = self.shape_of(at, spec, defaults);
        let call = match (&spec.call, &spec.calls) {
            (Some(call), _) => self.call(&at.key("call"), call, feeds),
            (None, Some(calls)) => {
                let strict = spec.strict.unwrap_or(defaults.strict);
                let calls = self.named_calls(&at.key("calls"), calls, feeds, strict);
                return Some(Answer::Calls { calls: calls?, shape: shape? });
            }
            (None, None) => self.forward(at, feeds.repeat),
        };
        Some(Answer::Call { call: call?, shape: shape? })
    }

    /// Keys that have no say beside `proxy`.
    fn silent_beside_proxy(&mut self, at: &At, spec: &RouteSpec) {
        let reads_body = spec.input.as_ref().is_some_and(|input| input.body.is_some());
        for (at, there) in [
            (at.key("shape"), spec.shape.is_some()),
            (at.key("page"), spec.page.is_some()),
            (at.key("cache"), spec.cache.as_ref().is_some_and(|cache| !matches!(cache, Switchable::Switch(false)))),
            (at.key("strict"), spec.strict.is_some()),
            (at.key("compress"), spec.compress.is_some()),
            (at.key("input").key("body"), reads_body),
        ] {
            if there {
                let key = at.last().unwrap_or_default();
                let problem =
                    Problem::new(&at, format!("`{key}` has no say here: `proxy` passes bytes through untouched")).at_key();
                self.push(problem.hint(format!("remove `{key}`, or write `call` instead of `proxy`")));
            }
        }
    }

    fn shape_of(&mut self, at: &At, spec: &RouteSpec, defaults: &Defaults<'_>) -> Option<Shape> {
        let strict = spec.strict.unwrap_or(defaults.strict);
        let shared = defaults.file.defaults.as_ref().and_then(|defaults| defaults.shape.as_ref());
        let steps = match (&spec.shape, shared) {
            (Some(steps), _) => self.steps(&at.key("shape"), steps),
            (None, Some(steps)) => self.steps(&At::root().key("defaults").key("shape"), steps),
            (None, None) => super::steps::default_steps(),
        };
        steps.map(|steps| Shape::new(steps, strict))
    }

    fn pattern(&mut self, at: &At, text: &str) -> Option<Pattern> {
        let error = match Pattern::parse(text) {
            Ok(pattern) => {
                let path = pattern.path();
                if path == "/_forecourt" || path.starts_with("/_forecourt/") {
                    let problem = Problem::new(at, "paths below `/_forecourt` are the gateway's own").part(path);
                    self.push(problem.expected("another path"));
                }
                return Some(pattern);
            }
            Err(error) => error,
        };
        let message = error.to_string();
        let problem = Problem::new(at, &message);
        let methods = || Methods::known().iter().map(Method::as_str);
        self.push(match &error {
            PatternError::Words => match text.split_whitespace().collect::<Vec<_>>().as_slice() {
                [path] if path.starts_with('/') => problem.hint(format!("name the method in front: `GET {path}`")),
                [methods @ .., path] if path.starts_with('/') && methods.iter().all(|word| is_method(word)) => {
                    let methods: Vec<&str> =
                        methods.iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty()).collect();
                    problem
                        .hint(format!("several methods have commas and no blanks between them: `{} {path}`", methods.join(",")))
                }
                [_, first, .., last] if first.starts_with('/') && last.starts_with('/') => {
                    problem.hint("a route has one path: write a route for each, or a hole, as in `/{name}`")
                }
                _ => problem,
            },
            PatternError::Method(word) => {
                let known = format!("one or more of: {}; or ANY", methods().collect::<Vec<_>>().join(", "));
                let problem = problem.part(word).expected(known).did_you_mean(word, methods().chain(["ANY"]));
                let several: Vec<&str> = word.split(['|', '/', '+', ';']).collect();
                if several.len() > 1 { problem.hint(format!("write `{}`", several.join(","))) } else { problem }
            }
            PatternError::Name(name) if name.contains([':', '<', '(']) => {
                problem.part(name).hint("what the hole may hold is a rule: `input: {path: {id: {type: integer}}}`")
            }
            PatternError::Twice(method) => problem.last_part(method.as_str()),
            PatternError::Slash(path) => match path.split_once("://") {
                Some((_, rest)) => {
                    let path = rest.split_once('/').map_or("", |(_, path)| path);
                    problem.part(rest).hint(format!("a route has a path and no host: write `/{path}`"))
                }
                None => problem.part(path).hint(format!("write `/{path}`")),
            },
            PatternError::Again(name) => problem.last_part(format!("{{{name}}}")).expected("a name of its own for each hole"),
            PatternError::TooMany(_) => {
                let last = text.rsplit('/').find(|segment| segment.starts_with('{')).unwrap_or_default();
                problem.last_part(last).expected(format!("at most {MOST_HOLES} holes"))
            }
            PatternError::RestFirst(name) => problem.part(format!("{{*{name}}}")),
            PatternError::Hole(part) | PatternError::Name(part) => problem.part(part),
            PatternError::Foreign { typed, .. } => problem.part(typed),
            PatternError::Escape(part) => problem.part(part),
            PatternError::Segment(part) if part.is_empty() => {
                Problem::new(at, "the path has two slashes in a row, which no request has").part("//").expected("one slash")
            }
            PatternError::Segment(part) => problem.part(format!("/{part}/")).expected("names alone between slashes"),
            PatternError::Character(c) => {
                let escaped: String = c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
                problem.part(*c).hint(format!("write {escaped}"))
            }
            PatternError::Query(c) => problem.part(*c),
        });
        None
    }
}

/// Whether a word is a method, perhaps with a comma beside it.
fn is_method(word: &str) -> bool {
    word.split(',').filter(|word| !word.is_empty()).all(|word| Methods::known().iter().any(|method| method.as_str() == word))
}
