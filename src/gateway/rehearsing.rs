//! Making a page before all of its calls are over, as if those that are still under way had failed.

use std::sync::Arc;

use super::Gateway;
use super::accept::Form;
use super::answer::Chain;
use super::early::Early;
use super::edge::{RequestId, Trace};
use super::fault::Fault;
use super::fragment::Wanted;
use super::gathered::{Gathered, Outcome};
use super::gathering::{fallback, listed};
use super::showing::Visit;
use crate::page;
use crate::plan::{Answer, NamedCall, OnFailure, Route};

/// How a page is made before all of its calls are over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rehearsal<'r> {
    early: &'r Early,
    wanted: &'r Wanted,
    visit: &'r Visit<'r>,
}

impl<'r> Rehearsal<'r> {
    /// That of a request, if its page may begin early.
    pub(super) fn of(route: &Route, wanted: &'r Wanted, visit: &'r Visit<'r>) -> Option<Self> {
        let is_page = route.page().is_some() && wanted.form == Form::Html && wanted.block.is_none();
        let early = visit.parts.extensions.get::<Early>().filter(|early| is_page && early.is_awaited())?;
        Some(Self { early, wanted, visit })
    }
}

/// Whether the calls that can fail a route are over, and others are not.
pub(super) fn is_known(calls: &[NamedCall], outcomes: &[Option<Outcome>]) -> bool {
    let mut left = calls.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_none()).map(|(call, _)| call).peekable();
    left.peek().is_some() && left.all(|call| *call.on_failure() != OnFailure::Fail)
}

/// What stands in the place of a call that is not over; `elements` is for how many it is made, when that is known.
pub(super) fn absent(call: &NamedCall, elements: Option<usize>) -> Outcome {
    match (call.for_each(), elements) {
        (None, _) => fallback(call).map_or(Outcome::Omitted, Outcome::Value),
        (Some(each), Some(elements)) => listed(each, vec![fallback(call); elements]),
        (Some(_), None) => Outcome::Omitted,
    }
}

impl Gateway {
    /// Makes the page of a route with what there is, and lets it begin.
    pub(super) async fn rehearse(&self, route: &Arc<Route>, gathered: Gathered, rehearsal: Rehearsal<'_>) {
        let Rehearsal { early, wanted, visit } = rehearsal;
        let Answer::Calls { shape, .. } = route.answer() else { return };
        let mut trace = Trace { route: Some(Arc::clone(route.name())), ..Trace::default() };
        let made = match self.compose_gathered(route, shape, gathered, wanted, visit, &mut trace).await {
            Ok(composed) => self.composed(composed, &trace).await,
            Err(fault) => Err(fault),
        };
        let (route, id) = (&**route.name(), visit.parts.extensions.get::<RequestId>().map_or("", RequestId::as_str));
        match made {
            Ok(response) => {
                if let Err(reason) = early.begin(response) {
                    tracing::warn!(request_id = id, route, reason, "the head of a page cannot leave early");
                }
            }
            // Its status depends on the others, or nobody has the time to find out.
            Err(Fault::NoData | Fault::Late | Fault::Page(page::Error::Deadline)) => {}
            Err(fault) => {
                let cause = Chain(&fault);
                tracing::warn!(request_id = id, route, %cause, "the head of a page cannot leave early: it fails without the optional calls");
            }
        }
    }
}
