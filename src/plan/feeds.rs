//! Holes of calls: a hole that nothing feeds would be an empty text at run time, so it is refused here.

use super::compiler::Compiler;
use super::words::which_has;
use crate::base::hole::Hole;
use crate::base::suggest;
use crate::json::Path;
use crate::route::Pattern;
use crate::spec::{At, CallSpec, FieldKind, FieldSpec, InputSpec, Problem};
use crate::upstream::Repeat;

/// What may fill the holes of a route's calls.
pub(super) struct Feeds<'s> {
    /// Where the route is.
    pub(super) at: &'s At,
    /// None when it cannot be read: that was told.
    pub(super) pattern: Option<&'s Pattern>,
    pub(super) input: &'s InputSpec,
    /// The calls of a route that names them.
    pub(super) calls: Option<&'s indexmap::IndexMap<String, CallSpec>>,
    /// Whether the call is made for every element of a list.
    pub(super) is_each: bool,
    /// Whether the route's calls can be made twice.
    pub(super) repeat: Repeat,
}

impl Feeds<'_> {
    /// Whether the answers of a call go into another call's.
    pub(super) fn is_joined(&self, name: &str) -> bool {
        let spec = self.calls.and_then(|calls| calls.get(name));
        spec.is_some_and(|spec| matches!(spec, CallSpec::Long(form) if form.into.is_some() && form.for_each.is_some()))
    }
}

/// The sources of a hole, and what people call them elsewhere.
const SOURCES: [(&str, &[&str]); 4] = [
    ("path", &["params", "param", "route", "url"]),
    ("query", &["qs", "search", "searchParams", "get"]),
    ("headers", &["header", "head"]),
    ("body", &["post", "form", "data", "payload"]),
];

impl Compiler<'_> {
    /// Refuses a hole that nothing feeds.
    pub(super) fn fed(&mut self, at: &At, hole: &Hole, feeds: &Feeds<'_>) {
        // What was taken out might have fed it.
        if hole.source() != "path" && self.source().in_doubt(&feeds.at.key("input")) {
            return;
        }
        let unfed = |expected: &str| {
            Problem::new(at, format!("nothing feeds the hole `{hole}`")).part(hole.to_string()).expected(expected)
        };
        let problem = match (hole.source(), hole.path()) {
            ("path", [name]) => match feeds.pattern {
                None => return,
                Some(pattern) if has(pattern.holes(), name) => return,
                Some(pattern) => {
                    let known: Vec<&str> = pattern.holes().iter().map(String::as_str).collect();
                    let expected = format!("a hole of the route's path, {}", which_has(&known));
                    mean(unfed(&expected), "path", name, known)
                }
            },
            ("query", [name]) => match field(&feeds.input.query, name) {
                Some(rule) if rule.kind == Some(FieldKind::Array) => of_many(at, hole),
                Some(_) => return,
                None => unfed_field(&unfed, "query", name, &feeds.input.query),
            },
            ("headers", [name]) => match field(&feeds.input.headers, name) {
                Some(rule) if rule.kind == Some(FieldKind::Array) => of_many(at, hole),
                Some(_) => return,
                None => unfed_field(&unfed, "headers", name, &feeds.input.headers),
            },
            ("body", []) => unfed("a member of the body, as in {body.id}"),
            ("body", path) => match self.fed_by_body(at, path, feeds) {
                None => return,
                Some(problem) => problem.part(hole.to_string()),
            },
            (source @ ("path" | "query" | "headers"), []) => unfed(&format!("a name behind it, as in {{{source}.id}}")),
            (source @ ("path" | "query" | "headers"), [name, ..]) => {
                let problem =
                    Problem::new(at, format!("the hole `{hole}` looks into a value of `{source}`, which has no members"));
                problem.part(hole.to_string()).hint(format!("write `{{{source}.{name}}}`"))
            }
            ("each", path) if feeds.is_each => return self.is_path(at, hole, path),
            (name, path) if feeds.calls.is_some_and(|calls| calls.contains_key(name)) => {
                self.not_joined(at, name, feeds);
                return self.is_path(at, hole, path);
            }
            ("each", _) if feeds.calls.is_some() => unfed("a call that is made for every element of a list")
                .hint("add `for_each`: the list, as in `for_each: items.list`"),
            // Another call of this route, which was refused.
            _ if self.source().lacks_within(&feeds.at.key("calls")) => return,
            (source, path) => {
                let problem = match feeds.calls.map(|calls| calls.len()) {
                    None | Some(0 | 1) => unfed("{path.…}, {query.…}, {headers.…} or {body.…}"),
                    Some(_) => unfed("{path.…}, {query.…}, {headers.…}, {body.…} or the name of another call"),
                };
                match meant(source, path, feeds) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem,
                }
            }
        };
        self.push(problem);
    }

    /// Refuses a hole whose names are no path into a result.
    fn is_path(&mut self, at: &At, hole: &Hole, path: &[String]) {
        if let Err(error) = Path::parse(&path.join(".")) {
            self.push(Problem::new(at, format!("the hole `{hole}` is not a path: {error}")).part(hole.to_string()));
        }
    }
}

pub(super) fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

pub(super) fn field<'f>(fields: &'f indexmap::IndexMap<String, FieldSpec>, name: &str) -> Option<&'f FieldSpec> {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, rule)| rule)
}

fn of_many(at: &At, hole: &Hole) -> Problem {
    Problem::new(at, format!("the hole `{hole}` would take a list, which has no place in an address"))
        .part(hole.to_string())
        .expected("a value that is no list")
}

fn unfed_field(
    unfed: &dyn Fn(&str) -> Problem,
    source: &str,
    name: &str,
    fields: &indexmap::IndexMap<String, FieldSpec>,
) -> Problem {
    let known: Vec<&str> = fields.keys().map(String::as_str).collect();
    let problem = mean(unfed(&format!("a name under `input.{source}`, {}", which_has(&known))), source, name, known);
    if problem.hint.is_some() {
        return problem;
    }
    problem.hint(format!("add a rule for it: `input: {{{source}: {{{name}: {{type: string}}}}}}`"))
}

/// Says which hole may have been meant.
fn mean<'n>(problem: Problem, source: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Problem {
    match suggest(name, known) {
        Some(near) => problem.hint(format!("did you mean `{{{source}.{near}}}`?")),
        None => problem,
    }
}

/// `{id}` for `{path.id}`, `{params.id}` for `{path.id}`, `{qurey.page}` for `{query.page}`.
fn meant(source: &str, path: &[String], feeds: &Feeds<'_>) -> Option<String> {
    if path.is_empty() {
        let holes = feeds.pattern.map(Pattern::holes).unwrap_or_default();
        let from = |known: bool, place: &str| known.then(|| format!("{{{place}.{source}}}"));
        return from(has(holes, source), "path")
            .or_else(|| from(field(&feeds.input.query, source).is_some(), "query"))
            .or_else(|| from(field(&feeds.input.headers, source).is_some(), "headers"));
    }
    let alias = SOURCES.iter().find(|(_, aliases)| aliases.contains(&source)).map(|(name, _)| *name);
    let calls = feeds.calls.into_iter().flat_map(|calls| calls.keys().map(String::as_str));
    let near = alias.or_else(|| suggest(source, SOURCES.iter().map(|(name, _)| *name).chain(calls)))?;
    Some(format!("{{{near}.{}}}", path.join(".")))
}
