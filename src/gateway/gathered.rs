//! The results of several calls, put together: one document in the order of the file, what is missing of it, and the answer.

use std::sync::Arc;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::Gateway;
use super::accept::Form;
use super::aside::LARGE;
use super::edge::Trace;
use super::fault::Fault;
use super::fragment::Wanted;
use super::showing::{Composed, Visit};
use super::truth::is_nothing;
use crate::json::{Node, Object, Text};
use crate::plan::{Answer, ForEach, Join, NamedCall, OnFailure, Route};
use crate::shape::{Notes, Shape};

/// What is not whole about an answer: `ads;timeout, stock;upstream_failed`.
pub(super) const PARTIAL: HeaderName = HeaderName::from_static("x-forecourt-partial");

/// How a call ended that did not fail the route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With a value: its result, or the fallback.
    Value(Node<'static>),
    /// With an answer for each element of another call's list, where there is one.
    Joined(Vec<Option<Node<'static>>>),
    /// It failed, and the route answers without it.
    Omitted,
    /// It was not made.
    Skipped,
}

/// The results of a route's calls.
pub(super) struct Gathered {
    document: Node<'static>,
    /// How large the replies were, in bytes.
    bytes: usize,
    warnings: usize,
    cookies: Vec<HeaderValue>,
    partial: Vec<(String, &'static str)>,
    /// A required call has brought nothing.
    lacks: bool,
}

impl Gathered {
    /// Puts results together; an element that is no object takes no member and counts as a warning.
    pub(super) fn new(
        calls: &[NamedCall],
        outcomes: Vec<Outcome>,
        cookies: Vec<HeaderValue>,
        partial: Vec<(String, &'static str)>,
        warnings: usize,
        bytes: usize,
    ) -> Self {
        let mut whole = Object::new();
        let mut joined: Vec<(&ForEach, &Join, Vec<Option<Node<'static>>>)> = Vec::new();
        let mut lacks = false;
        for (named, outcome) in calls.iter().zip(outcomes) {
            match (outcome, named.for_each().and_then(|each| each.join.as_ref().map(|join| (each, join)))) {
                (Outcome::Value(node), _) => {
                    lacks |= *named.on_failure() == OnFailure::Fail && is_nothing(&node);
                    whole.push(Text::plain(named.name().to_owned()), node);
                }
                (Outcome::Joined(answers), Some((each, join))) => joined.push((each, join, answers)),
                (Outcome::Joined(_) | Outcome::Omitted | Outcome::Skipped, _) => {}
            }
        }
        // Innermost lists first: what is put in further out may stand in the way of those.
        joined.sort_by_key(|(each, ..)| std::cmp::Reverse(each.elements.path.segments().len()));
        let mut refused = 0;
        for (each, join, answers) in joined {
            let list = calls.get(join.call).and_then(|call| whole.get_mut(call.name()));
            refused += list.map_or(0, |list| put(list, each, &join.member, answers));
        }
        Self { document: Node::Object(whole), bytes, warnings: warnings + refused, cookies, partial, lacks }
    }
}

/// Gives every element its answer; tells how many could not take theirs.
fn put(list: &mut Node<'static>, each: &ForEach, member: &str, answers: Vec<Option<Node<'static>>>) -> usize {
    let mut answers = answers.into_iter();
    let mut refused = 0;
    each.elements.path.each_mut(list, |element| {
        let Some(Some(answer)) = answers.next() else { return };
        match element.as_object_mut() {
            Some(object) => object.set(member, answer),
            None => refused += 1,
        }
    });
    refused
}

impl Gateway {
    /// The answer of a route with several calls. Its head is the gateway's own, but for the cookies of every reply.
    pub(super) async fn compose_gathered(
        &self,
        route: &Arc<Route>,
        shape: &Shape,
        gathered: Gathered,
        wanted: &Wanted,
        visit: &Visit<'_>,
        trace: &mut Trace,
    ) -> Result<Composed, Fault> {
        let Gathered { mut document, bytes, warnings, cookies, partial, lacks } = gathered;
        if lacks && route.page().is_some() && wanted.form == Form::Html {
            return Err(Fault::NoData);
        }
        let mut notes = Notes::default();
        if bytes > LARGE {
            (document, notes) = self.shape_aside(route, document, visit.deadline).await?;
        } else {
            shape.run(&mut document, &mut notes).map_err(Fault::Shape)?;
        }
        let mut head = HeaderMap::new();
        for cookie in cookies {
            head.append(SET_COOKIE, cookie);
        }
        if let Some(value) = missing(&partial) {
            head.insert(PARTIAL, value);
        }
        let composed = self.finish(route, document, &notes, StatusCode::OK, head, wanted, visit, trace)?;
        trace.warnings = trace.warnings.saturating_add(u32::try_from(warnings).unwrap_or(u32::MAX));
        Ok(composed)
    }

    /// A large document, shaped beside the event loop.
    async fn shape_aside(
        &self,
        route: &Arc<Route>,
        mut document: Node<'static>,
        deadline: Instant,
    ) -> Result<(Node<'static>, Notes), Fault> {
        let route = Arc::clone(route);
        let work = move || {
            let Answer::Calls { shape, .. } = route.answer() else { return Err(Fault::NoRoute) };
            let mut notes = Notes::default();
            shape.run(&mut document, &mut notes).map_err(Fault::Shape)?;
            Ok((document, notes))
        };
        self.aside.run(deadline, work).await?
    }
}

/// The names of the calls that failed, each with the reason.
fn missing(partial: &[(String, &'static str)]) -> Option<HeaderValue> {
    let items: Vec<String> = partial.iter().map(|(name, reason)| format!("{name};{reason}")).collect();
    if items.is_empty() { None } else { HeaderValue::try_from(items.join(", ")).ok() }
}
