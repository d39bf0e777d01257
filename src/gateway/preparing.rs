//! What a call of several asks for, once those that it waits for are over: whether it is made, and with which paths.

use std::collections::HashMap;

use super::calling::{Asked, filled};
use super::fault::Fault;
use super::gathered::Outcome;
use super::holes;
use crate::base::hole::Hole;
use crate::check::In;
use crate::json::{Node, Object, Text};
use crate::plan::{Condition, ForEach, Lookup, NamedCall, Source};
use crate::upstream::FillError;

/// What is to be asked.
pub(super) enum Prepared<'c> {
    /// Nothing.
    Skip,
    /// One path, or why there is none.
    Once(Result<String, Fault>),
    /// A path for each element of a list.
    Each {
        /// The paths, each once.
        paths: Vec<String>,
        /// For every element the place of its path, or why it has none.
        elements: Vec<Result<usize, Fault>>,
        /// The list and what becomes of the answers.
        each: &'c ForEach,
        /// How many values on the way to the list were none that a list can be in.
        warnings: usize,
    },
}

impl Prepared<'_> {
    /// For how many elements it asks, when it asks for each of a list.
    pub(super) fn elements(&self) -> Option<usize> {
        if let Self::Each { elements, .. } = self { Some(elements.len()) } else { None }
    }
}

/// Decides what a call asks for.
pub(super) fn prepare<'c>(named: &'c NamedCall, asked: &Asked<'_>, outcomes: &[Option<Outcome>]) -> Prepared<'c> {
    if named.when().is_some_and(|when| !holds(when, asked, outcomes)) {
        return Prepared::Skip;
    }
    let Some(each) = named.for_each() else {
        return match path(named, asked, outcomes, None) {
            Ok(path) => Prepared::Once(Ok(path)),
            Err(error) if is_skipped(named, &error, outcomes) => Prepared::Skip,
            Err(error) => Prepared::Once(Err(unfilled(named, &error))),
        };
    };
    if matches!(each.elements.source, Source::Call(index) if matches!(outcomes.get(index), Some(Some(Outcome::Skipped)))) {
        return Prepared::Skip;
    }
    let mut paths: Vec<String> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut elements = Vec::new();
    let warnings = each_element(each, asked, outcomes, &mut |element| {
        let filled = path(named, asked, outcomes, Some(element)).map_err(|error| unfilled(named, &error));
        elements.push(filled.map(|path| {
            *places.entry(path).or_insert_with_key(|path| {
                paths.push(path.clone());
                paths.len() - 1
            })
        }));
    });
    Prepared::Each { paths, elements, each, warnings }
}

fn path(
    named: &NamedCall,
    asked: &Asked<'_>,
    outcomes: &[Option<Outcome>],
    element: Option<&Node<'_>>,
) -> Result<String, FillError> {
    let value = |hole: &Hole| {
        let Lookup { source, path } = named.lookup(hole)?;
        match source {
            Source::Each => path.get(element?).and_then(holes::scalar),
            Source::Call(index) => path.get(result(outcomes, *index)?).and_then(holes::scalar),
            _ => None,
        }
    };
    filled(named.call(), asked.parts, asked.input, &value)
}

/// The value that a call ended with, if it has one.
fn result(outcomes: &[Option<Outcome>], index: usize) -> Option<&Node<'static>> {
    match outcomes.get(index) {
        Some(Some(Outcome::Value(node))) => Some(node),
        _ => None,
    }
}

/// Whether a hole is without a value because the call that it takes from was not made: then this one is not made either.
fn is_skipped(named: &NamedCall, error: &FillError, outcomes: &[Option<Outcome>]) -> bool {
    let source = holes::at_fault(named.call(), error).and_then(|hole| named.lookup(hole)).map(|lookup| lookup.source);
    matches!(source, Some(Source::Call(index)) if matches!(outcomes.get(index), Some(Some(Outcome::Skipped))))
}

/// A hole that cannot be filled is the client's doing or a backend's, by what feeds it.
fn unfilled(named: &NamedCall, error: &FillError) -> Fault {
    let call = named.call();
    let hole = holes::at_fault(call, error);
    if hole.is_some_and(holes::of_request) {
        return holes::refused(call, error);
    }
    let of_element = hole.and_then(|hole| named.lookup(hole)).is_some_and(|lookup| lookup.source == Source::Each);
    let elements = named.for_each().filter(|_| of_element).map(|each| &each.elements);
    match elements.map(|elements| (elements.source, elements.path.to_string())) {
        Some((Source::Query, path)) => return holes::refused_at(In::Query, path, error),
        Some((Source::Body, path)) => return holes::refused_at(In::Body, path, error),
        _ => {}
    }
    let reason = format!("the call `{}` cannot be made: {error}", named.name());
    Fault::Contract { upstream: call.backend().upstream().name().to_owned(), code: "upstream_value_unusable", reason }
}

fn holds(condition: &Condition, asked: &Asked<'_>, outcomes: &[Option<Outcome>]) -> bool {
    match condition.source {
        Source::Call(index) => result(outcomes, index).is_some_and(|node| condition.when.holds(node)),
        Source::Body => asked.input.body.as_ref().is_some_and(|node| condition.when.holds(node)),
        Source::Path => condition.when.holds(&object(&asked.input.path)),
        Source::Query => condition.when.holds(&object(&asked.input.query)),
        Source::Headers => condition.when.holds(&object(&asked.input.headers)),
        Source::Each => false,
    }
}

/// Calls for every element of the list; tells how many values stood where a list or a member should.
fn each_element(each: &ForEach, asked: &Asked<'_>, outcomes: &[Option<Outcome>], found: &mut dyn FnMut(&Node<'_>)) -> usize {
    let path = &each.elements.path;
    let mut walk = |document: &Node<'_>| {
        path.each(document, &mut *found);
        path.each_mismatch(document, |_, _| {})
    };
    match each.elements.source {
        Source::Call(index) => walk(result(outcomes, index).unwrap_or(&Node::Null)),
        Source::Body => walk(asked.input.body.as_ref().unwrap_or(&Node::Null)),
        Source::Query => walk(&object(&asked.input.query)),
        Source::Path | Source::Headers | Source::Each => 0,
    }
}

fn object(fields: &[(String, Node<'static>)]) -> Node<'static> {
    let mut object = Object::new();
    for (name, value) in fields {
        object.push(Text::plain(name.clone()), value.clone());
    }
    Node::Object(object)
}
