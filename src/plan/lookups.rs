//! Values that calls take from the request and from each other: `user.id`, `items.list`, `query.full`, `each.id`.

use super::compiler::Compiler;
use super::feeds::{Feeds, field, has};
use super::named_calls::Join;
use crate::base::hole::Hole;
use crate::base::suggest;
use crate::json::{Path, Segment};
use crate::route::Pattern;
use crate::spec::{At, Problem};

/// A value that is looked up when a request is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Whose value.
    pub source: Source,
    /// Where in it.
    pub path: Path,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The holes of the route's path.
    Path,
    /// The query.
    Query,
    /// The headers.
    Headers,
    /// The request's body.
    Body,
    /// The result of another call, by its place in the file.
    Call(usize),
    /// The element that the call is made for.
    Each,
}

/// Where a hole looks that the request does not feed; what cannot be read was told with the hole.
pub(super) fn of_hole(hole: &Hole, feeds: &Feeds<'_>) -> Option<Lookup> {
    let source = match hole.source() {
        "each" => Source::Each,
        name => Source::Call(feeds.calls?.get_index_of(name)?),
    };
    Some(Lookup { source, path: Path::parse(&hole.path().join(".")).ok()? })
}

impl Compiler<'_> {
    /// The value at a path whose first step says whose it is.
    pub(super) fn lookup(&mut self, at: &At, text: &str, feeds: &Feeds<'_>) -> Option<Lookup> {
        let path = self.path(at, text)?;
        let Some((Segment::Key(name), path)) = path.split_first() else {
            self.push(Problem::new(at, format!("`{text}` does not say whose value it is")).expected(sources(feeds)));
            return None;
        };
        let called = feeds.calls.and_then(|calls| calls.get_index_of(name.as_str()));
        let source = match (name.as_str(), called) {
            ("path", _) => Source::Path,
            ("query", _) => Source::Query,
            ("headers", _) => Source::Headers,
            ("body", _) => Source::Body,
            (_, Some(index)) => Source::Call(index),
            _ if self.source().lacks_within(&feeds.at.key("calls")) => return None,
            _ => {
                let known = feeds.calls.into_iter().flat_map(|calls| calls.keys().map(String::as_str));
                let problem = Problem::new(at, format!("there is no call `{name}` here")).part(name).expected(sources(feeds));
                self.push(problem.did_you_mean(name, known.chain(["path", "query", "headers", "body"])));
                return None;
            }
        };
        if matches!(source, Source::Call(_)) {
            self.not_joined(at, name, feeds);
        } else if !self.source().in_doubt(&feeds.at.key("input")) {
            self.has_rule(at, text, source, &path, feeds);
        }
        Some(Lookup { source, path })
    }

    /// A list to ask for the elements of.
    pub(super) fn list(&mut self, at: &At, text: &str, feeds: &Feeds<'_>) -> Option<Lookup> {
        let lookup = self.lookup(at, text, feeds)?;
        if lookup.path.segments().contains(&Segment::Deep) {
            self.expected(at, "a list at any depth cannot be put together again".to_owned(), "a path without `**`");
            return None;
        }
        if matches!(lookup.source, Source::Path | Source::Headers) {
            self.expected(at, format!("`{text}` is no list"), "a list in another call's result, in `body` or in `query`");
            return None;
        }
        Some(lookup)
    }

    /// `as`: the list of `for_each`, `[]`, and the member of its elements that the answers become.
    pub(super) fn join(&mut self, at: &At, text: &str, list: &str, lookup: &Lookup) -> Option<Join> {
        let Source::Call(call) = lookup.source else {
            let problem = Problem::new(at, format!("`{list}` is the client's, so nothing can be put into it")).at_key();
            self.push(problem.hint("leave `as` out: the answers are a list of their own then"));
            return None;
        };
        let path = self.path(at, text)?;
        let around = Path::parse(list).ok()?;
        match path.segments().strip_prefix(around.segments()) {
            Some([Segment::Elements, Segment::Key(member)]) => Some(Join { call, member: member.clone() }),
            _ => {
                let message = format!("`{text}` is no member of the elements of `{list}`");
                self.expected(at, message, &format!("`{list}[].` and a name"));
                None
            }
        }
    }

    /// Refuses a value of a call whose answers go into another one's when all calls are over.
    pub(super) fn not_joined(&mut self, at: &At, name: &str, feeds: &Feeds<'_>) {
        if feeds.is_joined(name) {
            let message = format!("nothing can take from `{name}`, whose answers go into another call's at the end");
            self.push(
                Problem::new(at, message).hint(format!("leave `as` out of `{name}`: its answers are a list of their own then")),
            );
        }
    }

    /// Refuses a value of the request that has no rule: it would be a typing error that nobody notices.
    fn has_rule(&mut self, at: &At, text: &str, source: Source, path: &Path, feeds: &Feeds<'_>) {
        let name = match path.segments().first() {
            Some(Segment::Key(name)) => name.as_str(),
            _ => "",
        };
        let (is_ruled, known): (bool, Vec<&str>) = match source {
            Source::Path => match feeds.pattern {
                None => return,
                Some(pattern) => (has(Pattern::holes(pattern), name), pattern.holes().iter().map(String::as_str).collect()),
            },
            Source::Query => (field(&feeds.input.query, name).is_some(), feeds.input.query.keys().map(String::as_str).collect()),
            Source::Headers => {
                (field(&feeds.input.headers, name).is_some(), feeds.input.headers.keys().map(String::as_str).collect())
            }
            _ => (feeds.input.body.is_some(), Vec::new()),
        };
        if is_ruled {
            return;
        }
        let problem = Problem::new(at, format!("nothing feeds `{text}`")).expected("a value that `input` has a rule for");
        self.push(match suggest(name, known) {
            Some(near) if !name.is_empty() => problem.hint(format!("did you mean `{near}`?")),
            _ => problem,
        });
    }
}

fn sources(feeds: &Feeds<'_>) -> String {
    let names = feeds.calls.into_iter().flat_map(|calls| calls.keys().map(String::as_str));
    let all: Vec<&str> = names.chain(["path", "query", "headers", "body"]).collect();
    format!("a path that begins with one of: {}", all.join(", "))
}
