//! `calls`: several requests behind one route, by name, what each of them waits for, and what becomes of one that fails.

use std::time::Duration;

use http::Method;
use indexmap::IndexMap;

use super::compiler::Compiler;
use super::feeds::Feeds;
use super::graph::circles;
use super::lookups::{Lookup, Source};
use super::{Call, MethodChoice};
use crate::base::hole::{Hole, Template};
use crate::json::{Node, Path};
use crate::shape::{Shape, When};
use crate::spec::{At, CallFormSpec, CallSpec, Problem};

/// Words that a hole begins with, so that no call can have them for a name.
const TAKEN: [&str; 5] = ["path", "query", "headers", "body", "each"];

/// How many elements of a list are asked for at once, when the file does not say.
const AT_ONCE: usize = 8;
/// The most that it may say: as many calls as may wait for a connection.
const MOST_AT_ONCE: usize = 256;

/// One of the calls of a route.
#[derive(Debug)]
pub struct NamedCall {
    name: String,
    call: Call,
    holes: Vec<(Hole, Lookup)>,
    waits_for: Vec<usize>,
    on_failure: OnFailure,
    timeout: Option<Duration>,
    shape: Option<Shape>,
    when: Option<Condition>,
    for_each: Option<ForEach>,
}

/// What becomes of the route when a call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnFailure {
    /// It fails with it.
    Fail,
    /// It answers without it.
    Omit,
    /// It answers with the call's last good reply in its place, and without it when there is none.
    Stale,
    /// It answers with this in its place.
    Fallback(Node<'static>),
}

/// Whether a call is made at all.
#[derive(Debug)]
pub struct Condition {
    /// Whose value is looked at.
    pub source: Source,
    /// What it must be like.
    pub when: When,
}

/// A call for every element of a list.
#[derive(Debug)]
pub struct ForEach {
    /// The elements.
    pub elements: Lookup,
    /// The call and the member of each element that the answers go into; without it they are a list of their own.
    pub join: Option<Join>,
    /// How many are asked for at once.
    pub at_once: usize,
}

/// Where the answers of a call for every element go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The call that the elements are from.
    pub call: usize,
    /// Their member.
    pub member: String,
}

impl NamedCall {
    /// The member of the document that its result becomes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whom it asks for what.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// What fills a hole that is not fed by the request.
    pub fn lookup(&self, hole: &Hole) -> Option<&Lookup> {
        self.holes.iter().find(|(known, _)| known == hole).map(|(_, lookup)| lookup)
    }

    /// The calls that must be over before it begins, by their place in the file.
    pub fn waits_for(&self) -> &[usize] {
        &self.waits_for
    }

    /// What becomes of the route when it fails.
    pub fn on_failure(&self) -> &OnFailure {
        &self.on_failure
    }

    /// The time it may take, the route's own time aside.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Steps for its reply alone.
    pub fn shape(&self) -> Option<&Shape> {
        self.shape.as_ref()
    }

    /// Whether it is made at all.
    pub fn when(&self) -> Option<&Condition> {
        self.when.as_ref()
    }

    /// The list whose elements it is made for.
    pub fn for_each(&self) -> Option<&ForEach> {
        self.for_each.as_ref()
    }
}

impl Compiler<'_> {
    /// The calls of a route, in the order of the file.
    pub(super) fn named_calls(
        &mut self,
        at: &At,
        specs: &IndexMap<String, CallSpec>,
        feeds: &Feeds<'_>,
        strict: bool,
    ) -> Option<Vec<NamedCall>> {
        if specs.is_empty() {
            self.expected(at, "there are no calls".to_owned(), "a name and a call, as in `user: GET account:/api/me`");
            return None;
        }
        let calls: Vec<Option<NamedCall>> =
            specs.iter().map(|(name, spec)| self.named_call(at, name, spec, specs, feeds, strict)).collect();
        self.no_circles(at, specs, &calls);
        self.joins_apart(at, specs, &calls);
        calls.into_iter().collect()
    }

    fn named_call(
        &mut self,
        at: &At,
        name: &str,
        spec: &CallSpec,
        specs: &IndexMap<String, CallSpec>,
        feeds: &Feeds<'_>,
        strict: bool,
    ) -> Option<NamedCall> {
        let at = at.key(name);
        self.call_name(&at, name);
        let form = match spec {
            CallSpec::Short(_) => None,
            CallSpec::Long(form) => Some(&**form),
        };
        let (at_call, text) = match spec {
            CallSpec::Short(text) => (at.clone(), text),
            CallSpec::Long(form) => (at.key("to"), &form.to),
        };
        let is_each = form.is_some_and(|form| form.for_each.is_some());
        let feeds = Feeds { calls: Some(specs), is_each, ..*feeds };
        let call = self.call(&at_call, text, &feeds);
        let on_failure = form.map_or(Some(OnFailure::Fail), |form| self.on_failure(&at, form));
        if let (Some(OnFailure::Stale), Some(MethodChoice::Fixed(method))) = (&on_failure, call.as_ref().map(Call::method))
            && *method != Method::GET
        {
            let problem = Problem::new(at.key("fallback"), format!("`stale` has no say here: replies to {method} are not kept"));
            self.push(problem.expected("a value, or `omit`"));
        }
        let timeout = form.and_then(|form| form.timeout.as_ref());
        let timeout = timeout.map(|text| self.limit(&at.key("timeout"), Some(text), Duration::from_secs(10)));
        let steps = form.and_then(|form| form.shape.as_ref()).map(|steps| self.steps(&at.key("shape"), steps));
        let when = form.and_then(|form| form.when.as_ref()).map(|when| {
            let at = at.key("when");
            let lookup = self.lookup(&at.key("path"), &when.path, &feeds);
            let equals = when.equals.as_ref().map(|_| self.literal(&at.key("equals")));
            lookup.map(|Lookup { source, path }| Condition { source, when: When { path, equals } })
        });
        let for_each = match form {
            Some(form) => self.for_each(&at, form, &feeds)?,
            None => None,
        };
        let call = call?;
        let mut holes = Vec::new();
        for hole in call.target().into_iter().flat_map(Template::holes) {
            holes.extend(super::lookups::of_hole(hole, &feeds).map(|lookup| (hole.clone(), lookup)));
        }
        let (shape, when) = (transposed(steps)?.map(|steps| Shape::new(steps, strict)), transposed(when)?);
        let sources = holes.iter().map(|(_, lookup)| lookup.source).chain(when.iter().map(|when| when.source));
        let mut waits_for: Vec<usize> = sources
            .chain(for_each.iter().map(|each| each.elements.source))
            .filter_map(|source| match source {
                Source::Call(index) => Some(index),
                _ => None,
            })
            .collect();
        waits_for.sort_unstable();
        waits_for.dedup();
        Some(NamedCall { name: name.to_owned(), call, holes, waits_for, on_failure: on_failure?, timeout, shape, when, for_each })
    }

    fn call_name(&mut self, at: &At, name: &str) {
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if !plain {
            let problem = Problem::new(at, format!("`{name}` cannot name a call")).at_key();
            self.push(problem.expected("letters, digits, `_` and `-`, a letter first"));
        } else if TAKEN.contains(&name) {
            let message = format!("a call cannot be called `{name}`: the holes `{{{name}.…}}` take from elsewhere");
            self.push(Problem::new(at, message).at_key().expected("another name"));
        }
    }

    fn on_failure(&mut self, at: &At, form: &CallFormSpec) -> Option<OnFailure> {
        let optional = form.optional.unwrap_or(false);
        if form.fallback.is_none() {
            return Some(if optional { OnFailure::Omit } else { OnFailure::Fail });
        }
        let at = at.key("fallback");
        if !optional {
            let problem = Problem::new(&at, "`fallback` has no say here: the route fails when this call does").at_key();
            self.push(problem.hint("add `optional: true`"));
            return None;
        }
        match self.literal(&at) {
            Node::String(word) if word == *"omit" => Some(OnFailure::Omit),
            Node::String(word) if word == *"stale" => Some(OnFailure::Stale),
            value => Some(OnFailure::Fallback(value)),
        }
    }

    /// The list of a call for every element; the outer `None` when it cannot be built.
    fn for_each(&mut self, at: &At, form: &CallFormSpec, feeds: &Feeds<'_>) -> Option<Option<ForEach>> {
        let Some(list) = &form.for_each else {
            for (key, there) in [("as", form.into.is_some()), ("at_once", form.at_once.is_some())] {
                if there {
                    let problem = Problem::new(at.key(key), format!("`{key}` has no say without `for_each`")).at_key();
                    self.push(
                        problem.hint("add `for_each`: the list whose elements are asked for, as in `for_each: items.list`"),
                    );
                }
            }
            return Some(None);
        };
        let at_once = form.at_once.unwrap_or(AT_ONCE);
        if !(1..=MOST_AT_ONCE).contains(&at_once) {
            let message = format!("{at_once} calls at once are {}", if at_once == 0 { "none" } else { "too many" });
            self.expected(&at.key("at_once"), message, &format!("1 to {MOST_AT_ONCE}"));
        }
        let lookup = self.list(&at.key("for_each"), list, feeds)?;
        let join = match &form.into {
            None => None,
            Some(into) => Some(self.join(&at.key("as"), into, list, &lookup)?),
        };
        let elements = match lookup.path.segments() {
            [] => Path::parse("[]"),
            _ => Path::parse(&format!("{}[]", lookup.path)),
        };
        let path = elements.map_err(|error| self.problem(&at.key("for_each"), format!("`{list}[]` is not a path: {error}")));
        Some(Some(ForEach { elements: Lookup { source: lookup.source, path: path.ok()? }, join, at_once }))
    }

    fn no_circles(&mut self, at: &At, specs: &IndexMap<String, CallSpec>, calls: &[Option<NamedCall>]) {
        let waits: Vec<Vec<usize>> =
            calls.iter().map(|call| call.as_ref().map(|call| call.waits_for.clone()).unwrap_or_default()).collect();
        for circle in circles(&waits) {
            let names: Vec<&str> =
                circle.iter().filter_map(|index| specs.get_index(*index)).map(|(name, _)| name.as_str()).collect();
            let Some((first, others)) = names.split_first() else { continue };
            let message = match others {
                [] => format!("the call `{first}` waits for itself"),
                others => {
                    let way: Vec<String> = others.iter().chain([first]).map(|name| format!("`{name}`")).collect();
                    format!("the call `{first}` waits for {}: none of them can begin", way.join(", which waits for "))
                }
            };
            let hint = "a call waits for those that its holes, `when` and `for_each` name: take one of these out";
            self.push(Problem::new(at.key(*first), message).at_key().hint(hint));
        }
    }

    /// Two calls that put their answers into the same place would leave one of them out.
    fn joins_apart(&mut self, at: &At, specs: &IndexMap<String, CallSpec>, calls: &[Option<NamedCall>]) {
        let joins: Vec<_> = calls.iter().map(|call| call.as_ref().and_then(|call| call.for_each.as_ref())).collect();
        for (index, each) in joins.iter().enumerate() {
            let Some((each, join)) = each.and_then(|each| each.join.as_ref().map(|join| (each, join))) else { continue };
            let same = |other: &Option<&ForEach>| {
                other.is_some_and(|other| other.join.as_ref() == Some(join) && other.elements.path == each.elements.path)
            };
            let first = joins.iter().take(index).position(same).and_then(|first| specs.get_index(first));
            if let (Some((first, _)), Some((name, _))) = (first, specs.get_index(index)) {
                let message = format!("`{first}` puts its answers into the same place");
                self.expected(&at.key(name).key("as"), message, "a member of its own for each call");
            }
        }
    }
}

/// What is not there is fine; what is there must have been built.
fn transposed<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(built) => built.map(Some),
    }
}
