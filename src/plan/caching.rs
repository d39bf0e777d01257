//! `cache`: for how long a route's replies are kept, and what tells them apart.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderName, Method, header};
use percent_encoding::percent_decode_str;

use super::compiler::Compiler;
use super::feeds::Feeds;
use super::words::which_has;
use crate::base::hole::{Part, Template};
use crate::cache::{Obey, Rules};
use crate::route::{Methods, Pattern};
use crate::spec::{At, CacheSpec, CoalesceSpec, InputSpec, ObeySpec, Problem, RouteSpec, Switchable, UnknownQuerySpec};

/// How long a stale reply is given out while a new one is fetched, and while the upstream fails.
const SWR: Duration = Duration::from_secs(10);
const STALE_IF_ERROR: Duration = Duration::from_secs(300);

/// For how long the replies of a route are kept, and what tells them apart.
#[derive(Debug)]
pub struct Caching {
    rules: Rules,
    query: Option<Vec<String>>,
    headers: Vec<HeaderName>,
    tags: Vec<Template>,
    of_machine: bool,
}

impl Caching {
    /// Whether equal requests of all workers share a call, and not those of one alone.
    pub fn is_of_machine(&self) -> bool {
        self.of_machine
    }

    /// For how long.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The headers that tell replies apart: those of `vary` and those that have a rule. No other one reaches the upstream.
    pub fn headers(&self) -> &[HeaderName] {
        &self.headers
    }

    /// Whether replies are told apart by who asks.
    pub fn is_personal(&self) -> bool {
        self.headers.iter().any(is_of_person)
    }

    /// A query without what tells no replies apart, in the order of the list; as it came when all of it does.
    pub fn query<'q>(&self, raw: &'q str) -> Cow<'q, str> {
        let Some(names) = &self.query else { return Cow::Borrowed(raw) };
        let pairs: Vec<(String, &str)> = raw.split('&').map(|pair| (name(pair), pair)).collect();
        let listed = names.iter().flat_map(|name| pairs.iter().filter(move |(known, _)| known == name));
        Cow::Owned(listed.map(|(_, pair)| *pair).collect::<Vec<_>>().join("&"))
    }

    /// The tags of a reply, by what the holes of the route's path stand for.
    pub fn tags(&self, holes: &[(String, String)]) -> Vec<String> {
        let value = |name: &str| holes.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
        let tag = |template: &Template| {
            let texts = template.parts().iter().map(|part| match part {
                Part::Text(text) => text,
                Part::Hole(hole) => hole.path().first().map_or("", |name| value(name)),
            });
            texts.collect()
        };
        self.tags.iter().map(tag).collect()
    }
}

fn is_of_person(name: &HeaderName) -> bool {
    matches!(*name, header::COOKIE | header::AUTHORIZATION)
}

/// The name of a pair of a query. What is no text is the name of nothing that a list could have.
fn name(pair: &str) -> String {
    let raw = pair.split('=').next().unwrap_or_default().replace('+', " ");
    percent_decode_str(&raw).decode_utf8().map_or_else(|_| String::new(), Cow::into_owned)
}

impl Compiler<'_> {
    /// What is kept of a route's replies; the outer `None` when that cannot be built. `shared` is what a route without a word of its own
    /// starts from, if it takes GET and is no proxy: it is for all that can use it, so it goes by what their rules need.
    pub(super) fn caching(
        &mut self,
        at: &At,
        route: &RouteSpec,
        shared: Option<&CacheSpec>,
        pattern: Option<&Pattern>,
        feeds: &Feeds<'_>,
    ) -> Option<Option<Caching>> {
        if route.proxy.is_some() {
            return Some(None);
        }
        let takes_get = pattern.is_none_or(|pattern| takes_get(pattern.methods()));
        if !takes_get && matches!(route.cache, Some(Switchable::Set(_) | Switchable::Switch(true))) {
            let problem = Problem::new(at, "`cache` has no say here: only replies to GET are kept").at_key();
            self.push(problem.hint("remove `cache`, or let the route take GET"));
        }
        let shared = shared.map(|spec| (At::root().key("defaults").key("cache"), spec));
        let (at, spec, is_shared) = match (&route.cache, shared) {
            (Some(Switchable::Set(spec)), _) => (at.clone(), spec, false),
            (Some(Switchable::Switch(true)), Some((at, spec))) => (at, spec, true),
            (None, Some((at, spec))) if takes_get => (at, spec, true),
            (Some(Switchable::Switch(true)), None) => {
                let problem = Problem::new(at, "nothing says how long a reply is fresh");
                self.push(problem.hint("write `cache: {ttl: 30s}`, or add `cache` to `defaults`"));
                return None;
            }
            (Some(Switchable::Switch(false)) | None, _) => return Some(None),
        };
        let (obey, ttl) = self.freshness(&at, spec);
        let headers = self.told_apart_by(&at.key("vary"), spec, &route.input);
        let (swr, stale_if_error) = self.stale(&at, spec, headers.iter().any(is_of_person), is_shared);
        let query = self.listed(&at.key("query"), spec, route.input.as_ref(), is_shared);
        let tags = self.tags(&at.key("tags"), spec, feeds);
        let of_machine = spec.coalesce == Some(CoalesceSpec::Machine);
        Some(Some(Caching { rules: Rules { obey, ttl, swr, stale_if_error }, query, headers, tags: tags?, of_machine }))
    }

    /// What routes start from: its problems are told though no route takes it.
    pub(super) fn shared_cache(&mut self, at: &At, spec: &CacheSpec) {
        let _found_again = (self.freshness(at, spec), self.told_apart_by(&at.key("vary"), spec, &None));
        let _found_again = (self.stale(at, spec, false, true), self.listed(&at.key("query"), spec, None, true));
    }

    /// Whose word counts, and how long a reply is fresh.
    fn freshness(&mut self, at: &At, spec: &CacheSpec) -> (Obey, Option<Duration>) {
        let obey = match spec.obey {
            Some(ObeySpec::Private) => Obey::Private,
            None | Some(ObeySpec::Refusals) => Obey::Refusals,
            Some(ObeySpec::All) => Obey::All,
        };
        let ttl = spec.ttl.as_ref().map(|text| self.limit(&at.key("ttl"), Some(text), Duration::from_secs(1)));
        if ttl.is_none() && obey != Obey::All {
            let problem = Problem::new(at, "nothing says how long a reply is fresh").at_key();
            self.push(problem.hint("add `ttl`, as in `ttl: 30s`, or `obey: all` when the upstream says so itself"));
        }
        (obey, ttl)
    }

    /// How long stale replies are given out. Those that are told apart by who asks never are, whatever all routes start from.
    fn stale(&mut self, at: &At, spec: &CacheSpec, is_personal: bool, is_shared: bool) -> (Duration, Duration) {
        if !is_personal {
            let swr = self.duration(&at.key("swr"), spec.swr.as_ref(), SWR);
            return (swr, self.duration(&at.key("stale_if_error"), spec.stale_if_error.as_ref(), STALE_IF_ERROR));
        }
        for (key, text) in [("swr", &spec.swr), ("stale_if_error", &spec.stale_if_error)] {
            let at = at.key(key);
            if !is_shared && !self.duration(&at, text.as_ref(), Duration::ZERO).is_zero() {
                let message = format!("`{key}` has no say here: what is told apart by who asks is never given out stale");
                self.push(Problem::new(&at, message).at_key().hint(format!("remove `{key}`")));
            }
        }
        (Duration::ZERO, Duration::ZERO)
    }

    fn told_apart_by(&mut self, at: &At, spec: &CacheSpec, input: &Option<InputSpec>) -> Vec<HeaderName> {
        let mut headers: Vec<HeaderName> = Vec::new();
        for (index, text) in spec.vary.iter().flatten().enumerate() {
            match HeaderName::from_bytes(text.as_bytes()) {
                Ok(name) if text != "*" && !headers.contains(&name) => headers.push(name),
                Ok(_) if text != "*" => {
                    self.problem(&at.index(index), format!("the header `{text}` is in this list already"));
                }
                _ => self.expected(&at.index(index), format!("`{text}` cannot name a header"), "a name such as accept-language"),
            }
        }
        // A name that is none was told where the rules are.
        let ruled = input.iter().flat_map(|input| input.headers.keys());
        for name in ruled.filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok()) {
            if !headers.contains(&name) {
                headers.push(name);
            }
        }
        headers
    }

    /// The parameters that tell replies apart; none for all that the route takes. A rule for one that would be dropped is a slip; a list
    /// that all routes start from goes on with those that a route has rules for.
    fn listed(&mut self, at: &At, spec: &CacheSpec, input: Option<&InputSpec>, is_shared: bool) -> Option<Vec<String>> {
        let ruled: Vec<&String> = input.iter().flat_map(|input| input.query.keys()).collect();
        let unknown = input.and_then(|input| input.unknown_query);
        let Some(names) = &spec.query else {
            return (unknown == Some(UnknownQuerySpec::Drop)).then(|| ruled.into_iter().cloned().collect());
        };
        for (index, name) in names.iter().enumerate() {
            if names.iter().take(index).any(|known| known == name) {
                self.problem(&at.index(index), format!("the parameter `{name}` is in this list already"));
            }
        }
        let missing = || ruled.iter().copied().filter(|name| !names.contains(name));
        for name in missing().filter(|_| !is_shared) {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            let message = format!("`{name}` has a rule, but is not in this list, {}: it would be dropped", which_has(&known));
            self.push(Problem::new(at, message).at_key().hint(format!("add `{name}`, or take its rule out")));
        }
        // What is unknown is refused by its rule, which must see it.
        (unknown != Some(UnknownQuerySpec::Reject)).then(|| names.iter().chain(missing()).cloned().collect())
    }

    fn tags(&mut self, at: &At, spec: &CacheSpec, feeds: &Feeds<'_>) -> Option<Vec<Template>> {
        let mut tags = Vec::new();
        for (index, text) in spec.tags.iter().flatten().enumerate() {
            let at = at.index(index);
            match Template::parse(text) {
                Err(error) => self.problem(&at, error.to_string()),
                Ok(_) if text.is_empty() || text.chars().any(char::is_control) => {
                    self.expected(&at, "this is no tag".to_owned(), "a text on one line, as in item-{path.id}");
                }
                Ok(template) => {
                    for hole in template.holes() {
                        if hole.source() == "path" {
                            self.fed(&at, hole, feeds);
                        } else {
                            let problem = Problem::new(&at, format!("nothing feeds the hole `{hole}`")).part(hole.to_string());
                            self.push(problem.expected("a hole of the route's path, as in {path.id}"));
                        }
                    }
                    tags.push(template);
                }
            }
        }
        (tags.len() == spec.tags.as_ref().map_or(0, Vec::len)).then_some(tags)
    }
}

fn takes_get(methods: &Methods) -> bool {
    match methods {
        Methods::Any => true,
        Methods::These(methods) => methods.contains(&Method::GET),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caching(query: Option<&[&str]>, tags: &[&str]) -> Caching {
        Caching {
            rules: Rules { obey: Obey::Refusals, ttl: Some(SWR), swr: SWR, stale_if_error: SWR },
            query: query.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            headers: Vec::new(),
            tags: tags.iter().map(|text| Template::parse(text).unwrap()).collect(),
            of_machine: false,
        }
    }

    #[test]
    fn a_query_is_what_its_list_names_in_the_order_of_the_list() {
        let listed = caching(Some(&["page", "q", "a b"]), &[]);
        for (raw, expected) in [
            ("", ""),
            ("q=x&page=2", "page=2&q=x"),
            ("utm=1&page=2&page=1&PAGE=3", "page=2&page=1"),
            ("%70age=2&a+b=1&a%20b=2", "%70age=2&a+b=1&a%20b=2"),
            ("page", "page"),
            ("%ff=1&=2&&page=", "page="),
        ] {
            assert_eq!(listed.query(raw), expected, "{raw}");
        }
        assert_eq!(caching(None, &[]).query("b=1&a=2"), "b=1&a=2");
        assert_eq!(caching(Some(&[]), &[]).query("b=1&a=2"), "");
    }

    #[test]
    fn a_tag_takes_the_value_of_the_path() {
        let holes = [("id".to_owned(), "7 8".to_owned())];
        assert_eq!(caching(None, &["items", "item-{path.id}"]).tags(&holes), ["items", "item-7 8"]);
    }
}
