//! A page with a deadline, on a route whose answers are kept: it is brought behind the client's back, and the client waits no longer
//! than until something else is as good.
//!
//! Past the soft deadline that is a stale page, past the hard one the fallback. What is brought too late for one client is kept for the
//! next.

use std::sync::Arc;

use http::Response;
use http::request::Parts;
use tokio::time::{Instant, timeout_at};

use super::Body;
use super::accept::Form;
use super::edge::Trace;
use super::fault::Fault;
use super::fetching::{Fetch, Landing};
use super::fragment::Wanted;
use super::keeping::give;
use crate::cache::{Entry, Standing, Status, Turn};
use crate::plan::{PageDeadline, Route};

/// The deadline of what is wanted of a route, if it is a page and has one.
pub(super) fn deadline(route: &Route, wanted: &Wanted) -> Option<PageDeadline> {
    route.page().filter(|_| wanted.form == Form::Html)?.deadline()
}

impl Fetch {
    /// Brings a page for one client by its deadline.
    pub(super) async fn by(
        self,
        deadline: PageDeadline,
        parts: &Parts,
        stale: Option<Arc<Entry>>,
        trace: &mut Trace,
    ) -> Response<Body> {
        let usable = stale.as_ref().filter(|stale| stale.standing(Instant::now()) != Standing::Gone).cloned();
        let until = self.began + if usable.is_some() { deadline.soft } else { deadline.hard };
        let is_others = !self.clone().behind(usable.clone());
        let turn = self.gateway.flights.turn(&self.key, until).await;
        trace.upstream = self.began.elapsed();
        let late = self.clone();
        let asked = match turn {
            Turn::Landed(Landing::Answer(entry, fate)) => {
                return self.taken(&entry, fate, is_others, parts, usable.as_deref(), trace);
            }
            Turn::Landed(Landing::Failed(fault)) => return self.failed(&fault, parts, usable.as_deref(), trace),
            Turn::Lead(lead) => timeout_at(until, self.lead(lead, parts, usable.clone(), trace)).await.ok(),
            Turn::Landed(Landing::Alone) => timeout_at(until, self.alone(parts, usable.clone(), trace)).await.ok(),
            // More wait for it than may, which is no matter of time.
            Turn::Late if Instant::now() < until => timeout_at(until, self.alone(parts, usable.clone(), trace)).await.ok(),
            Turn::Late => None,
        };
        asked.unwrap_or_else(|| late.late(parts, usable.as_deref(), trace))
    }

    /// What stands in for a page that is not there in time.
    fn late(&self, parts: &Parts, stale: Option<&Entry>, trace: &mut Trace) -> Response<Body> {
        let now = Instant::now();
        match stale {
            Some(stale) => give(stale, parts, now, Status::Late { ttl: stale.ttl(now) }, trace),
            None => self.failed(&Fault::Late.of_page(&self.route, &self.wanted), parts, None, trace),
        }
    }
}
