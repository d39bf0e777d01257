//! Several calls behind one route: each begins when those that it waits for are over, all others run side by side.
//!
//! They run in the request's own task: when a required one fails, or the client leaves, the others are dropped with it.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::HeaderValue;
use http::header::SET_COOKIE;
use tokio::time::Instant;

use super::Gateway;
use super::answer::Chain;
use super::aside::LARGE;
use super::calling::Asked;
use super::edge::{RequestId, Trace};
use super::fault::Fault;
use super::gathered::{Gathered, Outcome};
use super::preparing::{Prepared, prepare};
use super::rehearsing::{Rehearsal, absent, is_known};
use super::reply;
use crate::json::Node;
use crate::plan::{Answer, ForEach, NamedCall, OnFailure, Route};
use crate::shape::Notes;
use crate::upstream::Reply;

/// What a call came to, once nothing about it can fail the route any more.
struct Done {
    outcome: Outcome,
    /// How large the replies were, in bytes.
    bytes: usize,
    warnings: usize,
    cookies: Vec<HeaderValue>,
    /// What failed of it, and of how many.
    failed: Option<(Fault, usize, usize)>,
}

/// A reply, opened and shaped by the call's own steps.
struct Answered {
    node: Node<'static>,
    /// How large the reply was, in bytes.
    bytes: usize,
    warnings: usize,
    cookies: Vec<HeaderValue>,
}

impl Gateway {
    /// Makes the calls of a route. A page that may begin early is rehearsed meanwhile, as soon as no call can fail it any more.
    ///
    /// # Errors
    /// The fault of the first required call that failed.
    pub(super) async fn gather(
        &self,
        route: &Arc<Route>,
        calls: &[NamedCall],
        asked: &Asked<'_>,
        deadline: Instant,
        trace: &Trace,
        mut rehearsal: Option<Rehearsal<'_>>,
    ) -> Result<Gathered, Fault> {
        let mut outcomes: Vec<Option<Outcome>> = calls.iter().map(|_| None).collect();
        let mut cookies: Vec<Vec<HeaderValue>> = calls.iter().map(|_| Vec::new()).collect();
        let mut partial = vec![None; calls.len()];
        let (mut warnings, mut bytes) = (0, 0);
        let mut waiting: Vec<(usize, &NamedCall)> = calls.iter().enumerate().collect();
        let mut elements = vec![None; calls.len()];
        let mut running = FuturesUnordered::new();
        let mut beginning = None;
        loop {
            let is_over = |index: &usize| outcomes.get(*index).is_some_and(Option::is_some);
            waiting.retain(|(index, named)| {
                let ready = named.waits_for().iter().all(is_over);
                if ready {
                    let prepared = prepare(named, asked, &outcomes);
                    set(&mut elements, *index, prepared.elements());
                    running.push(self.make(route, *index, named, prepared, asked, deadline));
                }
                !ready
            });
            if let Some(rehearsal) = rehearsal.take_if(|_| is_known(calls, &outcomes)) {
                let there = calls.iter().zip(outcomes.iter().cloned()).zip(&elements);
                let there = there.map(|((call, outcome), elements)| outcome.unwrap_or_else(|| absent(call, *elements))).collect();
                let cookies = cookies.iter().flatten().cloned().collect();
                let gathered = Gathered::new(calls, there, cookies, lacking(calls, &partial), warnings, bytes);
                beginning = Some(Box::pin(self.rehearse(route, gathered, rehearsal)));
            }
            let next = match &mut beginning {
                None => running.next().await,
                Some(begins) => tokio::select! {
                    // What is over by now is part of the page.
                    biased;
                    next = running.next() => next,
                    () = begins => {
                        beginning = None;
                        continue;
                    }
                },
            };
            let Some((index, named, done)) = next else { break };
            let done = done?;
            warnings += done.warnings;
            bytes += done.bytes;
            if let Some((fault, failed, of)) = &done.failed {
                told(asked, trace, named, fault, (*failed, *of));
                set(&mut partial, index, Some(reason(fault)));
            }
            set(&mut outcomes, index, Some(done.outcome));
            set(&mut cookies, index, done.cookies);
        }
        let partial = lacking(calls, &partial);
        let cookies = cookies.into_iter().flatten().collect();
        let outcomes = outcomes.into_iter().map(|outcome| outcome.unwrap_or(Outcome::Skipped)).collect();
        Ok(Gathered::new(calls, outcomes, cookies, partial, warnings, bytes))
    }

    async fn make<'c>(
        &self,
        route: &Arc<Route>,
        index: usize,
        named: &'c NamedCall,
        prepared: Prepared<'c>,
        asked: &Asked<'_>,
        deadline: Instant,
    ) -> (usize, &'c NamedCall, Result<Done, Fault>) {
        let own = named.timeout().and_then(|timeout| Instant::now().checked_add(timeout));
        let deadline = own.map_or(deadline, |own| own.min(deadline));
        let done = match prepared {
            Prepared::Skip => Ok(Done { outcome: Outcome::Skipped, bytes: 0, warnings: 0, cookies: Vec::new(), failed: None }),
            Prepared::Once(Err(fault)) => settled(named, Err(fault)),
            Prepared::Once(Ok(path)) => settled(named, self.one(route, named, asked, path, deadline).await),
            Prepared::Each { paths, elements, each, warnings } => {
                let done = self.each(route, named, each, asked, (paths, elements), deadline).await;
                done.map(|done| Done { warnings: done.warnings + warnings, ..done })
            }
        };
        (index, named, done)
    }

    /// The reply of a call, or its last good one with the failure that it stands in for.
    async fn one(
        &self,
        route: &Arc<Route>,
        named: &NamedCall,
        asked: &Asked<'_>,
        path: String,
        deadline: Instant,
    ) -> Result<(Answered, Option<Fault>), Fault> {
        let place = self.place(route.name(), named, asked, &path);
        let answered = match self.ask(named.call(), asked, path, deadline).await {
            Ok(reply) => {
                let answered = self.opened(route, named, &reply, deadline).await;
                if let (Some(place), Ok(_)) = (&place, &answered) {
                    self.remember(place, route.name(), asked, &reply);
                }
                answered
            }
            Err(fault) => Err(fault),
        };
        let fault = match answered {
            Ok(answered) => return Ok((answered, None)),
            Err(fault) => fault,
        };
        match place.and_then(|place| self.last_good(&place)).map(|reply| opened(named, &reply)) {
            Some(Ok(answered)) => Ok((answered, Some(fault))),
            _ => Err(fault),
        }
    }

    /// Asks for every path, so many at once, and gives each element its answer.
    async fn each(
        &self,
        route: &Arc<Route>,
        named: &NamedCall,
        each: &ForEach,
        asked: &Asked<'_>,
        (paths, elements): (Vec<String>, Vec<Result<usize, Fault>>),
        deadline: Instant,
    ) -> Result<Done, Fault> {
        let required = *named.on_failure() == OnFailure::Fail;
        let mut answers: Vec<Option<Node<'static>>> = vec![None; paths.len()];
        let mut stale = vec![false; paths.len()];
        let mut done = Done { outcome: Outcome::Skipped, bytes: 0, warnings: 0, cookies: Vec::new(), failed: None };
        let (mut first, mut failures, of) = (None, 0, elements.len());
        if required && elements.iter().any(Result::is_err) {
            return elements.into_iter().find_map(Result::err).map_or(Ok(done), Err);
        }
        let mut waiting: VecDeque<(usize, String)> = paths.into_iter().enumerate().collect();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < each.at_once
                && let Some((place, path)) = waiting.pop_front()
            {
                running.push(async move { (place, self.one(route, named, asked, path, deadline).await) });
            }
            match running.next().await {
                None => break,
                Some((_, Err(fault))) if required => return Err(fault),
                Some((_, Err(fault))) => {
                    first.get_or_insert(fault);
                }
                Some((place, Ok((answered, fault)))) => {
                    set(&mut stale, place, fault.is_some());
                    first = first.or(fault);
                    set(&mut answers, place, Some(answered.node));
                    done.warnings += answered.warnings;
                    done.bytes += answered.bytes;
                    done.cookies.extend(answered.cookies);
                }
            }
        }
        let mut list = Vec::with_capacity(of);
        for element in elements {
            let answer = match element {
                Ok(place) => {
                    failures += usize::from(stale.get(place) == Some(&true));
                    answers.get(place).cloned().flatten()
                }
                Err(fault) => {
                    first.get_or_insert(fault);
                    None
                }
            };
            failures += usize::from(answer.is_none());
            list.push(answer.or_else(|| fallback(named)));
        }
        done.failed = first.map(|fault| (fault, failures, of));
        done.outcome = listed(each, list);
        Ok(done)
    }

    /// A reply, opened where it holds nobody up.
    async fn opened(&self, route: &Arc<Route>, named: &NamedCall, reply: &Reply, deadline: Instant) -> Result<Answered, Fault> {
        if reply.body.len() <= LARGE {
            return opened(named, reply);
        }
        let (route, name, reply) = (Arc::clone(route), named.name().to_owned(), reply.clone());
        let work = move || {
            let Answer::Calls { calls, .. } = route.answer() else { return Err(Fault::NoRoute) };
            calls.iter().find(|call| call.name() == name).map_or(Err(Fault::NoRoute), |named| opened(named, &reply))
        };
        Box::pin(self.aside.run(deadline, work)).await?
    }
}

/// What becomes of a call that is over.
fn settled(named: &NamedCall, result: Result<(Answered, Option<Fault>), Fault>) -> Result<Done, Fault> {
    match result {
        Ok((Answered { node, bytes, warnings, cookies }, fault)) => {
            Ok(Done { outcome: Outcome::Value(node), bytes, warnings, cookies, failed: fault.map(|fault| (fault, 1, 1)) })
        }
        Err(fault) if *named.on_failure() == OnFailure::Fail => Err(fault),
        Err(fault) => {
            let outcome = fallback(named).map_or(Outcome::Omitted, Outcome::Value);
            Ok(Done { outcome, bytes: 0, warnings: 0, cookies: Vec::new(), failed: Some((fault, 1, 1)) })
        }
    }
}

/// What the answers for a list become.
pub(super) fn listed(each: &ForEach, list: Vec<Option<Node<'static>>>) -> Outcome {
    match &each.join {
        Some(_) => Outcome::Joined(list),
        None => Outcome::Value(Node::Array(list.into_iter().map(Option::unwrap_or_default).collect())),
    }
}

/// Which calls failed, and why.
fn lacking(calls: &[NamedCall], partial: &[Option<&'static str>]) -> Vec<(String, &'static str)> {
    calls.iter().zip(partial).filter_map(|(call, reason)| Some((call.name().to_owned(), (*reason)?))).collect()
}

/// What stands in the place of a call that failed, by the file's own word.
pub(super) fn fallback(named: &NamedCall) -> Option<Node<'static>> {
    match named.on_failure() {
        OnFailure::Fallback(value) => Some(value.clone()),
        OnFailure::Fail | OnFailure::Omit | OnFailure::Stale => None,
    }
}

/// A reply out of its text and its envelope, shaped by the call's own steps. No body is null.
fn opened(named: &NamedCall, reply: &Reply) -> Result<Answered, Fault> {
    let backend = named.call().backend();
    if !reply::is_success(reply.status) {
        return Err(reply::not_a_success(backend, reply));
    }
    let cookies = reply.headers.get_all(SET_COOKIE).iter().cloned().collect();
    let mut notes = Notes::default();
    if reply.body.is_empty() {
        return Ok(Answered { node: Node::Null, bytes: 0, warnings: 0, cookies });
    }
    let text = backend
        .decode()
        .text(&reply.body, reply::content_type(reply))
        .map_err(|error| reply::broken(backend, "upstream_not_json", &error))?;
    let mut node = backend.decode().node(&text).map_err(|error| reply::not_json(backend, reply, &error))?;
    for shape in backend.envelope().into_iter().chain(named.shape()) {
        shape.run(&mut node, &mut notes).map_err(|error| reply::shaped(backend, reply, error))?;
    }
    for text in notes.texts() {
        tracing::debug!(call = named.name(), "{text}");
    }
    Ok(Answered { node: node.into_owned(), bytes: reply.body.len(), warnings: notes.warnings(), cookies })
}

/// Why a part is missing, in the word that clients are told: every kind of lateness is one to them.
fn reason(fault: &Fault) -> &'static str {
    if fault.status() == http::StatusCode::GATEWAY_TIMEOUT { "timeout" } else { fault.code() }
}

fn told(asked: &Asked<'_>, trace: &Trace, named: &NamedCall, fault: &Fault, (failed, of): (usize, usize)) {
    let id = asked.parts.extensions.get::<RequestId>().map_or("", RequestId::as_str);
    let (route, call, code) = (trace.route.as_deref(), named.name(), fault.code());
    tracing::warn!(request_id = id, route, call, code, failed, of, cause = %Chain(fault), "an optional call failed");
}

fn set<T>(list: &mut [T], index: usize, value: T) {
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
}
