//! Calls: `[METHOD] upstream:/path`.

use std::sync::Arc;

use http::Method;

use super::Backend;
use super::compiler::Compiler;
use super::feeds::Feeds;
use super::words::one_of;
use crate::base::hole::{HoleError, Part, Template};
use crate::route::Methods;
use crate::spec::{At, Problem};
use crate::upstream::Repeat;

/// One request to a backend.
#[derive(Debug)]
pub struct Call {
    backend: Arc<Backend>,
    method: MethodChoice,
    target: Option<Template>,
    rest: Option<String>,
    repeat: Repeat,
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

    /// Whether it can be made twice.
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// Whether the call writes a query of its own. One that does not sends the request's.
    pub fn has_query(&self) -> bool {
        let asks = |part: &Part| matches!(part, Part::Text(text) if text.contains('?'));
        self.target.as_ref().is_some_and(|target| target.parts().iter().any(asks))
    }
}

const CALL: &str = "`[METHOD] upstream:/path`, as in GET shop:/api/items/{path.id}";

impl Compiler<'_> {
    /// A call as written under `call`, `calls` or `proxy`.
    pub(super) fn call(&mut self, at: &At, text: &str, feeds: &Feeds<'_>) -> Option<Call> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (method, address) = match words.as_slice() {
            [address] => (None, *address),
            [method, address] => (Some(*method), *address),
            words => {
                self.no_call(at, text, words.get(1).copied().filter(|word| word.contains(":/")));
                return None;
            }
        };
        let Some((name, path)) = address.split_once(':').filter(|(_, path)| path.starts_with('/')) else {
            self.no_call(at, text, Some(address));
            return None;
        };
        if path.starts_with("//") {
            let (message, origin) = ("a call names an upstream, not an address", self.example_name());
            self.push(
                Problem::new(at, message)
                    .part(address)
                    .expected(CALL)
                    .hint(format!("put the address under `upstreams`, and write `{origin}:/path` here")),
            );
            return None;
        }
        let method = match method {
            None => Some(MethodChoice::AsRequested),
            Some(word) => self.method(at, word),
        };
        let target = self.target_of(at, path);
        self.foreign_hole(at, path, feeds);
        for hole in target.iter().flat_map(Template::holes) {
            self.fed(at, hole, feeds);
        }
        let backend = self.backend_named(at, name, address);
        let rest = feeds.pattern.and_then(|pattern| pattern.rest()).map(ToOwned::to_owned);
        Some(Call { backend: backend?, method: method?, target: Some(target?), rest, repeat: feeds.repeat })
    }

    /// A hole as other routers write it, which would be sent as it is: `/items/:id`.
    fn foreign_hole(&mut self, at: &At, path: &str, feeds: &Feeds<'_>) {
        let path = path.split('?').next().unwrap_or_default();
        let holes = feeds.pattern.map(|pattern| pattern.holes()).unwrap_or_default();
        for segment in path.split('/') {
            if let Some(name) = segment.strip_prefix(':').filter(|name| holes.iter().any(|hole| hole == name)) {
                let problem = Problem::new(at, format!("`{segment}` is how other routers write a hole")).part(segment);
                self.push(problem.hint(format!("write `{{path.{name}}}`")));
            }
        }
    }

    /// The call of a route that writes none: the request as it came, to the only upstream.
    pub(super) fn forward(&mut self, at: &At, repeat: Repeat) -> Option<Call> {
        match (self.names(), self.backends()) {
            ([_], [backend]) => {
                let backend = Arc::clone(backend);
                Some(Call { backend, method: MethodChoice::AsRequested, target: None, rest: None, repeat })
            }
            // No upstream, or a broken one: that was told.
            ([] | [_], _) => None,
            (names, _) => {
                let expected = format!("`call: [METHOD] upstream:/path`, the upstream {}", one_of(names));
                self.expected(&at.key("call"), "this route does not say which upstream it calls".to_owned(), &expected);
                None
            }
        }
    }

    /// A text that is no call; `address` is what stands where the upstream and the path should.
    fn no_call(&mut self, at: &At, text: &str, address: Option<&str>) {
        let shown = self.source().shown(at).unwrap_or(text);
        let message = if shown.trim().is_empty() { "the call is empty".to_owned() } else { format!("`{shown}` is not a call") };
        let name = self.example_name();
        let hint = match address {
            Some(_) if text.contains("{{") => Some("a hole has single braces and no blanks: `{path.id}`".to_owned()),
            Some(address) if address.contains(":/") => Some("write %20 for a space".to_owned()),
            Some(path) if path.starts_with('/') => Some(format!("name the upstream in front: `{name}:{path}`")),
            Some(address) => match address.split_once([':', '/']) {
                Some((name, path)) => Some(format!("write `{name}:/{path}`")),
                None => Some(format!("name the upstream and the path: `{name}:/path`")),
            },
            None => None,
        };
        let problem = Problem::new(at, message).expected(CALL);
        self.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    /// The name of an upstream that an example may have.
    fn example_name(&self) -> String {
        self.names().first().map_or("shop", String::as_str).to_owned()
    }

    fn method(&mut self, at: &At, word: &str) -> Option<MethodChoice> {
        let known = Methods::known().iter().find(|known| known.as_str() == word);
        if known.is_none() {
            let names: Vec<&str> = Methods::known().iter().map(Method::as_str).collect();
            self.push(
                Problem::new(at, format!("`{word}` is not a method of a call"))
                    .part(word)
                    .expected(one_of(&names))
                    .did_you_mean(word, names),
            );
        }
        known.cloned().map(MethodChoice::Fixed)
    }

    pub(super) fn target_of(&mut self, at: &At, path: &str) -> Option<Template> {
        let from = |column: usize| path.chars().skip(column.saturating_sub(1)).collect::<String>();
        let template = match Template::parse(path) {
            Ok(template) => template,
            Err(HoleError::Unclosed(column)) => {
                let message = "this hole is never closed";
                self.push(Problem::new(at, message).part(from(column)).hint("add `}`, or write `{{` for a brace"));
                return None;
            }
            Err(HoleError::Stray(column)) => {
                self.push(Problem::new(at, "this `}` closes nothing").part(from(column)).hint("write `}}` for a brace"));
                return None;
            }
            Err(HoleError::Empty(column)) => {
                let rest = from(column);
                let hole = rest.split_inclusive('}').next().unwrap_or_default();
                self.push(
                    Problem::new(at, format!("the hole `{hole}` has an empty name"))
                        .part(hole)
                        .hint("write one such as {path.id}"),
                );
                return None;
            }
        };
        for source in ["path", "query", "headers", "body"] {
            let twice = path.find(&format!("{{{{{source}.")).and_then(|start| path.get(start..));
            if let Some(hole) = twice.and_then(|rest| Some(rest.split_once("}}")?.0.trim_start_matches('{'))) {
                let problem = Problem::new(at, format!("`{{{{{hole}}}}}` is the text {{{hole}}}, and no hole"));
                self.push(problem.part(format!("{{{{{hole}}}}}")).hint(format!("write {{{hole}}}")));
                return None;
            }
        }
        let odd = |c: &char| !c.is_ascii_graphic() || *c == '#';
        let text = template.parts().iter().find_map(|part| match part {
            Part::Text(text) => text.chars().find(odd),
            Part::Hole(_) => None,
        });
        match text {
            None => return Some(template),
            Some('#') => {
                let problem = Problem::new(at, "the call has a `#`, and what comes after it is never sent").part("#");
                self.push(problem.hint("write %23 for the character"));
            }
            Some(c) => {
                let escaped: String = c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
                let message = format!("the call has the character `{c}`, which no request line carries");
                self.push(Problem::new(at, message).part(c).hint(format!("write it percent-encoded: {escaped}")));
            }
        }
        None
    }

    fn backend_named(&mut self, at: &At, name: &str, address: &str) -> Option<Arc<Backend>> {
        let found = self.backends().iter().find(|backend| backend.upstream().name() == name);
        if found.is_some() {
            return found.cloned();
        }
        let names: Vec<String> = self.names().to_vec();
        let place = At::root().key("upstreams").key(name);
        let is_told = names.is_empty() || self.source().has(&place) || self.source().in_doubt(&place);
        if !is_told {
            self.push(
                Problem::new(at, format!("there is no upstream `{name}`"))
                    .part_in(address, name)
                    .expected(one_of(&names))
                    .did_you_mean(name, names.iter().map(String::as_str)),
            );
        }
        None
    }
}
