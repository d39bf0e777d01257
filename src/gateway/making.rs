//! An answer of each kind, made anew.

use std::time::{Duration, Instant as Clock};

use http::Response;
use tokio::task::yield_now;
use tokio::time::Instant;

use super::answer::{Incoming, Task, checked};
use super::aside::LARGE;
use super::calling::{Asked, target};
use super::early::Early;
use super::edge::Trace;
use super::fault::Fault;
use super::hinting::hint;
use super::receiving::received;
use super::rehearsing::Rehearsal;
use super::showing::Visit;
use super::streaming::Started;
use super::{Body, Gateway, websocket};
use crate::base::{moment, placed};
use crate::plan::{Answer, Call, NamedCall};
use crate::shape::Shape;
use crate::upstream::Answered;

/// How long what several calls brought may be shaped and shown at least, though the time of the route is up.
const SHOWN: Duration = Duration::from_millis(100);

/// Whom a document is made from.
enum Sources<'t> {
    One(&'t Call),
    Several(&'t [NamedCall]),
}

impl Gateway {
    /// In a box for each kind of answer: whoever is answered has room for one of them alone.
    pub(super) async fn made<B: Incoming>(&self, task: Task<'_>, body: B, trace: &mut Trace) -> Result<Response<Body>, Fault> {
        match task.route.answer() {
            Answer::Proxy(call) => placed(|| self.passed(call, task, body, trace)).await,
            Answer::Call { call, shape } => placed(|| self.shaped(Sources::One(call), shape, task, body, trace)).await,
            Answer::Calls { calls, shape } => placed(|| self.shaped(Sources::Several(calls), shape, task, body, trace)).await,
        }
    }

    /// The answer of a route that passes its backend's on.
    async fn passed<B: Incoming>(
        &self,
        call: &Call,
        task: Task<'_>,
        body: B,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        let Task { route, parts, holes, term, .. } = task;
        let input = checked(route, parts, holes, &[])?;
        // How long it takes is the client's to say, which may still send.
        let deadline = moment::now() + term.time;
        if websocket::is_asked_for(call, parts) {
            return Box::pin(self.connect(call, parts, &input, deadline, trace)).await;
        }
        self.pass(call, parts, &input, body, deadline, trace).await
    }

    /// The answer of a route that makes a document: its request is read first.
    async fn shaped<B: Incoming>(
        &self,
        sources: Sources<'_>,
        shape: &Shape,
        task: Task<'_>,
        body: B,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        let Task { route, parts, holes, wanted, term } = task;
        let received = received(body, parts, self.plan.limits().body).await?;
        // The time starts when it is the backend's: a client that sends slowly has limits of its own.
        let deadline = term.begin();
        let input = checked(route, parts, holes, &received)?;
        let asked = Asked { parts, input: &input, received: &received };
        if hint(route, parts, wanted, || true) {
            yield_now().await;
        }
        match sources {
            Sources::One(call) => self.called(call, shape, task, &asked, deadline, trace).await,
            // In a box, for its size: what every request has room for, every request pays for.
            Sources::Several(calls) => Box::pin(self.gathered(calls, shape, task, &asked, deadline, trace)).await,
        }
    }

    /// The answer of a route with one call.
    async fn called(
        &self,
        call: &Call,
        shape: &Shape,
        task: Task<'_>,
        asked: &Asked<'_>,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        let (Task { route, wanted, .. }, Asked { parts, input, .. }) = (task, *asked);
        let started = moment::now();
        let above = self.streams_above(route, wanted);
        let answered = self.ask_for(call, asked, target(call, parts, input)?, deadline, above).await;
        trace.upstream = moment::now().saturating_duration_since(started);
        let reply = match answered? {
            Answered::Whole(reply) => reply,
            Answered::Growing(growing) => match self.stream(route, call, shape, growing, parts, trace).await? {
                Started::Answer(response) => return Ok(response),
                Started::Whole(reply) => reply,
            },
        };
        let visit = Visit::new(parts, input, deadline);
        let composed = if reply.body.len() > LARGE {
            Box::pin(self.compose_aside(route, reply, wanted, &visit, trace)).await
        } else {
            self.compose(route, call, shape, &reply, wanted, &visit, trace)
        };
        self.composed(composed?, trace).await
    }

    /// The answer of a route with several calls.
    async fn gathered(
        &self,
        calls: &[NamedCall],
        shape: &Shape,
        task: Task<'_>,
        asked: &Asked<'_>,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Response<Body>, Fault> {
        let (Task { route, wanted, .. }, Asked { parts, input, .. }) = (task, *asked);
        let started = Clock::now();
        let mut visit = Visit::new(parts, input, deadline);
        let rehearsal = Rehearsal::of(route, wanted, &visit);
        let gathered = self.gather(route, calls, asked, deadline, trace, rehearsal).await;
        trace.upstream = started.elapsed();
        // An optional call may have taken all of the time: what is there is shown without it.
        visit.deadline = deadline.max(moment::now() + SHOWN);
        let composed = self.compose_gathered(route, shape, gathered?, wanted, &visit, trace).await;
        let response = self.composed(composed?, trace).await?;
        if let Some(early) = parts.extensions.get::<Early>() {
            early.end(parts, &response);
        }
        Ok(response)
    }
}
