//! Calls: `[METHOD] upstream:/path`, with every hole fed.

use std::sync::Arc;

use http::Method;

use super::Backend;
use super::compiler::Compiler;
use crate::base::hole::{Hole, Part, Template};
use crate::base::suggest;
use crate::route::{Methods, Pattern};
use crate::spec::{At, InputSpec};

/// One request to a backend.
#[derive(Debug)]
pub struct Call {
    backend: Arc<Backend>,
    method: MethodChoice,
    target: Option<Template>,
    rest: Option<String>,
}

/// Which method a call is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MethodChoice {
    /// The request's own; HEAD asks with GET.
    AsRequested,
    /// This one.
    Fixed(Method),
}

impl Call {
    /// Whom it asks.
    pub fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// With which method.
    pub fn method(&self) -> &MethodChoice {
        &self.method
    }

    /// Path and query with their holes; none when the request's own go upstream.
    pub fn target(&self) -> Option<&Template> {
        self.target.as_ref()
    }

    /// The hole of the route's path that takes its rest, slashes included.
    pub fn rest(&self) -> Option<&str> {
        self.rest.as_deref()
    }

    /// Whether the call writes a query of its own. One that does not sends the request's.
    pub fn has_query(&self) -> bool {
        let asks = |part: &Part| matches!(part, Part::Text(text) if text.contains('?'));
        self.target.as_ref().is_some_and(|target| target.parts().iter().any(asks))
    }
}

/// What may fill the holes of a route's calls.
pub(super) struct Feeds<'s> {
    pub(super) pattern: &'s Pattern,
    pub(super) input: Option<&'s InputSpec>,
}

impl Compiler<'_> {
    /// A call as written under `call`, `calls` or `proxy`.
    pub(super) fn call(&mut self, at: &At, text: &str, feeds: &Feeds<'_>) -> Option<Call> {
        let mut words = text.split_whitespace();
        let (first, second, more) = (words.next()?, words.next(), words.next());
        let (method, address) = match second {
            None => (None, first),
            Some(address) => (Some(first), address),
        };
        let Some((name, path)) = address.split_once(':').filter(|(_, path)| path.starts_with('/') && more.is_none()) else {
            self.expected(
                at,
                format!("`{text}` is not a call"),
                "`[METHOD] upstream:/path`, as in GET shop:/api/items/{path.id}",
            );
            return None;
        };
        let method = match method {
            None => MethodChoice::AsRequested,
            Some(word) => match Methods::known().iter().find(|known| known.as_str() == word) {
                Some(known) => MethodChoice::Fixed(known.clone()),
                None => {
                    self.expected(at, format!("`{word}` is not a method"), "GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS");
                    return None;
                }
            },
        };
        let target = match Template::parse(path) {
            Ok(target) => Some(target),
            Err(error) => {
                self.problem(at, error.to_string());
                None
            }
        };
        for hole in target.iter().flat_map(Template::holes) {
            self.fed(at, hole, feeds);
        }
        let backend = self.backend_named(at, name);
        Some(Call { backend: backend?, method, target: Some(target?), rest: feeds.pattern.rest().map(ToOwned::to_owned) })
    }

    /// The call of a route that writes none: the request as it came, to the only upstream.
    pub(super) fn forward(&mut self, at: &At) -> Option<Call> {
        let (names, backends) = self.upstreams();
        match (names.len(), backends.as_slice()) {
            (0, _) => {
                self.expected(at, "there is no upstream to answer this route".to_owned(), "an upstream under `upstreams`");
                None
            }
            (1, [backend]) => {
                Some(Call { backend: Arc::clone(backend), method: MethodChoice::AsRequested, target: None, rest: None })
            }
            (1, _) => None,
            (_, _) => {
                let names = names.join(", ");
                self.expected(
                    at,
                    "this route does not say which upstream it calls".to_owned(),
                    &format!("`call: [METHOD] upstream:/path`, the upstream one of {names}"),
                );
                None
            }
        }
    }

    fn backend_named(&mut self, at: &At, name: &str) -> Option<Arc<Backend>> {
        let (names, backends) = self.upstreams();
        if let Some(found) = backends.iter().find(|backend| backend.upstream().name() == name) {
            return Some(Arc::clone(found));
        }
        if names.iter().all(|known| known != name) {
            let known = names.join(", ");
            let hint = suggest(name, names.iter().map(String::as_str)).map(ToOwned::to_owned);
            self.unknown(at, format!("there is no upstream `{name}`"), &format!("one of: {known}"), hint);
        }
        None
    }

    /// A hole that nothing feeds would be an empty text at run time: refused here.
    fn fed(&mut self, at: &At, hole: &Hole, feeds: &Feeds<'_>) {
        let name = hole.path().first().map(String::as_str);
        let in_input = |known: &mut dyn Iterator<Item = &String>| {
            let known: Vec<String> = known.cloned().collect();
            let fed = name.is_some_and(|name| known.iter().any(|one| one.eq_ignore_ascii_case(name)));
            (fed, known)
        };
        let none = InputSpec::default();
        let input = feeds.input.unwrap_or(&none);
        let (fed, known, place) = match hole.source() {
            "path" => {
                let (fed, known) = in_input(&mut feeds.pattern.holes().iter());
                (fed, known, "the route's path")
            }
            "query" => {
                let (fed, known) = in_input(&mut input.query.keys());
                (fed, known, "`input.query`")
            }
            "headers" => {
                let (fed, known) = in_input(&mut input.headers.keys());
                (fed, known, "`input.headers`")
            }
            "body" if input.body.is_some() && name.is_some() => return,
            "body" => {
                self.expected(
                    at,
                    format!("nothing feeds the hole {hole}"),
                    "a schema under `input.body`, and a member's name in the hole",
                );
                return;
            }
            source => {
                let sources = ["path", "query", "headers", "body"];
                let hint = suggest(source, sources).map(ToOwned::to_owned);
                self.unknown(at, format!("nothing feeds the hole {hole}"), "path., query., headers. or body.", hint);
                return;
            }
        };
        let plain = hole.path().len() == 1;
        if !fed || !plain {
            let hint = name
                .and_then(|name| suggest(name, known.iter().map(String::as_str)))
                .map(|near| format!("{{{}.{near}}}", hole.source()));
            let there = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
            self.unknown(at, format!("nothing feeds the hole {hole}"), &format!("a name from {place}, which has {there}"), hint);
        }
    }
}
